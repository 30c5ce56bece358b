package main

// This file holds the server: an Upgrader with the zero value's strictness, on bare connections or behind net/http.

import (
	"context"
	"net"
	"net/http"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

// serveReactor answers connections by event loops until ln is closed: as sockets, with workers or not, or as any net.Conn.
func serveReactor(ln net.Listener, kind string, options websocket.Options) error {
	s := reactor.Server{
		Upgrader: &websocket.Upgrader{Options: options},
		Handler: reactor.MessageFunc(func(c *reactor.Conn, op websocket.Opcode, p []byte) {
			c.Write(context.Background(), op, p)
		}),
	}
	switch kind {
	case "workers":
		s.Workers = 4
	case "other":
		ln = plain{ln}
	}
	return s.Serve(ln)
}

// plain is a listener whose connections are not known to be sockets.
type plain struct{ net.Listener }

func (ln plain) Accept() (net.Conn, error) {
	nc, err := ln.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return struct{ *net.TCPConn }{nc.(*net.TCPConn)}, nil
}

// serve answers connections until ln is closed.
func serve(ctx context.Context, ln net.Listener, behindHTTP bool, options websocket.Options, f echo) error {
	u := &websocket.Upgrader{Options: options}
	if behindHTTP {
		handler := u.Handler(func(conn *websocket.Conn, _ *http.Request) { f(conn.Context(), conn) })
		server := &http.Server{Handler: handler, ReadHeaderTimeout: websocket.DefaultHandshakeTimeout}
		return server.Serve(ln)
	}
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			conn, err := u.UpgradeConn(ctx, nc, nil)
			if err != nil {
				return
			}
			f(ctx, conn)
			conn.Close(websocket.StatusNormalClosure, "")
		}()
	}
}
