package main

import (
	"context"
	"encoding/json"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// span is what the program prints of one.
type span struct {
	Name                string
	SpanContext, Parent struct{ TraceID, SpanID string }
	Links               []struct {
		SpanContext struct{ TraceID, SpanID string }
	}
	Attributes []struct {
		Key   string
		Value struct{ Value any }
	}
}

// next waits for the program's next span.
func next(t *testing.T, server *program.Program) (s span) {
	t.Helper()
	if err := json.Unmarshal([]byte(server.Expect(`^\{.*`)), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// attribute returns the value of an attribute, or nil.
func (s span) attribute(key string) any {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.Value
		}
	}
	return nil
}

// TestSpans protects what is seen of a connection: its messages at once, each in a trace of its own that links to the connection,
// and the connection at its end, as a part of the client's trace.
func TestSpans(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	server := program.Start(t, "-addr", "localhost:0")
	conn, _, err := dial(t.Context(), websocket.Dialer{}, server.URL()+"/ws")
	if err != nil {
		t.Fatal(err)
	}
	var messages []span
	for range 2 {
		conn.Write(t.Context(), websocket.OpText, []byte("hello"))
		if m, err := conn.Read(t.Context()); string(m.Data) != "hello" {
			t.Errorf("%q, %v", m.Data, err)
		}
		messages = append(messages, next(t, server))
	}
	conn.Close(4321, "")
	connection := next(t, server)

	client := recorder.Ended()[0].SpanContext()
	if connection.Parent.SpanID != client.SpanID().String() || connection.SpanContext.TraceID != client.TraceID().String() {
		t.Errorf("the connection's span is not a child of the client's: %+v", connection)
	}
	if code := connection.attribute("websocket.close.code"); connection.Name != "GET /ws" || code != 4321.0 {
		t.Errorf("%+v", connection)
	}
	for _, m := range messages {
		if m.Name != "message" || m.attribute("websocket.opcode") != "text" || m.attribute("websocket.size") != 5.0 {
			t.Errorf("%+v", m)
		}
		if m.SpanContext.TraceID == client.TraceID().String() || len(m.Links) != 1 || m.Links[0].SpanContext != connection.SpanContext {
			t.Errorf("the message's span does not link to the connection's: %+v", m)
		}
	}
}

// TestRefused protects that a dial which fails is seen.
func TestRefused(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)))
	if _, _, err := dial(context.Background(), websocket.Dialer{}, "ws://127.0.0.1:1/"); err == nil {
		t.Fatal("connected to nobody")
	}
	if ended := recorder.Ended(); len(ended) != 1 || len(ended[0].Events()) != 1 {
		t.Errorf("%v", ended)
	}
}
