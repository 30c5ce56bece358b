package main

// This file holds what ws serve tells of its connections: a line in the log for each that begins, ends or is refused, and the counts
// that metrics.go shows.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
	"github.com/urfave/cli/v3"
)

// watch watches connections.
type watch struct {
	log *slog.Logger

	mu      sync.Mutex
	begun   uint64
	open    map[*websocket.Conn]uint64 // with their numbers
	ended   websocket.Stats            // of those that have ended
	closed  map[websocket.StatusCode]uint64
	refusal map[int]uint64 // by status
}

// newWatch returns a watch that logs as the flags say.
func newWatch(cmd *cli.Command) (*watch, error) {
	w := &watch{open: make(map[*websocket.Conn]uint64), closed: make(map[websocket.StatusCode]uint64), refusal: make(map[int]uint64)}
	out := harmless.Writer(cmd.Root().ErrWriter)
	switch format := cmd.String("log"); format {
	case "text":
		w.log = slog.New(slog.NewTextHandler(out, nil))
	case "json":
		w.log = slog.New(slog.NewJSONHandler(out, nil))
	case "off":
		w.log = slog.New(slog.DiscardHandler)
	default:
		return nil, usageError{fmt.Errorf("-log %s: want text, json or off", format)}
	}
	return w, nil
}

// errorLog returns what net/http complains to.
func (w *watch) errorLog() *log.Logger { return slog.NewLogLogger(w.log.Handler(), slog.LevelWarn) }

// watched returns f for connections that are watched.
func (w *watch) watched(f func(*websocket.Conn, *http.Request)) func(*websocket.Conn, *http.Request) {
	return func(conn *websocket.Conn, r *http.Request) {
		began := time.Now()
		w.begin(conn, r)
		f(conn, r)
		conn.Close(websocket.StatusNormalClosure, "") // unless it has ended, and waits until it has
		w.end(conn, time.Since(began))
	}
}

// begin counts a connection.
func (w *watch) begin(conn *websocket.Conn, r *http.Request) {
	w.mu.Lock()
	w.begun++
	w.open[conn] = w.begun
	w.mu.Unlock()
	attrs := request(r)
	if p := conn.Subprotocol(); p != "" {
		attrs = append(attrs, "subprotocol", p)
	}
	_, compressed := conn.Compression()
	w.logOf(conn).Info("connected", append(attrs, "compressed", compressed)...)
}

// logOf returns the log of a connection, whose lines have its number.
func (w *watch) logOf(conn *websocket.Conn) *slog.Logger {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.With("conn", w.open[conn])
}

// end counts the end of a connection.
func (w *watch) end(conn *websocket.Conn, lasted time.Duration) {
	log, stats := w.logOf(conn), conn.Stats()
	var end *websocket.CloseError
	if !errors.As(context.Cause(conn.Context()), &end) {
		end = &websocket.CloseError{Code: websocket.StatusAbnormalClosure} // cannot be: it has ended
	}
	w.mu.Lock()
	delete(w.open, conn)
	add(&w.ended, stats)
	w.closed[end.Code]++
	w.mu.Unlock()
	attrs := []any{
		"code", int(end.Code), "local", end.Local, "duration", lasted,
		"messages_in", stats.MessagesIn, "messages_out", stats.MessagesOut, "bytes_in", stats.BytesIn, "bytes_out", stats.BytesOut,
	}
	if end.Reason != "" {
		attrs = append(attrs, "reason", end.Reason)
	}
	if end.Err != nil && end.Err != io.EOF {
		attrs = append(attrs, "error", end.Err.Error())
	}
	log.Info("closed", attrs...)
}

// add adds counts.
func add(sum *websocket.Stats, s websocket.Stats) {
	sum.MessagesIn += s.MessagesIn
	sum.MessagesOut += s.MessagesOut
	sum.BytesIn += s.BytesIn
	sum.BytesOut += s.BytesOut
}

// refused counts a refused opening handshake.
func (w *watch) refused(r *http.Request, status int, reason string) {
	w.mu.Lock()
	w.refusal[status]++
	w.mu.Unlock()
	w.log.Warn("refused", append(request(r), "status", status, "reason", reason)...)
}

// request returns what is logged of a request. The query is not: it may hold a token.
func request(r *http.Request) []any {
	attrs := []any{"remote", r.RemoteAddr, "path", r.URL.Path}
	if origin := r.Header.Get("Origin"); origin != "" {
		attrs = append(attrs, "origin", origin)
	}
	return attrs
}
