package websocket

// This file holds which status codes a browser lets a page send, and what becomes of the others. RFC 6455 knows no such rule; it
// is that of WebSocket.close in the HTML world's standard (websockets.spec.whatwg.org): "If code is present, but is neither an
// integer equal to 1000 nor an integer in the range 3000 to 4999, inclusive, throw an "InvalidAccessError" DOMException."

import "errors"

// errBrowserCode is the error of Close, under js, with a code that a browser does not send.
var errBrowserCode = errors.New("websocket: browsers send the status codes 1000 and 3000 to 4999, or none, and no other")

// errBrowserControl is the error, under js, of whoever wants to send a ping or a pong.
var errBrowserControl = errors.New("websocket: browsers do not let a page send pings and pongs")

// browserSends reports whether a page can have a close frame with code sent.
func browserSends(code StatusCode) bool {
	return code == StatusNormalClosure || code == StatusNoStatusReceived || code >= 3000 && code <= 4999
}

// browserCode returns what is sent under js where Conn itself closes with code: 4002 in the place of 1002 and so on. docs/browser.md
// has the table.
func browserCode(code StatusCode) StatusCode {
	if browserSends(code) {
		return code
	}
	return code + 3000
}
