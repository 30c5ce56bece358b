//go:build !js

package wstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// squeezed are options with compression by a window that is worth negotiating.
func squeezed(bits int) websocket.Options {
	return websocket.Options{Compression: &websocket.CompressionOptions{
		FromServer: websocket.CompressionDirection{MaxWindowBits: bits},
	}}
}

// wantCompressed wants both sides to have agreed on compression with a window of the server's, and to use it.
func wantCompressed(t *testing.T, client, server *websocket.Conn, bits int) {
	t.Helper()
	for _, c := range []*websocket.Conn{client, server} {
		if p, ok := c.Compression(); !ok || p.ServerMaxWindowBits != bits {
			t.Errorf("compression is %+v, %v", p, ok)
		}
	}
	long := strings.Repeat("squeeze me ", 1000)
	if err := server.Write(t.Context(), websocket.OpText, []byte(long)); err != nil {
		t.Fatal(err)
	}
	if m, err := client.Read(t.Context()); err != nil || string(m.Data) != long {
		t.Fatalf("%.20q, %v", m.Data, err)
	}
	if n := server.Stats().BytesOut; n > 1000 {
		t.Errorf("%d bytes travelled", n)
	}
}

// TestPipeCompression protects pairs from options of compression that have no effect: both sides have what they would
// have negotiated, and none if only one asks for it.
func TestPipeCompression(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asks, plain := squeezed(11), websocket.Options{}
		client, server := wstest.Pipe(&asks, &websocket.Options{Compression: &websocket.CompressionOptions{}})
		wantCompressed(t, client, server, 11)
		client.CloseNow()
		server.CloseNow()
		for _, o := range [][2]*websocket.Options{{&asks, nil}, {nil, &asks}, {&asks, &plain}, {&plain, &asks}} {
			client, server := wstest.Pipe(o[0], o[1])
			for _, c := range []*websocket.Conn{client, server} {
				if _, ok := c.Compression(); ok {
					t.Error("compressed")
				}
				c.CloseNow()
			}
		}
	})
}

// TestPipeWrongOptions protects tests from pairs that no handshake would have made.
func TestPipeWrongOptions(t *testing.T) {
	wrong, right := squeezed(7), squeezed(15)
	for _, o := range [][2]*websocket.Options{{&wrong, &right}, {&right, &wrong}} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.Contains(s, "window of 7 bits") && !strings.Contains(s, "misconfigured") {
					t.Errorf("panic is %q", s)
				}
			}()
			wstest.Pipe(o[0], o[1])
		}()
	}
}

// TestConnect protects that all of a Dialer and an Upgrader goes into the pair: options, subprotocol, compression, hooks,
// the values of the context, and the Upgrader's knowledge of its connections.
func TestConnect(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		d := &websocket.Dialer{Options: squeezed(11), Subprotocols: []string{"a", "b"}}
		d.ReadLimit = 20000
		u := &websocket.Upgrader{Options: squeezed(15), Subprotocols: []string{"b"}}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "v"))
		client, server, err := wstest.Connect(ctx, d, u)
		if err != nil {
			t.Fatal(err)
		}
		cancel() // has no effect any more
		if client.Subprotocol() != "b" || server.Subprotocol() != "b" {
			t.Errorf("subprotocols %q and %q", client.Subprotocol(), server.Subprotocol())
		}
		if client.Context().Value(key{}) != "v" || server.Context().Value(key{}) != "v" {
			t.Error("the values of the context are lost")
		}
		wantCompressed(t, client, server, 11)
		if d.DialContext != nil || u.Len() != 1 {
			t.Error("the Dialer was changed, or the Upgrader does not know the connection")
		}
		server.Write(t.Context(), websocket.OpText, make([]byte, 20001))
		if _, err := client.Read(t.Context()); !errors.Is(err, websocket.ErrMessageTooBig) {
			t.Error("the client's options were not used:", err)
		}
		server.Close(websocket.StatusNormalClosure, "")
	})
}

// TestConnectFails protects tests of refusals: whichever side it is that does not want, the error says why, and nothing
// is left, which the bubble sees.
func TestConnectFails(t *testing.T) {
	down := new(websocket.Upgrader)
	down.Shutdown(t.Context())
	for name, row := range map[string]struct {
		d    *websocket.Dialer
		u    *websocket.Upgrader
		want string
	}{
		"the server refuses":       {&websocket.Dialer{Header: http.Header{"Origin": {"https://evil.example"}}}, nil, "403"},
		"the server has shut down": {nil, down, "503"},
		"the client cannot dial":   {&websocket.Dialer{Subprotocols: []string{"a", "a"}}, nil, "twice"},
		"the client refuses":       {&websocket.Dialer{MaxResponseHead: 10}, new(websocket.Upgrader), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				client, server, err := wstest.Connect(t.Context(), row.d, row.u)
				if err == nil || !strings.Contains(err.Error(), row.want) || client != nil || server != nil {
					t.Errorf("%v, %v, %v", client, server, err)
				}
				if took := time.Since(start); took != 0 {
					t.Errorf("took %v", took)
				}
				if synctest.Wait(); row.u != nil && row.u.Len() != 0 {
					t.Error("the server's side is open")
				}
			})
		})
	}
}

