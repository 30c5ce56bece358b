package interop

// This file makes a peer of gorilla/websocket.

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
	"github.com/seed-d69ae1b7/websocket"
)

// gorillaBuffer is the size of its write buffer, and so that of a fragment.
const gorillaBuffer = 4096

type gorillaPeer struct{}

type gorillaEndpoint struct {
	conn  *gorilla.Conn
	in    *inbox
	pongs chan string
}

func newGorillaEndpoint(t *testing.T, conn *gorilla.Conn) *gorillaEndpoint {
	e := &gorillaEndpoint{conn: conn, pongs: make(chan string, 16)}
	conn.SetPongHandler(func(data string) error {
		e.pongs <- data
		return nil
	})
	t.Cleanup(func() { conn.Close() })
	e.in = newInbox(func() (websocket.Message, error) {
		kind, data, err := conn.ReadMessage()
		var end *gorilla.CloseError
		if errors.As(err, &end) {
			err = closed{websocket.StatusCode(end.Code), end.Text}
		}
		return websocket.Message{Op: websocket.Opcode(kind), Data: data}, err
	}, func() { conn.Close() })
	return e
}

func (gorillaPeer) listen(_ context.Context, t *testing.T, o opening) (string, func(context.Context) (endpoint, error)) {
	accepted := make(chan endpoint, 1)
	u := gorilla.Upgrader{Subprotocols: subprotocols(o), WriteBufferSize: gorillaBuffer, EnableCompression: o.compress}
	url := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := u.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("gorilla: %v", err)
			return
		}
		accepted <- newGorillaEndpoint(t, conn)
	}))
	return url, acceptFrom(accepted)
}

func (gorillaPeer) dial(ctx context.Context, t *testing.T, url string, o opening) (endpoint, error) {
	d := gorilla.Dialer{Subprotocols: subprotocols(o), WriteBufferSize: gorillaBuffer, EnableCompression: o.compress}
	conn, _, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	return newGorillaEndpoint(t, conn), nil
}

func (e *gorillaEndpoint) subprotocol() string { return e.conn.Subprotocol() }

func (e *gorillaEndpoint) send(_ context.Context, op websocket.Opcode, fragments ...[]byte) error {
	if len(fragments) == 1 {
		return e.conn.WriteMessage(int(op), fragments[0])
	}
	w, err := e.conn.NextWriter(int(op))
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

func (e *gorillaEndpoint) receive(ctx context.Context) (websocket.Message, error) {
	return e.in.receive(ctx)
}

func (e *gorillaEndpoint) ping(ctx context.Context) error {
	if err := e.conn.WriteControl(gorilla.PingMessage, []byte("from gorilla"), time.Time{}); err != nil {
		return err
	}
	select {
	case got := <-e.pongs:
		if got != "from gorilla" {
			return errors.New("pong has " + got)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *gorillaEndpoint) close(ctx context.Context, code websocket.StatusCode, reason string) error {
	payload := gorilla.FormatCloseMessage(int(code), reason)
	if err := e.conn.WriteControl(gorilla.CloseMessage, payload, time.Time{}); err != nil {
		return err
	}
	return answered(e.in.waitEnd(ctx), code)
}
