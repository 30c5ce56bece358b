package main

// This file holds the server: an Upgrader with the zero value's strictness, on bare connections or behind net/http.

import (
	"context"
	"net"
	"net/http"

	"github.com/seed-d69ae1b7/websocket"
)

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
