package socketio

// This file tests over a real net/http server.

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// TestRealServer has clients on both transports, and an upgrade, over TCP and an http.Server with timeouts, behind a mux.
func TestRealServer(t *testing.T) {
	io := NewServer(testOptions())
	io.OnConnect(func(s *Socket) {
		s.On("hello", func(name string) { s.Emit("hello back", name) })
		s.Handle("sum", func(in struct{ A, B int }) (int, error) { return in.A + in.B, nil })
		s.Handle("file", func(b []byte) ([]byte, error) { return append(b, "!"...), nil })
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	web := httptest.NewUnstartedServer(mux)
	web.Config.ReadTimeout, web.Config.WriteTimeout = time.Minute, time.Minute
	web.Start()
	defer web.Close()
	defer io.Shutdown(t.Context())
	url := web.URL + "/socket.io/?EIO=4&transport="
	get := func(query string) string {
		resp, err := http.Get(url + "polling" + query)
		if err != nil {
			t.Fatal(err)
		}
		return readAll(resp)
	}
	post := func(query, body string) {
		resp, err := http.Post(url+"polling"+query, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(resp); got != "ok" {
			t.Errorf("POST: %s", got)
		}
	}
	_, rest, _ := strings.Cut(get(""), `"sid":"`)
	sid := "&sid=" + rest[:20]
	post(sid, "40")
	if got := get(sid); !strings.HasPrefix(got, `40{"sid":"`) {
		t.Errorf("got %q", got)
	}
	post(sid, `421["sum",{"a":1,"b":2}]`)
	if got := get(sid); got != `431[3]` {
		t.Errorf("got %q", got)
	}
	for _, query := range []string{"", sid} {
		c, _, err := new(websocket.Dialer).Dial(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"websocket"+query)
		if err != nil {
			t.Fatal(err)
		}
		p := &realPeer{c, t}
		if query == "" {
			p.read()
			p.write("40")
			p.read()
		} else {
			p.write("2probe")
			if got := p.read(); got != "3probe" {
				t.Errorf("got %q", got)
			}
			p.write("5")
		}
		p.write(`42["hello","world"]`)
		p.write(`451-7["file",{"_placeholder":true,"num":0}]`)
		c.Write(context.Background(), websocket.OpBinary, []byte("data"))
		got := fmt.Sprintf("%s %s %s", p.read(), p.read(), p.read())
		if got != `42["hello back","world"] 461-7[{"_placeholder":true,"num":0}] data!` {
			t.Errorf("got %s", got)
		}
		c.Close(websocket.StatusNormalClosure, "")
	}
}

// realPeer is a client on WebSocket.
type realPeer struct {
	*websocket.Conn
	t *testing.T
}

func (p *realPeer) write(text string) {
	if err := p.Write(p.t.Context(), websocket.OpText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *realPeer) read() string {
	m, err := p.Read(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(m.Data)
}
