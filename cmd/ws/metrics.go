package main

// This file holds the metrics of ws serve, in Prometheus' format.

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/seed-d69ae1b7/websocket"
	"github.com/urfave/cli/v3"
)

// The metrics of the tool, beside those of every Go process.
var (
	metricOpen     = prometheus.NewDesc("ws_connections_open", "Connections that are open.", nil, nil)
	metricBegun    = prometheus.NewDesc("ws_connections_total", "Connections that were accepted.", nil, nil)
	metricClosed   = prometheus.NewDesc("ws_closed_total", "Connections that have ended, by close code.", []string{"code"}, nil)
	metricRefused  = prometheus.NewDesc("ws_refused_total", "Opening handshakes that were refused, by HTTP status.", []string{"status"}, nil)
	metricMessages = prometheus.NewDesc("ws_messages_total", "Messages received and sent.", []string{"direction"}, nil)
	metricBytes    = prometheus.NewDesc("ws_bytes_total", "Bytes received and sent, headers of frames included.", []string{"direction"}, nil)
)

// Describe implements prometheus.Collector.
func (w *watch) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{metricOpen, metricBegun, metricClosed, metricRefused, metricMessages, metricBytes} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector.
func (w *watch) Collect(metrics chan<- prometheus.Metric) {
	w.mu.Lock()
	sum, begun, open := w.ended, w.begun, len(w.open)
	for conn := range w.open {
		add(&sum, conn.Stats())
	}
	closed, refused := maps.Clone(w.closed), maps.Clone(w.refusal)
	w.mu.Unlock()
	counter := func(desc *prometheus.Desc, n uint64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), labels...)
	}
	metrics <- prometheus.MustNewConstMetric(metricOpen, prometheus.GaugeValue, float64(open))
	counter(metricBegun, begun)
	for code, n := range closed {
		counter(metricClosed, n, strconv.Itoa(int(code)))
	}
	for status, n := range refused {
		counter(metricRefused, n, strconv.Itoa(status))
	}
	counter(metricMessages, sum.MessagesIn, "in")
	counter(metricMessages, sum.MessagesOut, "out")
	counter(metricBytes, sum.BytesIn, "in")
	counter(metricBytes, sum.BytesOut, "out")
}

// serveMetrics serves metrics on an address of their own, where the users of the server do not see them, until ctx ends.
func (w *watch) serveMetrics(ctx context.Context, cmd *cli.Command) error {
	addr := cmd.String("metrics")
	if addr == "" {
		return nil
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("-metrics: %w", err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(w, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: websocket.DefaultHandshakeTimeout, IdleTimeout: idleTimeout, ErrorLog: w.errorLog()}
	context.AfterFunc(ctx, func() { server.Close() })
	go server.Serve(ln)
	fmt.Fprintf(cmd.Root().Writer, "Metrics are at http://%s/metrics.\n", browserHost(ln.Addr().(*net.TCPAddr)))
	return nil
}
