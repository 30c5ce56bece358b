// Package xconnect lets the HTTP/2 of net/http say that it takes WebSocket connections (RFC 8441): import it for that
// effect alone, in package main of a server.
//
//	import _ "github.com/seed-d69ae1b7/websocket/xconnect"
//
// Browsers then open WebSockets as streams of the HTTP/2 connection that they have, and do not fall back to another: every
// endpoint of the process must be able to answer that. Upgrader.Handler and Upgrader.DetachedHandler are; Upgrader.Upgrade,
// httputil.ReverseProxy and other libraries are not. To leave a server out, let it offer HTTP/1.1 only, with http.Server.Protocols.
//
// net/http has no other way to switch it on than GODEBUG=http2xconnect=1 in the environment of the process (Go issue
// 53208). This package sets that before net/http looks, and restores the environment before main runs. Where the
// environment says http2xconnect=0, that counts. It holds for all of the process, also for its clients of package net/http.
package xconnect

import (
	_ "net/http" // which has looked when this package is initialized

	"github.com/seed-d69ae1b7/websocket/xconnect/internal/early"
)

func init() { early.Restore() }
