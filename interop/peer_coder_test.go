package interop

// This file makes a peer of coder/websocket.

import (
	"context"
	"errors"
	"net/http"
	"testing"

	coder "github.com/coder/websocket"
	"github.com/seed-d69ae1b7/websocket"
)

type coderPeer struct{}

type coderEndpoint struct {
	conn *coder.Conn
	in   *inbox
}

func newCoderEndpoint(t *testing.T, conn *coder.Conn) *coderEndpoint {
	conn.SetReadLimit(-1)
	t.Cleanup(func() { conn.CloseNow() })
	return &coderEndpoint{conn: conn, in: newInbox(func() (websocket.Message, error) {
		kind, data, err := conn.Read(context.Background())
		var end coder.CloseError
		if errors.As(err, &end) {
			err = closed{websocket.StatusCode(end.Code), end.Reason}
		}
		return websocket.Message{Op: websocket.Opcode(kind), Data: data}, err
	}, func() {})}
}

func (coderPeer) listen(_ context.Context, t *testing.T, o opening) (string, func(context.Context) (endpoint, error)) {
	accepted := make(chan endpoint, 1)
	url := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := coder.Accept(w, r, &coder.AcceptOptions{Subprotocols: subprotocols(o), CompressionMode: coderMode(o), CompressionThreshold: 1})
		if err != nil {
			t.Errorf("coder: %v", err)
			return
		}
		accepted <- newCoderEndpoint(t, conn)
	}))
	return url, acceptFrom(accepted)
}

func (coderPeer) dial(ctx context.Context, t *testing.T, url string, o opening) (endpoint, error) {
	conn, _, err := coder.Dial(ctx, url, &coder.DialOptions{Subprotocols: subprotocols(o), CompressionMode: coderMode(o), CompressionThreshold: 1})
	if err != nil {
		return nil, err
	}
	return newCoderEndpoint(t, conn), nil
}

// coderMode returns what o means by compression.
func coderMode(o opening) coder.CompressionMode {
	if o.compress {
		return coder.CompressionContextTakeover
	}
	return coder.CompressionDisabled
}

func (e *coderEndpoint) subprotocol() string { return e.conn.Subprotocol() }

func (e *coderEndpoint) send(ctx context.Context, op websocket.Opcode, fragments ...[]byte) error {
	if len(fragments) == 1 {
		return e.conn.Write(ctx, coder.MessageType(op), fragments[0])
	}
	w, err := e.conn.Writer(ctx, coder.MessageType(op))
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

func (e *coderEndpoint) receive(ctx context.Context) (websocket.Message, error) {
	return e.in.receive(ctx)
}

func (e *coderEndpoint) ping(ctx context.Context) error { return e.conn.Ping(ctx) }

func (e *coderEndpoint) close(_ context.Context, code websocket.StatusCode, reason string) error {
	return e.conn.Close(coder.StatusCode(code), reason)
}
