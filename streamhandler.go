package websocket

// This file holds how the handlers of an Upgrader serve a request that has come over HTTP/2 (RFC 8441, Section 5): over
// the stream that internal/httpstream makes of it. The rules for such requests stand in handshake.go.

import (
	"maps"
	"net"
	"net/http"

	"github.com/seed-d69ae1b7/websocket/internal/httpstream"
)

// isStream reports whether r is an extended CONNECT of net/http, or is meant to be one (RFC 8441, Section 4). net/http
// keeps ":protocol" among the fields, where no other request can have it.
func isStream(r *http.Request) bool { return r.ProtoMajor == 2 && len(r.Header[":protocol"]) > 0 }

// streamOnly is the answer of those who cannot serve a stream. RFC 9110, Section 15.6.2: 501 "indicates that the server does
// not support the functionality required to fulfill the request".
func streamOnly() *HandshakeError {
	return &HandshakeError{
		Status: http.StatusNotImplemented,
		Reason: "Upgrade cannot take a stream of HTTP/2 over from net/http, use Handler or DetachedHandler (RFC 8441)",
	}
}

// serveStream answers a request for which isStream holds, and calls f with the connection. It returns when the connection
// has ended, too: the stream ends with the handler.
func (u *Upgrader) serveStream(w http.ResponseWriter, r *http.Request, f func(*Conn)) {
	a := streamAnswer{u: u, w: w, r: r}
	c, err := u.AcceptStream(r, r.Header[":protocol"][0], a.respond)
	if a.stream != nil {
		defer a.stream.Wait() // also when f panics
	}
	if err != nil {
		u.logFailure(r, err)
		return
	}
	defer c.waitFinished()
	f(c)
}

// waitFinished waits until the connection has ended and nobody counts it any more.
func (c *Conn) waitFinished() {
	c.mu.Lock()
	done := c.doneLocked()
	c.unlock()
	<-done
}

// streamAnswer is the answer to an extended CONNECT.
type streamAnswer struct {
	u      *Upgrader
	w      http.ResponseWriter
	r      *http.Request
	stream *httpstream.Conn // once the answer accepts
}

// respond sends a response, and returns the stream if that accepts.
func (a *streamAnswer) respond(resp *http.Response) (net.Conn, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, sendRefusal(a.w, resp)
	}
	s, err := httpstream.New(a.w, a.r)
	if err != nil {
		return nil, &HandshakeError{
			Status: http.StatusInternalServerError, Reason: "the server cannot use the stream", Err: err,
		}
	}
	h := a.w.Header()
	a.u.AddHeader(resp, h)
	clear(h) // the rest is about the body that the response would have otherwise
	maps.Copy(h, resp.Header)
	a.w.WriteHeader(resp.StatusCode)
	a.stream = s
	s.Start() // before anybody who may ask for something
	return s, s.Flush()
}
