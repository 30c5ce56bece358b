package main

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-d69ae1b7/websocket"
)

// scope is the name of what makes the spans.
const scope = "github.com/seed-d69ae1b7/websocket/examples/tracing"

// traced returns a handler that calls answer for each message of its connections. The span of the request, which otelhttp makes,
// ends with the connection, because Handler returns then; DetachedHandler would end it at once.
func traced(name string, up *websocket.Upgrader, answer func(context.Context, *websocket.Conn, websocket.Message) error) http.Handler {
	return otelhttp.NewHandler(up.Handler(func(conn *websocket.Conn, r *http.Request) {
		span := trace.SpanFromContext(r.Context())
		for msg, err := range conn.Messages(r.Context()) {
			if err != nil {
				span.SetAttributes(attribute.Int("websocket.close.code", int(websocket.CloseStatus(err))))
				return
			}
			tracedMessage(r.Context(), conn, msg, answer)
		}
	}), name)
}

// tracedMessage calls answer in a span of its own. A span that is part of the connection's would not be seen before that ends, and
// a trace of a day would have all messages of the day.
func tracedMessage(
	ctx context.Context, conn *websocket.Conn, msg websocket.Message,
	answer func(context.Context, *websocket.Conn, websocket.Message) error,
) {
	ctx, span := otel.Tracer(scope).Start(ctx, "message", trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)),
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
			attribute.Stringer("websocket.opcode", msg.Op), attribute.Int("websocket.size", len(msg.Data))))
	defer span.End()
	if err := answer(ctx, conn, msg); err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, "")
	}
}

// dial connects as a part of the trace that ctx has: the server's span is a child of the one around this.
func dial(ctx context.Context, d websocket.Dialer, url string) (*websocket.Conn, *http.Response, error) {
	ctx, span := otel.Tracer(scope).Start(ctx, "dial", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	d.Header = d.Header.Clone()
	if d.Header == nil {
		d.Header = make(http.Header)
	}
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(d.Header))
	conn, resp, err := d.Dial(ctx, url)
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, "")
	}
	return conn, resp, err
}
