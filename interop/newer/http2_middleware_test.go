package newer

// This file tests the handlers over HTTP/2 behind middleware that does something to bodies, which a stream is none of.

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// compressing is a ResponseWriter as that of gorilla/handlers.
type compressing struct {
	http.ResponseWriter
	to *gzip.Writer
}

func (c compressing) Unwrap() http.ResponseWriter { return c.ResponseWriter }
func (c compressing) Write(p []byte) (int, error) { return c.to.Write(p) }
func (c compressing) Flush()                      { c.to.Flush(); c.ResponseWriter.(http.Flusher).Flush() }

// keeping is a ResponseWriter that waits for enough to compress, as that of klauspost/compress.
type keeping struct {
	http.ResponseWriter
	bytes.Buffer
}

func (k *keeping) Unwrap() http.ResponseWriter { return k.ResponseWriter }
func (k *keeping) WriteHeader(int)             {}
func (k *keeping) Write(p []byte) (int, error) { return k.Buffer.Write(p) }
func (k *keeping) Flush()                      {}

// middleware is what stands in front of a handler.
var middleware = map[string]func(http.Handler, http.ResponseWriter, *http.Request){
	"compresses": func(h http.Handler, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		c := compressing{w, gzip.NewWriter(w)}
		h.ServeHTTP(c, r)
	},
	"keeps": func(h http.Handler, w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&keeping{ResponseWriter: w}, r)
	},
	"measures": func(h http.Handler, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "3")
		h.ServeHTTP(w, r)
	},
	"holds the body": func(h http.Handler, w http.ResponseWriter, r *http.Request) {
		r.Body = io.NopCloser(r.Body)
		h.ServeHTTP(w, r)
	},
	"bounds the body": func(h http.Handler, w http.ResponseWriter, r *http.Request) {
		http.MaxBytesHandler(h, 1<<20).ServeHTTP(w, r)
	},
	"strips": func(h http.Handler, w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/chat", h).ServeHTTP(w, r)
	},
}

// TestHTTP2Middleware protects connections over streams from it: the frames are what the peer gets, at once, and the handler
// returns.
func TestHTTP2Middleware(t *testing.T) {
	for name, serve := range middleware {
		t.Run(name, func(t *testing.T) {
			h := new(websocket.Upgrader).Handler(echo)
			w := newWorld(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(h, w, r) }))
			c, _, resp, err := w.dialStream(t, websocket.Dialer{}, func(*http.Request) {})
			if err != nil {
				t.Fatal(err)
			}
			if v := resp.Header.Get("Content-Encoding") + resp.Header.Get("Content-Length"); v != "" {
				t.Errorf("the response says %s", v)
			}
			exchange(t, c, "hello")
			exchange(t, c, strings.Repeat("x", 100_000))
			if err := c.Close(4000, "bye"); err != nil {
				t.Error(err)
			}
			w.handlers.Wait()
			if w.log.String() != "" {
				t.Error(w.log)
			}
		})
	}
}
