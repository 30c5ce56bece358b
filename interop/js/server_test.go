//go:build !js

package js

// This file holds the server that the clients talk to.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/seed-d69ae1b7/websocket"
)

// handler serves a connection.
type handler func(c *websocket.Conn, r *http.Request)

// routes returns a new server's.
func routes() *http.ServeMux {
	u := &websocket.Upgrader{
		Subprotocols: []string{"chat"}, InsecureSkipOriginCheck: true, // clients in Node.js have no page
		Options: websocket.Options{ReadLimit: 8 << 20},
	}
	deflating := &websocket.Upgrader{InsecureSkipOriginCheck: true, Options: websocket.Options{Compression: &websocket.CompressionOptions{}}}
	mux := http.NewServeMux()
	for path, h := range map[string]handler{
		"/echo": echo, "/close": closeWith, "/cut": func(c *websocket.Conn, _ *http.Request) { c.CloseNow() },
	} {
		mux.Handle(path, u.Handler(h))
	}
	mux.Handle("/deflated", deflating.Handler(echo))
	var ends sync.Map
	mux.Handle("/flood", u.Handler(func(c *websocket.Conn, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		flood(c, n)
		endOf(&ends, r.FormValue("id")) <- endText(c)
	}))
	mux.Handle("/watched", u.Handler(func(c *websocket.Conn, r *http.Request) {
		c.Write(c.Context(), websocket.OpText, []byte("a text of more than ten bytes"))
		c.CloseRead(context.Background())
		<-c.Context().Done()
		endOf(&ends, r.FormValue("id")) <- endText(c)
	}))
	mux.Handle("/end", u.Handler(func(c *websocket.Conn, r *http.Request) {
		end := <-endOf(&ends, r.FormValue("id"))
		c.Write(r.Context(), websocket.OpText, []byte(end))
		c.Close(websocket.StatusNormalClosure, "")
	}))
	mux.HandleFunc("/refuse", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	lazy := make(chan bool)
	mux.Handle("/lazy", u.Handler(func(c *websocket.Conn, r *http.Request) {
		<-lazy // a client of /wake wants it
		echoCount(c)
	}))
	mux.Handle("/wake", u.Handler(func(c *websocket.Conn, r *http.Request) { lazy <- true }))
	return mux
}

// echo echoes.
func echo(c *websocket.Conn, r *http.Request) {
	for m, err := range c.Messages(c.Context()) {
		if err != nil {
			return
		}
		c.Write(c.Context(), m.Op, m.Data)
	}
}

// echoCount answers the first text, behind any number of other messages, with how many these were.
func echoCount(c *websocket.Conn) {
	n := 0
	for m, err := range c.Messages(c.Context()) {
		if err != nil {
			return
		}
		if m.Op == websocket.OpText {
			c.Write(c.Context(), websocket.OpText, []byte(strconv.Itoa(n)))
		}
		n++
	}
}

// closeWith sends a message and closes with the code and reason that it is asked for.
func closeWith(c *websocket.Conn, r *http.Request) {
	code, _ := strconv.Atoi(r.FormValue("code"))
	c.Write(c.Context(), websocket.OpText, []byte("last"))
	c.Close(websocket.StatusCode(code), r.FormValue("reason"))
}

// flood sends so many messages of a mebibyte, and waits for the end.
func flood(c *websocket.Conn, n int) {
	c.CloseRead(context.Background())
	for range n {
		if c.Write(c.Context(), websocket.OpBinary, make([]byte, 1<<20)) != nil {
			break
		}
	}
	<-c.Context().Done()
}

// endOf returns the place for the end of a connection.
func endOf(ends *sync.Map, id string) chan string {
	end, _ := ends.LoadOrStore(id, make(chan string, 1))
	return end.(chan string)
}

// endText describes how a connection has ended.
func endText(c *websocket.Conn) string {
	var closed *websocket.CloseError
	if !errors.As(context.Cause(c.Context()), &closed) {
		return "not at all"
	}
	return fmt.Sprintf("%d %s", closed.Code, closed.Reason)
}