// TestConnectCancelled protects a test from waiting for a hook that does not return: the context ends the handshake.
func TestConnectCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		u := &websocket.Upgrader{CheckOrigin: func(r *http.Request, allowed bool) bool { <-r.Context().Done(); return true }}
		if _, _, err := wstest.Connect(ctx, nil, u); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestServe protects a whole server in a bubble: routes, functions, plain HTTP, both Shutdowns, in no time.
func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &websocket.Upgrader{Subprotocols: []string{"chat"}}
		saved := false
		mux := http.NewServeMux()
		mux.Handle("/rooms/{room}", up.Handler(func(conn *websocket.Conn, r *http.Request) {
			defer func() { saved = true }()
			for m, err := range conn.Messages(r.Context()) {
				if err != nil {
					return
				}
				conn.Write(r.Context(), m.Op, append([]byte(r.PathValue("room")+": "), m.Data...))
			}
		}))
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "a page of "+r.Host) })
		server := &http.Server{Handler: mux}
		dialer, stop := wstest.Serve(server)
		defer stop()
		dialer.Subprotocols = []string{"chat"}

		conn, _, err := dialer.Dial(t.Context(), "ws://server.example/rooms/7")
		if err != nil {
			t.Fatal(err)
		}
		if conn.Subprotocol() != "chat" {
			t.Errorf("subprotocol %q", conn.Subprotocol())
		}
		conn.Write(t.Context(), websocket.OpText, []byte("hello"))
		if m, err := conn.Read(t.Context()); err != nil || string(m.Data) != "7: hello" {
			t.Errorf("%q, %v", m.Data, err)
		}
		client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
		resp, err := client.Get("http://pages.example/")
		if err != nil {
			t.Fatal(err)
		}
		if page, err := io.ReadAll(resp.Body); string(page) != "a page of pages.example" {
			t.Errorf("%q, %v", page, err)
		}
		resp.Body.Close()
		conn.CloseRead(t.Context())
		if err := errors.Join(server.Shutdown(t.Context()), up.Shutdown(t.Context())); err != nil || !saved {
			t.Errorf("%v, saved: %v", err, saved)
		}
		if _, _, err := dialer.Dial(t.Context(), "ws://server.example/rooms/7"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dialing a server that has ended: %v", err)
		}
	})
}

// TestServeCutsAll protects tests that end early, and forget to end what they began: the bubble is left by all.
func TestServeCutsAll(t *testing.T) {
	var client error
	synctest.Test(t, func(t *testing.T) {
		up := new(websocket.Upgrader)
		dialer, stop := wstest.Serve(&http.Server{Handler: up.DetachedHandler(func(conn *websocket.Conn, r *http.Request) {
			conn.Read(conn.Context())
		})})
		defer stop()
		conn, _, err := dialer.Dial(t.Context(), "ws://server.example/")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, client = conn.Read(context.Background()) }()
		synctest.Wait()
		if client != nil {
			t.Error("it has ended early:", client)
		}
	})
	if websocket.CloseStatus(client) != websocket.StatusAbnormalClosure {
		t.Error(client)
	}
}

// TestServeDialEnds protects Dial against a server that does not accept connections.
func TestServeDialEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accepts := make(chan bool)
		dialer, stop := wstest.Serve(&http.Server{ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			<-accepts
			return ctx
		}})
		defer stop()
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, _, err := dialer.Dial(ctx, "ws://server.example/"); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		close(accepts)
	})
}

// What a client and a server of one's own agree on, without a network.
func ExampleConnect() {
	dialer := &websocket.Dialer{Subprotocols: []string{"chat.v2", "chat.v1"}}
	upgrader := &websocket.Upgrader{Subprotocols: []string{"chat.v1"}}
	client, server, err := wstest.Connect(context.Background(), dialer, upgrader)
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseNow()
	defer server.CloseNow()
	fmt.Println(client.Subprotocol(), server.Subprotocol())
	// Output: chat.v1 chat.v1
}

// A whole server without a network. Inside of a testing/synctest bubble, as the package's documentation shows, its timeouts
// take no time.
func ExampleServe() {
	var upgrader websocket.Upgrader
	mux := http.NewServeMux()
	mux.Handle("/rooms/{room}", upgrader.Handler(func(conn *websocket.Conn, r *http.Request) {
		conn.Write(r.Context(), websocket.OpText, []byte("this is "+r.PathValue("room")))
	}))
	dialer, stop := wstest.Serve(&http.Server{Handler: mux})
	defer stop()

	conn, _, err := dialer.Dial(context.Background(), "ws://server.example/rooms/kitchen")
	if err != nil {
		log.Fatal(err)
	}
	m, err := conn.Read(context.Background())
	fmt.Printf("%s %v\n", m.Data, err)
	// Output: this is kitchen <nil>
}
