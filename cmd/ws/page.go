package main

// This file holds what ws serve answers to requests that are no opening handshakes: the page in page/, or the files of -dir.

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
)

//go:embed page
var pageFiles embed.FS

// pages returns what serves the files of a directory, or the page if that is empty.
func pages(dir string) (http.Handler, error) {
	if dir == "" {
		return pageHandler(), nil
	}
	root, err := os.OpenRoot(dir) // which no symbolic link leads out of
	if err != nil {
		return nil, fmt.Errorf("-dir: %w", err)
	}
	files := http.FileServerFS(root.FS())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/.") { // .git, .env and the like are not meant to be seen
			http.NotFound(w, r)
			return
		}
		files.ServeHTTP(w, r)
	}), nil
}

// pageHandler serves the files of page/: index.html for "/", its script and its style.
func pageHandler() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // cannot be: the name is valid
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "+
			"connect-src ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store") // the next server on this port may have another page
		// An isolated page has a clock of 5 instead of 100 microseconds to measure round trips with.
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		mux.ServeHTTP(w, r)
	})
}
