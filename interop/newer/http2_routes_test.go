package newer

// This file tests the handlers over HTTP/2 behind a router that uses its contexts again, as interop/frameworks does over HTTP/1.1.

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"

	"github.com/seed-d69ae1b7/websocket"
)

// TestHTTP2Routes protects clients over streams from being shown another client's room: what chi has found in the path is a request's own as long as
// its function runs, while other requests take contexts from chi's pool.
func TestHTTP2Routes(t *testing.T) {
	const clients, rounds = 96, 5
	var around atomic.Int32
	u := &websocket.Upgrader{}
	r := chi.NewRouter()
	r.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			around.Add(1)
			defer around.Add(-1)
			next.ServeHTTP(w, r)
		})
	}, chimiddleware.Recoverer)
	r.Handle("/rooms/{room}", u.Handler(func(c *websocket.Conn, r *http.Request) {
		for m, err := range c.Messages(r.Context()) {
			if err != nil {
				return
			}
			c.Write(r.Context(), m.Op, []byte(chi.URLParam(r, "room"))) // asked anew each time
		}
	}))
	r.Get("/pages/{page}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, chi.URLParam(r, "page")) })
	w := newWorld(t, r)
	conns := make([]*websocket.Conn, clients)
	for i := range conns {
		c, _, err := w.client.Dial(t.Context(), fmt.Sprint(w.URL, "/rooms/", i))
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = c
	}
	var all sync.WaitGroup
	for i, c := range conns {
		all.Go(func() {
			for range rounds {
				getPage(t, w)
				c.Write(t.Context(), websocket.OpText, []byte("where am I?"))
				if m, err := c.Read(t.Context()); string(m.Data) != fmt.Sprint(i) {
					t.Errorf("client %d is in room %q, %v", i, m.Data, err)
				}
			}
		})
	}
	all.Wait()
	if got := around.Load(); got != clients {
		t.Errorf("middleware is around %d functions of %d", got, clients)
	}
	for _, c := range conns {
		go c.CloseRead(t.Context())
	}
	if err := u.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	w.handlers.Wait()
	if got := around.Load(); got != 0 {
		t.Errorf("middleware is around %d functions that have returned", got)
	}
}

// getPage asks for a plain page, over HTTP/2 as well.
func getPage(t *testing.T, w *world) {
	resp, err := w.Client().Get(w.URL + "/pages/plain")
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != "plain" || resp.ProtoMajor != 2 {
		t.Errorf("page %q over %s, %v", body, resp.Proto, err)
	}
}
