// Package h3 carries WebSocket connections over HTTP/3 (RFC 9220) with the HTTP/3 of quic-go, in both roles. The connections are those of
// package websocket in every respect; how they are reached, and what a QUIC connection may cost, is said to quic-go.
//
//	server := http3.Server{Handler: h3.Handler(&upgrader, f), TLSConfig: …}
//
//	conn, _, err := h3.Dial(ctx, &dialer, over, "wss://example.com/chat") // over is a *http3.ClientConn
//
// A WebSocket connection that ends in order ends its stream in order; one that is cut resets it (RFC 9220, Section 3, and RFC 8441, Section 5),
// with the error code H3_REQUEST_CANCELLED. What the peer resets is code 1006, with the *http3.Error in Err.
package h3
