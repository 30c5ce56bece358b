package main

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-d69ae1b7/websocket"
)

// instrument registers metrics and has an Upgrader, which has not been used yet, feed them.
func instrument(registry prometheus.Registerer, up *websocket.Upgrader) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "websocket", Name: name, Help: help}, labels)
		registry.MustRegister(c)
		return c
	}
	messages := counter("messages_total", "Messages, by direction.", "direction")
	bytes := counter("payload_bytes_total", "Payload of messages as it travels, by direction.", "direction")
	refused := counter("refused_total", "Opening handshakes that were refused, by status.", "status")
	closed := counter("closed_total", "Connections that have ended, by code and by who ended them.", "code", "by")
	rtt := prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "websocket", Name: "rtt_seconds", Help: "Round trip of a connection's last ping.",
		Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10},
	})
	registry.MustRegister(rtt, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "websocket", Name: "connections", Help: "Connections that are open.",
	}, func() float64 { return float64(up.Len()) }))

	// Looked up once: these are called for each frame.
	count := func(direction string) func(*websocket.Conn, websocket.Header) {
		messages, bytes := messages.WithLabelValues(direction), bytes.WithLabelValues(direction)
		return func(_ *websocket.Conn, h websocket.Header) {
			if h.Opcode > websocket.OpBinary {
				return // a control frame
			}
			bytes.Add(float64(h.Length))
			if h.Fin {
				messages.Inc()
			}
		}
	}
	up.Trace = &websocket.Trace{
		FrameIn:  count("in"),
		FrameOut: count("out"),
		Closed: func(c *websocket.Conn, err *websocket.CloseError) {
			by := "peer"
			if err.Local {
				by = "us"
			}
			closed.WithLabelValues(label(err.Code), by).Inc()
			if last := c.Stats().RTT; last > 0 {
				rtt.Observe(last.Seconds())
			}
		},
	}
	up.OnRefuse = func(_ *http.Request, err *websocket.HandshakeError) {
		refused.WithLabelValues(strconv.Itoa(err.Status)).Inc()
	}
}

// label returns a code as the value of a label. A peer may choose among two thousand, each of which would be a time series: those
// of applications are one.
func label(code websocket.StatusCode) string {
	if code >= 3000 {
		return "application"
	}
	return strconv.Itoa(int(code))
}
