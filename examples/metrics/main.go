// A server that Prometheus can scrape: open connections, refusals by status, ends by code and side, messages and bytes, round
// trips, and how long connections last.
//
//	go run ./metrics
//	curl http://localhost:8080/metrics
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on; /metrics should not be for everybody")
	flag.Parse()

	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector())
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	log.Fatal((&http.Server{Handler: routes(registry), ReadHeaderTimeout: 10 * time.Second}).Serve(l))
}

// routes has the addresses of the server, whose metrics it registers.
func routes(registry *prometheus.Registry) http.Handler {
	up := &websocket.Upgrader{Options: websocket.Options{PingInterval: 40 * time.Second}}
	instrument(registry, up)
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.Handle("/ws", up.Handler(func(conn *websocket.Conn, r *http.Request) {
		for msg, err := range conn.Messages(r.Context()) {
			if err != nil {
				return
			}
			conn.Write(r.Context(), msg.Op, msg.Data)
		}
	}))
	return mux
}
