package websocket

// This file holds the server's opening handshake for those who bring their own HTTP: without I/O (RFC 6455, Section
// 4.2), and over streams of HTTP/2 and HTTP/3 (RFC 8441, Section 5). What a request must be like stands in
// handshake.go.

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
)

// Handshake decides about an opening handshake without I/O, for servers that bring their own HTTP. It returns what was
// agreed on and the response to send, which is never nil, whether it accepts (with status 101) or refuses. It may be
// given further fields by AddHeader, and be sent by its Write or in any other way. The error is a *HandshakeError.
//
// Once the response has been sent, ServerConn makes a Conn of the connection, with u.Options and what was read behind
// the request. Shutdown, Len and All do not know that Conn; after Shutdown the answer is 503 here as well.
//
// r is what net/http makes of a request; of its fields, Method, ProtoMajor, ProtoMinor, Host, Header, TLS,
// ContentLength and TransferEncoding are looked at, beside what CheckOrigin and the other hooks want.
func (u *Upgrader) Handshake(r *http.Request) (Agreement, *http.Response, error) {
	h := serverHandshakes.Get().(*serverHandshake)
	defer h.release()
	h.http = r
	h.opening.fill(r)
	agreed, refusal := u.negotiate(h)
	if refusal != nil {
		refusal = u.refused(h, refusal)
		return Agreement{}, refusal.response(r), refusal
	}
	return agreed, h.response(agreed), nil
}

// AddHeader adds fields that an application or middleware wants to have sent, as w.Header() has them, to a response of Handshake or
// AcceptStream that accepts. Those that may not stand in it are left out: what resp has already, what belongs to the
// handshake, of which the log tells, what is about one connection of HTTP (RFC 9110, Section 7.6.1), and what describes a body.
func (u *Upgrader) AddHeader(resp *http.Response, h http.Header) {
	connection := h["Connection"]
	for name, values := range h {
		if isHandshakes(name) {
			u.logReserved(resp.Request.Context(), name)
		}
		if _, ours := resp.Header[name]; !ours && mayAccept(name, connection) {
			resp.Header[name] = values
		}
	}
}

// Refuse returns the response by which a server that brings its own HTTP refuses a request because of err, which it has found itself, as
// UpgradeConn does with the error of its callback: with the status, reason, header and body of a *HandshakeError, or else with
// 403. OnRefuse is called. The error is the *HandshakeError that came of it.
func (u *Upgrader) Refuse(r *http.Request, err error) (*http.Response, error) {
	h := serverHandshakes.Get().(*serverHandshake)
	defer h.release()
	h.http = r
	refusal := u.refused(h, refusalFor(err))
	return refusal.response(r), refusal
}

// AcceptStream answers an opening handshake over a stream of HTTP/2 (RFC 8441) or HTTP/3 (RFC 9220). r is the extended
// CONNECT, and protocol the value of its ":protocol". respond is called once, sends the response that it is given, and
// returns the stream if its status is 200; its body is empty then. An error of respond is that of AcceptStream; if it is
// a *HandshakeError with a Status, nothing must have been sent, and respond is called again, with the response that refuses.
//
// The stream belongs to the Conn from then on: its Close must end it, and its deadlines must not be set. The values of
// the request's context are those of Conn.Context. The error is a *HandshakeError; its Status is 0 unless the request
// was refused.
func (u *Upgrader) AcceptStream(
	r *http.Request, protocol string, respond func(*http.Response) (net.Conn, error),
) (*Conn, error) {
	h := serverHandshakes.Get().(*serverHandshake)
	defer h.release()
	h.http = r
	c, refusal := u.acceptStream(h, protocol, respond)
	if refusal == nil {
		return c, nil
	}
	if refusal = u.refused(h, refusal); refusal.Status != 0 {
		if nc, _ := respond(refusal.response(r)); nc != nil {
			nc.Close()
		}
	}
	return nil, refusal
}

// acceptStream is AcceptStream but for the answer to a request that is not accepted.
func (u *Upgrader) acceptStream(
	h *serverHandshake, protocol string, respond func(*http.Response) (net.Conn, error),
) (*Conn, *HandshakeError) {
	h.opening.fillStream(h.http, protocol)
	agreed, refusal := u.negotiate(h)
	if refusal != nil {
		return nil, refusal
	}
	nc, err := respond(h.response(agreed))
	if err == nil && nc == nil {
		err = errors.New("no stream")
	}
	if err != nil {
		if nc != nil {
			nc.Close()
		}
		var refusal *HandshakeError
		if errors.As(err, &refusal) {
			return nil, refusal
		}
		return nil, &HandshakeError{Reason: "the response could not be written", Err: err}
	}
	return u.open(h.http.Context(), nc, agreed, nil)
}

// fillStream is fill for an extended CONNECT.
func (o *opening) fillStream(r *http.Request, protocol string) {
	o.fill(r)
	o.stream, o.protocol = true, protocol
	o.body = r.ContentLength > 0 || len(r.Header["Content-Length"]) > 0 // the stream itself is a body of unknown length
}

// response returns the response that accepts.
func (h *serverHandshake) response(agreed Agreement) *http.Response {
	status, header := http.StatusOK, make(http.Header)
	if h.opening.stream {
		header.Set("Date", dateNow())
	} else {
		status = http.StatusSwitchingProtocols
		header.Set("Upgrade", "websocket")
		header.Set("Connection", "Upgrade")
		header.Set("Sec-WebSocket-Accept", AcceptKey(h.opening.value(fieldKey)))
	}
	if agreed.Subprotocol != "" {
		header.Set(ownFields[fieldProtocol], agreed.Subprotocol)
	}
	if len(h.answer) > 0 {
		header.Set(ownFields[fieldExtensions], string(h.answer))
	}
	return newResponse(h.http, status, header, nil)
}

// response returns the response by which a server refuses.
func (e *HandshakeError) response(r *http.Request) *http.Response {
	return newResponse(r, e.Status, e.header(), e.body())
}

// newResponse returns a response to r.
func newResponse(r *http.Request, status int, header http.Header, body []byte) *http.Response {
	resp := &http.Response{
		StatusCode: status, Status: statusText(status),
		Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: header, Body: http.NoBody, ContentLength: int64(len(body)), Request: r,
	}
	if len(body) > 0 {
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	return resp
}
