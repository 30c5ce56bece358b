//go:build !js

package websocket

// This file gives tests of package websocket_test, which may import what imports this package, what they need of ours.

// HostileConn is a connection that hostile peers meet.
type HostileConn = hostileConn

// AddServer has all tests with hostile peers meet a server, too.
func AddServer(name string, s server) { servers[name] = s }
