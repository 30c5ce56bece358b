package newer

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-d69ae1b7/websocket"
)

// TestOtelhttp protects the span of a request: it lasts as long as the function, which can add to it, and the wrapped
// ResponseWriter can be taken over.
func TestOtelhttp(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	h := new(websocket.Upgrader).Handler(func(conn *websocket.Conn, r *http.Request) {
		for m, err := range conn.Messages(r.Context()) {
			span := trace.SpanFromContext(r.Context())
			if !span.IsRecording() || len(recorder.Ended()) != 0 {
				t.Error("the span has ended before the function")
			}
			if err == nil {
				span.AddEvent(string(m.Data))
				conn.Write(r.Context(), m.Op, m.Data)
			}
		}
	})
	traced, served := otelhttp.NewHandler(h, "chat", otelhttp.WithTracerProvider(provider)), make(chan bool, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		traced.ServeHTTP(w, r)
		served <- true
	}))
	defer s.Close()
	c, _, err := websocket.Dial(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two"} {
		c.Write(t.Context(), websocket.OpText, []byte(text))
		if m, err := c.Read(t.Context()); string(m.Data) != text {
			t.Errorf("%q, %v", m.Data, err)
		}
	}
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	<-served
	ended := recorder.Ended()
	if len(ended) != 1 || len(ended[0].Events()) != 2 || ended[0].Events()[1].Name != "two" {
		t.Errorf("spans %v", ended)
	}
}
