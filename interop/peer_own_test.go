package interop

// This file makes a peer of the library itself: the other end of every exchange.

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

type ownPeer struct{}

type ownEndpoint struct {
	conn                      *websocket.Conn
	in                        *inbox
	fragmentsIn, fragmentsOut atomic.Int64 // frames of data that were not the last of their message
}

// options counts the fragments that pass.
func (e *ownEndpoint) options(o opening) websocket.Options {
	count := func(n *atomic.Int64) func(*websocket.Conn, websocket.Header) {
		return func(_ *websocket.Conn, h websocket.Header) {
			if !h.Fin {
				n.Add(1)
			}
		}
	}
	options := websocket.Options{Trace: &websocket.Trace{FrameIn: count(&e.fragmentsIn), FrameOut: count(&e.fragmentsOut)}}
	if o.compress {
		options.Compression = &o.own
	}
	return options
}

func (e *ownEndpoint) start(t *testing.T, conn *websocket.Conn) {
	e.conn = conn
	t.Cleanup(func() { conn.CloseNow() })
	e.in = newInbox(func() (websocket.Message, error) {
		m, err := conn.Read(context.Background())
		return websocket.Message{Op: m.Op, Data: m.Data}, ownClosed(err)
	}, func() {})
}

// ownClosed makes a closed of an error that says that the other end closed.
func ownClosed(err error) error {
	var end *websocket.CloseError
	if errors.As(err, &end) && !end.Local && end.Err == nil {
		return closed{end.Code, end.Reason}
	}
	return err
}

func subprotocols(o opening) []string {
	if o.subprotocol == "" {
		return nil
	}
	return []string{o.subprotocol}
}

// serveHTTP starts a server for listen, and returns its URL.
func serveHTTP(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// acceptFrom returns what listen returns for a server that sends its connection to accepted.
func acceptFrom(accepted <-chan endpoint) func(context.Context) (endpoint, error) {
	return func(ctx context.Context) (endpoint, error) {
		select {
		case e := <-accepted:
			return e, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (ownPeer) listen(_ context.Context, t *testing.T, o opening) (string, func(context.Context) (endpoint, error)) {
	e := new(ownEndpoint)
	accepted := make(chan endpoint, 1)
	u := &websocket.Upgrader{Options: e.options(o), Subprotocols: subprotocols(o)}
	url := serveHTTP(t, u.Handler(func(conn *websocket.Conn, _ *http.Request) {
		e.start(t, conn)
		accepted <- e
		<-conn.Context().Done()
	}))
	return url, acceptFrom(accepted)
}

func (ownPeer) dial(ctx context.Context, t *testing.T, url string, o opening) (endpoint, error) {
	e := new(ownEndpoint)
	d := &websocket.Dialer{Options: e.options(o), Subprotocols: subprotocols(o)}
	conn, _, err := d.Dial(ctx, url)
	if err != nil {
		return nil, err
	}
	e.start(t, conn)
	return e, nil
}

func (e *ownEndpoint) subprotocol() string { return e.conn.Subprotocol() }

func (e *ownEndpoint) send(ctx context.Context, op websocket.Opcode, fragments ...[]byte) error {
	if len(fragments) == 1 {
		return e.conn.Write(ctx, op, fragments[0])
	}
	w, err := e.conn.Writer(ctx, op)
	if err != nil {
		return err
	}
	for _, fragment := range fragments {
		if _, err := w.Write(fragment); err != nil {
			return err
		}
	}
	return w.Close()
}

func (e *ownEndpoint) receive(ctx context.Context) (websocket.Message, error) {
	return e.in.receive(ctx)
}

func (e *ownEndpoint) ping(ctx context.Context) error {
	_, err := e.conn.Ping(ctx)
	return err
}

func (e *ownEndpoint) close(_ context.Context, code websocket.StatusCode, reason string) error {
	return e.conn.Close(code, reason)
}
