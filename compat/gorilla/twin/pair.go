package main

// This file holds what rows are made of: connections, and how results are told.

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/seed-d69ae1b7/websocket/compat/twin"
)

// soon is a time that no row waits for unless something hangs.
func soon() time.Time { return time.Now().Add(twin.Limit / 2) }

// past is a deadline that is over.
var past = time.Unix(1, 0)

// anyOrigin is an Upgrader for rows that are not about it.
var anyOrigin = &websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// serve calls f with the server's side of a connection, and returns the URL to connect to.
func serve(u *websocket.Upgrader, header http.Header, f func(*websocket.Conn)) (url string, stop func()) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, header)
		if err != nil {
			return
		}
		defer c.Close()
		f(c)
	}))
	return "ws" + strings.TrimPrefix(s.URL, "http"), s.Close
}

// withPair calls f with both sides of a connection.
func withPair(u *websocket.Upgrader, d *websocket.Dialer, f func(client, server *websocket.Conn) any) any {
	server, release := make(chan *websocket.Conn), make(chan struct{})
	url, stop := serve(u, nil, func(c *websocket.Conn) {
		server <- c
		<-release
	})
	defer stop()
	defer close(release)
	client, _, err := d.Dial(url, nil)
	if err != nil {
		return told(err)
	}
	defer client.Close()
	return f(client, <-server)
}

// pair is withPair for most rows.
func pair(f func(client, server *websocket.Conn) any) func() any {
	return func() any { return withPair(anyOrigin, &websocket.Dialer{}, f) }
}

// raw is a client that sends frames byte by byte.
type raw struct {
	net.Conn
	br *bufio.Reader
}

// frame sends a frame with the mask key 0.
func (r raw) frame(b0 byte, payload string) {
	head := []byte{b0, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		head = []byte{b0, 0x80 | 126, byte(len(payload) >> 8), byte(len(payload))}
	}
	r.Write(append(append(head, 0, 0, 0, 0), payload...))
}

// next reads a frame, and tells its first byte and its payload.
func (r raw) next() string {
	r.SetReadDeadline(soon())
	var head [2]byte
	if _, err := io.ReadFull(r.br, head[:]); err != nil {
		return told(err)
	}
	n := int(head[1])
	if n == 126 {
		var length [2]byte
		io.ReadFull(r.br, length[:])
		n = int(length[0])<<8 | int(length[1])
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(r.br, p); err != nil {
		return told(err)
	}
	return fmt.Sprintf("%x %q", head[0], p)
}

// withRaw calls f with a server's connection and the client at its other end.
func withRaw(f func(client raw, server *websocket.Conn) any) func() any {
	return func() any {
		server, release := make(chan *websocket.Conn), make(chan struct{})
		url, stop := serve(anyOrigin, nil, func(c *websocket.Conn) {
			server <- c
			<-release
		})
		defer stop()
		defer close(release)
		nc, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
		if err != nil {
			return told(err)
		}
		defer nc.Close()
		fmt.Fprint(nc, goodRequest)
		r := raw{nc, bufio.NewReader(nc)}
		if _, err := http.ReadResponse(r.br, nil); err != nil {
			return told(err)
		}
		return f(r, <-server)
	}
}

const goodRequest = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// told says of an error what a program can find out about it.
func told(err error) string {
	var ne net.Error
	var ce *websocket.CloseError
	var he websocket.HandshakeError
	switch {
	case err == nil:
		return "nil"
	case err == websocket.ErrCloseSent, err == websocket.ErrReadLimit, err == websocket.ErrBadHandshake:
		return err.Error()
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return err.Error()
	case errors.As(err, &ce):
		_, plainly := err.(*websocket.CloseError)
		return fmt.Sprintf("%v (plainly: %v)", ce, plainly)
	case errors.As(err, &he):
		return "HandshakeError"
	case errors.Is(err, net.ErrClosed):
		return "net.ErrClosed"
	case errors.As(err, &ne):
		return fmt.Sprintf("timeout: %v, temporary: %v", ne.Timeout(), ne.Temporary())
	}
	return "another error"
}

// read tells what ReadMessage returns.
func read(c *websocket.Conn) string {
	c.SetReadDeadline(soon())
	messageType, p, err := c.ReadMessage()
	return fmt.Sprintf("%d %q %s", messageType, shortened(p), told(err))
}

// shortened tells a long payload by its length.
func shortened(p []byte) string {
	if len(p) > 200 && bytes.Equal(p, bytes.Repeat(p[:1], len(p))) {
		return fmt.Sprintf("%d of %q", len(p), p[:1])
	}
	return string(p)
}

// all tells several results in their order.
func all(results ...any) string {
	var s []string
	for _, r := range results {
		if err, ok := r.(error); ok {
			r = told(err)
		}
		s = append(s, fmt.Sprint(r))
	}
	return strings.Join(s, " | ")
}
