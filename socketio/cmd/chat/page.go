package main

// This file holds what is served beside the chat: its page, and the official client.

import (
	"embed"
	"io/fs"
	"net/http"
	"os"
)

//go:embed page
var page embed.FS

// clientFile is the build of the official client that the page loads.
const clientFile = "socket.io.min.js"

// routes returns what serves the page, the client from a directory, and the chat.
func (c *chat) routes(client string) http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // it is there, or there is no program
	}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", c.io)
	mux.HandleFunc("GET /client.js", func(w http.ResponseWriter, r *http.Request) {
		code, err := os.ReadFile(client + "/" + clientFile)
		if err != nil {
			http.NotFound(w, r) // the page says what to do
			return
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Write(code)
	})
	mux.Handle("/", secured(http.FileServerFS(files)))
	return mux
}

// secured adds what keeps the page to what is served here, and to pictures that it has got as files.
func secured(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' blob: data:")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		h.ServeHTTP(w, r)
	})
}
