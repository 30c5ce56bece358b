package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// behind is a server behind a proxy, which is a running program.
type behind struct {
	url   string // of the proxy
	proxy *program.Program
	up    *websocket.Upgrader
	conns chan *websocket.Conn // those of the server behind, and
	pings chan string          // the payloads that it gets
}

// start starts both.
func start(t *testing.T) *behind {
	b := &behind{conns: make(chan *websocket.Conn, 1), pings: make(chan string, 1)}
	b.up = &websocket.Upgrader{
		Subprotocols: []string{"chat.v2", "chat.v1"},
		Options: websocket.Options{OnPing: func(_ *websocket.Conn, payload []byte) bool {
			b.pings <- string(payload)
			return false
		}},
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", b.up.Handler(func(conn *websocket.Conn, r *http.Request) {
		conn.Write(r.Context(), websocket.OpText, fmt.Append(nil, r.URL, r.Header.Get("Cookie"), r.Header["X-Forwarded-For"]))
		b.conns <- conn
		for msg, err := range conn.Messages(r.Context()) {
			if err == nil {
				conn.Write(r.Context(), msg.Op, msg.Data)
			}
		}
		b.conns <- conn // it has ended
	}))
	mux.HandleFunc("/private", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Www-Authenticate", "Bearer")
		http.Error(w, "log in first", http.StatusUnauthorized)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b.proxy = program.Start(t, "-addr", "localhost:0", "-to", server.URL)
	b.url = b.proxy.URL()
	return b
}

// dial connects through the proxy, and returns both ends.
func (b *behind) dial(t *testing.T, d *websocket.Dialer) (client, server *websocket.Conn) {
	t.Helper()
	client, _, err := d.Dial(t.Context(), b.url+"/ws?room=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.CloseNow() })
	greeting, err := client.Read(t.Context())
	if want := "/ws?room=1" + d.Header.Get("Cookie") + "[127.0.0.1]"; string(greeting.Data) != want {
		t.Errorf("the server behind sees %q, not %q; %v", greeting.Data, want, err)
	}
	return client, <-b.conns
}

// TestPassed protects what goes through: fields of the request, subprotocols, messages of both kinds and of any size, and pings
// and pongs, which each side answers itself.
func TestPassed(t *testing.T) {
	b := start(t)
	pongs := make(chan string, 1)
	d := &websocket.Dialer{
		Subprotocols: []string{"other", "chat.v1"},
		Header:       http.Header{"Cookie": {"session=0123"}},
		Options:      websocket.Options{OnPong: func(_ *websocket.Conn, payload []byte) { pongs <- string(payload) }},
	}
	client, server := b.dial(t, d)
	if client.Subprotocol() != "chat.v1" || server.Subprotocol() != "chat.v1" {
		t.Errorf("subprotocols %q and %q", client.Subprotocol(), server.Subprotocol())
	}
	for _, m := range []websocket.Message{
		{Op: websocket.OpText, Data: []byte("Grüße")},
		{Op: websocket.OpBinary, Data: []byte{0, 0xff}},
		{Op: websocket.OpText, Data: []byte{}},
		{Op: websocket.OpBinary, Data: make([]byte, 1<<20)},
	} {
		client.Write(t.Context(), m.Op, m.Data)
		if got, err := client.Read(t.Context()); got.Op != m.Op || string(got.Data) != string(m.Data) {
			t.Errorf("%v of %d bytes became %v of %d, %v", m.Op, len(m.Data), got.Op, len(got.Data), err)
		}
	}
	client.CloseRead(context.Background())
	client.SendPing(t.Context(), []byte("from the client"))
	if got := <-b.pings; got != "from the client" {
		t.Errorf("the server behind was sent the ping %q", got)
	}
	if got := <-pongs; got != "from the client" {
		t.Errorf("the client was sent the pong %q", got)
	}
	if _, err := server.Ping(t.Context()); err != nil { // its pong is the client's
		t.Error(err)
	}
}

// TestEnds protects how a connection ends: as the other side has ended its own.
func TestEnds(t *testing.T) {
	b := start(t)
	type end struct {
		code   websocket.StatusCode
		reason string
	}
	for _, want := range []end{
		{websocket.StatusNormalClosure, "bye"}, {websocket.StatusInternalError, ""}, {websocket.StatusNoStatusReceived, ""},
		{4321, "of the application"}, {websocket.StatusAbnormalClosure, ""},
	} {
		for _, byServer := range []bool{false, true} {
			closing, other := b.dial(t, &websocket.Dialer{})
			if byServer {
				closing, other = other, closing
			}
			if want.code == websocket.StatusAbnormalClosure {
				closing.CloseNow()
			} else if err := closing.Close(want.code, want.reason); err != nil {
				t.Error(err)
			}
			<-b.conns
			other.CloseRead(context.Background())
			<-other.Context().Done()
			var got *websocket.CloseError
			if err := context.Cause(other.Context()); !errors.As(err, &got) || (end{got.Code, got.Reason}) != want || got.Local {
				t.Errorf("by the server %v: %v became %v", byServer, want, err)
			}
		}
	}
}

// TestRefused protects what a client is told that the server behind refuses, or that there is none.
func TestRefused(t *testing.T) {
	b := start(t)
	_, resp, err := websocket.Dial(t.Context(), b.url+"/private")
	if err == nil {
		t.Fatal("not refused")
	}
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 401 || resp.Header.Get("Www-Authenticate") != "Bearer" ||
		!strings.HasPrefix(string(body), "log in first") {
		t.Errorf("%s %q", resp.Status, body)
	}
	nobody := program.Start(t, "-addr", "localhost:0", "-to", "ws://127.0.0.1:1").URL()
	if _, resp, err := websocket.Dial(t.Context(), nobody); err == nil || resp.StatusCode != 502 {
		t.Error(err)
	}
}

// TestTerminated protects both sides when the proxy stops: they are told.
func TestTerminated(t *testing.T) {
	b := start(t)
	client, server := b.dial(t, &websocket.Dialer{})
	b.proxy.Terminate()
	if _, err := client.Read(context.Background()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Error("the client sees", err)
	}
	<-b.conns
	if err := context.Cause(server.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Error("the server behind sees", err)
	}
	if err := b.proxy.Wait(); err != nil {
		t.Error(err)
	}
}
