package model

// This file holds the transport over a stream of HTTP/2: what internal/httpstream makes of one for a server, over a stand-in for
// that of net/http which is as strict as the original; and the client's end of it.

import (
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/httpstream"
	"github.com/seed-d69ae1b7/websocket/internal/httpstream/streamtest"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// streamPair returns the two ends of a stream whose windows are of so many bytes. Its handler returns when it may.
func streamPair(window int) (client, server net.Conn, err error) {
	body, out := netpipe.New(window)
	w, in := streamtest.New(window)
	w.Body = body
	s, err := httpstream.New(w, &http.Request{Body: body, RemoteAddr: "192.0.2.1:1"})
	if err != nil {
		return nil, nil, err
	}
	s.Start()
	go func() {
		s.Wait()
		w.Returned()
	}()
	return &streamEnd{Conn: out, in: in}, s, nil
}

// streamEnd is the client's end.
type streamEnd struct {
	*netpipe.Conn // the half that leads to the server
	in            *netpipe.Conn
}

func (e *streamEnd) Read(p []byte) (int, error)        { return e.in.Read(p) }
func (e *streamEnd) SetReadDeadline(t time.Time) error { return e.in.SetReadDeadline(t) }
func (e *streamEnd) Close() error                      { return errors.Join(e.Conn.Close(), e.in.Close()) }
func (e *streamEnd) SetDeadline(t time.Time) error {
	return errors.Join(e.in.SetReadDeadline(t), e.Conn.SetWriteDeadline(t))
}
