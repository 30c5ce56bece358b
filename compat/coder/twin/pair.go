package main

// This file holds what rows are made of: connections, and how results are told.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/seed-d69ae1b7/websocket/compat/twin"
)

// soon returns a context that no row waits for unless something hangs.
func soon() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), twin.Limit/2)
	time.AfterFunc(twin.Limit, cancel)
	return ctx
}

// over is a context that has ended.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// withPair calls f with both sides of a connection.
func withPair(a *websocket.AcceptOptions, d *websocket.DialOptions, f func(client, server *websocket.Conn) any) any {
	server, release := make(chan *websocket.Conn), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, a)
		if err != nil {
			return
		}
		defer c.CloseNow()
		server <- c
		<-release
	}))
	defer s.Close()
	defer close(release)
	client, _, err := websocket.Dial(soon(), s.URL, d)
	if err != nil {
		return told(err)
	}
	defer client.CloseNow()
	return f(client, <-server)
}

// pair is withPair for most rows.
func pair(f func(client, server *websocket.Conn) any) func() any {
	return func() any { return withPair(nil, nil, f) }
}

// reading returns a channel that gets what read tells, for rows that wait for the other side.
func reading(c *websocket.Conn) <-chan string {
	got := make(chan string, 1)
	go func() { got <- read(c) }()
	return got
}

// told says of an error what a program can find out about it.
func told(err error) string {
	if err == nil {
		return "nil"
	}
	var ce websocket.CloseError
	var s []string
	if errors.As(err, &ce) {
		s = append(s, fmt.Sprintf("%v", ce))
	}
	for _, target := range []error{io.EOF, net.ErrClosed, context.Canceled, context.DeadlineExceeded, websocket.ErrMessageTooBig} {
		if errors.Is(err, target) {
			s = append(s, target.Error())
		}
	}
	return fmt.Sprintf("error(%d: %s)", websocket.CloseStatus(err), strings.Join(s, ", "))
}

// read tells what Read returns.
func read(c *websocket.Conn) string {
	typ, p, err := c.Read(soon())
	if len(p) > 200 && bytes.Equal(p, bytes.Repeat(p[:1], len(p))) {
		p = fmt.Appendf(nil, "%d of %q", len(p), p[:1])
	}
	if err != nil {
		return told(err)
	}
	return fmt.Sprintf("%v %q", typ, p)
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

// eventually calls f until it returns an error, a bounded number of times.
func eventually(f func() error) error {
	for deadline := time.Now().Add(twin.Limit / 2); time.Now().Before(deadline); {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}
