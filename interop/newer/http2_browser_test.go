package newer

// This file tests the handlers with real browsers, which choose HTTP/2 as soon as the server offers it.

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/chromium"
	"github.com/seed-d69ae1b7/websocket/internal/firefox"
)

// page is a page in a browser.
type page interface {
	Evaluate(expression string, value any) error
}

// browserTimeout bounds the tests with one browser, its start included.
const browserTimeout = 3 * time.Minute

// site is what the browsers talk to.
type site struct {
	mu     sync.Mutex
	closed []websocket.StatusCode // what the reads of /echo ended with
	over   map[string]int         // how many sockets came over each version of HTTP
	from   map[string]bool        // the connections that they came over
}

// handler returns the handler of the site's paths.
func (s *site) handler(t *testing.T) http.Handler {
	u := &websocket.Upgrader{
		Options:      websocket.Options{ReadLimit: 16 << 20, Compression: &websocket.CompressionOptions{}},
		Subprotocols: []string{"chat"},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>page</title>")
	})
	serve := func(pattern string, f func(*websocket.Conn, *http.Request)) {
		mux.Handle(pattern, u.Handler(func(c *websocket.Conn, r *http.Request) {
			s.mu.Lock()
			s.over[r.Proto]++
			s.from[r.RemoteAddr] = true
			s.mu.Unlock()
			f(c, r)
		}))
	}
	serve("/echo", func(c *websocket.Conn, r *http.Request) {
		echo(c, r)
		_, err := c.Read(r.Context())
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = append(s.closed, websocket.CloseStatus(err))
	})
	serve("/close", func(c *websocket.Conn, r *http.Request) { c.Read(r.Context()); c.Close(4001, "tired") })
	serve("/cut", func(c *websocket.Conn, r *http.Request) { c.Read(r.Context()); c.CloseNow() })
	mux.HandleFunc("/refused", func(w http.ResponseWriter, r *http.Request) { u.Upgrade(w, r) })
	return mux
}

// script has what the pages do.
const script = `
const open = (path, protocols = []) => new Promise((done, failed) => {
	const ws = new WebSocket("wss://" + location.host + path, protocols);
	ws.binaryType = "arraybuffer";
	ws.onopen = () => done(ws);
	ws.onclose = e => failed(new Error(path + " was closed with " + e.code));
});
const end = ws => new Promise(done => { ws.onclose = e => done([e.code, e.reason, e.wasClean]) });
const answer = (ws, data) => new Promise((done, failed) => {
	ws.onmessage = e => done(e.data);
	ws.onclose = e => failed(new Error("closed with " + e.code));
	ws.send(data);
});
`

// run evaluates the body of an async function behind script.
func run(t *testing.T, p page, value any, body string) {
	t.Helper()
	if err := p.Evaluate("(async () => {"+script+body+"})()", value); err != nil {
		t.Fatal(err)
	}
}

// TestHTTP2Browsers protects what browsers do over HTTP/2: echoes of all sizes with compression and a subprotocol, close codes both
// ways, an end without one, an endpoint that refuses, and 200 sockets, all of them over the one connection that the page has.
func TestHTTP2Browsers(t *testing.T) {
	for name, openPage := range map[string]func(context.Context, *testing.T, string) page{
		"Chromium": func(ctx context.Context, t *testing.T, url string) page {
			return chromium.Start(ctx, t, "--ignore-certificate-errors").Open(ctx, t, url)
		},
		"Firefox": func(ctx context.Context, t *testing.T, url string) page { return firefox.Open(ctx, t, url) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), browserTimeout)
			defer cancel()
			s := &site{over: map[string]int{}, from: map[string]bool{}}
			w := newWorld(t, s.handler(t))
			p := openPage(ctx, t, w.URL+"/")
			var agreed []string
			run(t, p, &agreed, `
				const ws = await open("/echo", ["other", "chat"]);
				for (const size of [0, 1, 125, 126, 65535, 65536, 5 << 20]) {
					const text = "squeeze me ".repeat(size / 11 + 1).slice(0, size);
					if (await answer(ws, text) !== text) throw new Error("text of " + size);
					const bytes = new Uint8Array(size).map((_, i) => i * 7 + (i >> 8) * 13);
					const back = new Uint8Array(await answer(ws, bytes));
					if (back.length !== size || back.some((b, i) => b !== bytes[i])) throw new Error("bytes of " + size);
				}
				ws.close(4000, "bye");
				return [ws.protocol, ws.extensions, String(await end(ws))];
			`)
			if agreed[0] != "chat" || !strings.HasPrefix(agreed[1], "permessage-deflate") || agreed[2] != "4000,,true" {
				t.Errorf("%q", agreed)
			}
			var ends []string
			run(t, p, &ends, `
				const ends = [];
				for (const path of ["/close", "/cut"]) {
					const ws = await open(path);
					ws.send("now");
					ends.push(String(await end(ws)));
				}
				ends.push(String(await open("/refused").catch(e => e.message)));
				return ends;
			`)
			if want := "[4001,tired,true 1006,,false /refused was closed with 1006]"; fmt.Sprint(ends) != want {
				t.Errorf("ends %v, want %s", ends, want)
			}
			run(t, p, nil, `
				const all = await Promise.all(Array.from({ length: 200 }, () => open("/echo")));
				await Promise.all(all.map(async (ws, i) => {
					if (await answer(ws, "message " + i) !== "message " + i) throw new Error("socket " + i);
				}));
				await Promise.all(all.map(ws => { ws.close(1000); return end(ws) }));
			`)
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.over["HTTP/2.0"] != 203 || len(s.over) != 1 || len(s.from) > few || len(s.closed) != 201 || s.closed[0] != 4000 {
				t.Errorf("sockets by version %v, over %d connections; %d ended, first with %v", s.over, len(s.from), len(s.closed), s.closed[:1])
			}
		})
	}
}
