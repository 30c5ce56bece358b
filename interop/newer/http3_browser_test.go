package newer

// This file tests package h3 with Chromium, which speaks WebSocket over HTTP/3 when it is told to.

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/quic-go/quic-go/http3"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/h3"
	"github.com/seed-d69ae1b7/websocket/internal/chromium"
)

// TestHTTP3Browser protects what Chromium does over HTTP/3: echoes, close codes both ways, an end without one, and 50 sockets.
func TestHTTP3Browser(t *testing.T) {
	var mu sync.Mutex
	closed := map[websocket.StatusCode]int{}
	u := &websocket.Upgrader{Options: websocket.Options{ReadLimit: 16 << 20, Compression: &websocket.CompressionOptions{}}}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>page</title>")
	})
	mux.Handle("/echo", h3.Handler(u, func(c *websocket.Conn, r *http.Request) {
		if r.ProtoMajor != 3 {
			t.Errorf("over %s", r.Proto)
		}
		echo(c, r)
		_, err := c.Read(r.Context())
		mu.Lock()
		defer mu.Unlock()
		closed[websocket.CloseStatus(err)]++
	}))
	mux.Handle("/close", h3.Handler(u, func(c *websocket.Conn, r *http.Request) { c.Read(r.Context()); c.Close(4001, "tired") }))
	mux.Handle("/cut", h3.Handler(u, func(c *websocket.Conn, r *http.Request) { c.Read(r.Context()); c.CloseNow() }))

	own := httptest.NewTLSServer(nil) // for its certificate
	defer own.Close()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http3.Server{
		Handler: mux, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: own.TLS.Certificates}), Logger: slog.New(slog.DiscardHandler),
	}
	var serving sync.WaitGroup
	serving.Go(func() { s.Serve(pc) })
	defer serving.Wait()
	defer pc.Close()
	defer s.Close()

	ctx, cancel := context.WithTimeout(t.Context(), browserTimeout)
	defer cancel()
	key := sha256.Sum256(own.Certificate().RawSubjectPublicKeyInfo)
	b := chromium.Start(ctx, t, "--enable-quic", "--enable-features=EnableWebsocketsOverHttp3",
		"--origin-to-force-quic-on="+pc.LocalAddr().String(),
		"--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(key[:]))
	p := b.Open(ctx, t, "https://"+pc.LocalAddr().String()+"/")
	var got []string
	run(t, p, &got, `
		const ws = await open("/echo");
		for (const size of [0, 1, 125, 126, 65535, 65536, 900 << 10]) {
			const bytes = new Uint8Array(size).map((_, i) => i * 7 + (i >> 8) * 13);
			const back = new Uint8Array(await answer(ws, bytes));
			if (back.length !== size || back.some((b, i) => b !== bytes[i])) throw new Error("bytes of " + size);
		}
		const got = [performance.getEntriesByType("navigation")[0].nextHopProtocol, ws.extensions];
		ws.close(4000, "bye");
		got.push(String(await end(ws)));
		for (const path of ["/close", "/cut"]) {
			const ws = await open(path);
			ws.send("now");
			got.push(String(await end(ws)));
		}
		const all = await Promise.all(Array.from({ length: 50 }, () => open("/echo")));
		await Promise.all(all.map(async (ws, i) => {
			if (await answer(ws, "message " + i) !== "message " + i) throw new Error("socket " + i);
		}));
		await Promise.all(all.map(ws => { ws.close(1000); return end(ws) }));
		return got;
	`)
	if want := "[h3 permessage-deflate 4000,,true 4001,tired,true 1006,,false]"; fmt.Sprint(got) != want {
		t.Errorf("%q, want %s", got, want)
	}
	mu.Lock()
	defer mu.Unlock()
	if closed[4000] != 1 || closed[1000] != 50 {
		t.Errorf("ended with %v", closed)
	}
}
