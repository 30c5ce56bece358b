// A server that is traced with OpenTelemetry: a span for each connection, which lasts as long as it does, and one for each message,
// whose trace is its own and links to the connection's. Spans go to the standard output here; otlptracegrpc or otlptracehttp
// would send them to a collector.
//
//	go run ./tracing
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	flag.Parse()

	exporter, err := stdouttrace.New()
	if err != nil {
		log.Fatal(err)
	}
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter)))
	otel.SetTextMapPropagator(propagation.TraceContext{})

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	up := &websocket.Upgrader{Options: websocket.Options{PingInterval: 40 * time.Second}}
	mux := http.NewServeMux()
	mux.Handle("/ws", traced("echo", up, echo))
	log.Fatal((&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(l))
}

// echo answers one message.
func echo(ctx context.Context, conn *websocket.Conn, msg websocket.Message) error {
	return conn.Write(ctx, msg.Op, msg.Data)
}
