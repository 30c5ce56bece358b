package websocket

// This file holds the server's role in the opening handshake on a bare connection: reading the request, which
// request.go parses and handshake.go judges, and answering it.

import (
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"
)

// requestBuffer is the size of the buffer that a request is read into at first. Most fit.
const requestBuffer = 4 << 10

// UpgradeConn reads an opening handshake from nc and answers it, without net/http. accept, unless nil, is called with
// a request that is a right one; its error refuses the request, with the status, reason and header of a
// *HandshakeError, or else with 403. The error's text is not sent. nc may be a *tls.Conn, or a type that embeds one.
//
// The request may have MaxRequestHead bytes and 128 header fields (431 is the answer beyond) and the handshake, accept
// included, may take HandshakeTimeout and until ctx ends (408 if the time was up). Once UpgradeConn has returned, ctx
// has no further effect; Conn.Context shows its values. What the client has sent behind its request is not lost.
//
// An opening handshake makes the stack of its goroutine grow for good: where many connections are idle, use the
// connection on a new goroutine, which is some 2 KiB smaller.
//
// UpgradeConn owns nc from the call on, and on error has closed it, having waited up to a second for the client to
// take the answer. The error is a *HandshakeError, whose Status is 0 if nothing could be answered.
func (u *Upgrader) UpgradeConn(ctx context.Context, nc net.Conn, accept func(*Request) error) (*Conn, error) {
	h := serverHandshakes.Get().(*serverHandshake)
	defer h.release()
	var end time.Time
	if t := orDefault(u.HandshakeTimeout, DefaultHandshakeTimeout); t > 0 {
		end = time.Now().Add(t)
	}
	if t, ok := ctx.Deadline(); ok && (end.IsZero() || t.Before(end)) {
		end = t
	}
	upgraded := false
	deadline := boundHandshake(ctx, nc, end)
	defer func() {
		if !upgraded { // also when accept panics
			deadline.release()
			nc.Close()
		}
	}()
	agreed, rest, refusal := u.handshake(ctx, h, nc, accept)
	// A client whose time was up is told so; when the caller has given up, there is nobody to answer for.
	if err := deadline.release(); err != nil && (refusal == nil || !errors.Is(err, context.DeadlineExceeded)) {
		refusal = &HandshakeError{Reason: "the handshake was interrupted", Err: err}
	}
	var c *Conn
	if refusal == nil {
		upgraded = true
		c, refusal = u.open(ctx, nc, agreed, rest)
	}
	if refusal == nil {
		return c, nil
	}
	if refusal = u.refused(h, refusal); refusal.Status != 0 {
		h.out = appendRefusal(h.out[:0], refusal)
		refuseConn(nc, h.out)
	}
	return nil, refusal
}

// handshake reads a request and, if it is right, accepts it. rest is what the client sent behind it, within h.in.
func (u *Upgrader) handshake(ctx context.Context, h *serverHandshake, nc net.Conn, accept func(*Request) error) (
	agreed Agreement, rest []byte, _ *HandshakeError,
) {
	if refusal := h.receive(nc, u.requestHead()); refusal != nil {
		return agreed, nil, refusal
	}
	agreed, n, refusal := u.judge(h, h.in, RequestSource{Context: ctx, Conn: nc, Accept: accept})
	if refusal != nil {
		return agreed, nil, refusal
	}
	h.out = h.appendAccepted(h.out[:0], agreed)
	if _, err := nc.Write(h.out); err != nil {
		return agreed, nil, &HandshakeError{Reason: "the response could not be written", Err: err}
	}
	return agreed, h.in[n:], nil
}

// requestHead returns the most bytes of a request's head.
func (u *Upgrader) requestHead() int {
	if u.MaxRequestHead > 0 {
		return min(u.MaxRequestHead, math.MaxInt32)
	}
	return defaultRequestHead
}

// receive reads until h.in holds a whole head of at most limit bytes.
func (h *serverHandshake) receive(nc net.Conn, limit int) *HandshakeError {
	h.in = slices.Grow(h.in[:0], requestBuffer)
	for {
		scanned := len(h.in)
		if scanned == cap(h.in) {
			h.in = slices.Grow(h.in, min(scanned, limit-scanned))
		}
		n, err := nc.Read(h.in[scanned:min(cap(h.in), limit)])
		h.in = h.in[:scanned+n]
		if hasEnd(h.in, scanned) {
			return nil
		}
		if len(h.in) == limit {
			return tooLong(limit)
		}
		if err != nil {
			return receiveFailure(err)
		}
	}
}

// tooLong is the answer to a request whose head has more than limit bytes.
func tooLong(limit int) *HandshakeError {
	return &HandshakeError{
		Status: http.StatusRequestHeaderFieldsTooLarge,
		Reason: "the request has more than " + strconv.Itoa(limit) + " bytes",
	}
}

// receiveFailure tells a client that was too slow from one that has gone.
func receiveFailure(err error) *HandshakeError {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &HandshakeError{Status: http.StatusRequestTimeout, Reason: "the request took too long", Err: err}
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &HandshakeError{Reason: "the request could not be read", Err: err}
}

// refusalFor returns the answer that an error of the application stands for.
func refusalFor(err error) *HandshakeError {
	var e *HandshakeError
	if errors.As(err, &e) && e.refuses() {
		return e
	}
	return &HandshakeError{Status: http.StatusForbidden, Reason: "the application refused the request", Err: err}
}

// appendRefusal appends the whole response to a request that was not accepted. It ends HTTP's use of the connection.
func appendRefusal(dst []byte, e *HandshakeError) []byte {
	dst = append(strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(e.Status), 10), ' ')
	dst = append(append(dst, http.StatusText(e.Status)...), "\r\n"...)
	body, h := e.body(), e.header()
	// RFC 9110, Section 7.8, wants Connection to name Upgrade where that is sent. "close" is left out then: some clients
	// drop the whole field when they see it.
	connection := "close"
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if name == "Connection" {
			connection = "Upgrade"
			continue
		}
		for _, v := range h[name] {
			dst = appendField(dst, name, v)
		}
	}
	dst = appendField(dst, "Connection", connection)
	dst = appendField(dst, "Content-Length", strconv.Itoa(len(body)))
	return append(append(dst, "\r\n"...), body...)
}

// refuseConn sends the response, and gives the client the time to read it before the connection goes: it may still be
// sending, and closing at once would reset the connection and destroy the answer.
func refuseConn(nc net.Conn, response []byte) {
	nc.SetDeadline(time.Now().Add(lingerTime))
	if _, err := nc.Write(response); err != nil {
		return
	}
	if w, ok := nc.(interface{ CloseWrite() error }); ok && w.CloseWrite() != nil {
		return
	}
	io.CopyN(io.Discard, nc, lingerBytes)
}
