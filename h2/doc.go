// Package h2 carries WebSocket connections over HTTP/2 (RFC 8441) with a small HTTP/2 of its own (RFC 9113), in both roles: many connections of
// a client over one TCP connection, and a server for listeners that have nothing else. Behind net/http's HTTP/2 this package is not needed: see
// package xconnect. The connections are those of package websocket in every respect.
//
//	var client h2.Client // shared by all
//	conn, _, err := client.Dial(ctx, "wss://example.com/chat")
//
// A server takes the connections of a listener one by one, such as those of a proxy that speaks HTTP/2 with it:
//
//	for {
//		nc, err := listener.Accept()
//		if err != nil {
//			return err
//		}
//		go h2.Serve(ctx, nc, &upgrader, func(conn *websocket.Conn, r *http.Request) { … })
//	}
//
// # What it costs and what it bounds
//
// A stream has no goroutine of its own, and no buffer while nothing waits in it: an idle connection takes less than 7 KiB over TLS, on
// either side, with the goroutine that reads it. Each stream may have 64 KiB that nobody has read, and only that bounds what the peer may send: a
// stream that is not read holds up no other. Deadlines end the calls that they are for and nothing else. All streams of a connection share its fate,
// and the pace of its one TCP connection.
//
// A peer that makes work without sending anything (floods of PING, SETTINGS, RST_STREAM, empty DATA, CONTINUATION and others) loses the connection
// with ENHANCE_YOUR_CALM after 1,000 such frames at once, or 100 a second for long. Header blocks are bounded by MaxRequestHead and
// MaxResponseHead.
//
// # How a stream ends
//
// A WebSocket connection ends its stream as it ends a TCP connection: in order with END_STREAM. What is over TCP a reset is RST_STREAM here (RFC
// 8441, Section 5): a connection that the peer resets ends with code 1006, and Err of its *websocket.CloseError wraps a *StreamError with the
// code. If it is the connection of HTTP/2 that has ended, that is a *ConnectionError.
package h2
