package websocket

// This file holds the server's opening handshake from bytes to bytes, for event loops: without I/O, and without net/http.
// UpgradeConn is the same over a net.Conn.

import (
	"context"
	"net"
	"strings"
	"unsafe"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// RequestSource says where the bytes of a request have come from, and who else is asked about it.
type RequestSource struct {
	// Context is that of Request.HTTPRequest. nil means context.Background.
	Context context.Context

	// Conn, unless nil, is what the request has come over, for the address in Request.HTTPRequest. One that has the method
	// ConnectionState of a *tls.Conn is a secure one.
	Conn interface{ RemoteAddr() net.Addr }

	// Accept, unless nil, is called with a request that is a right one, as the function given to UpgradeConn is.
	Accept func(*Request) error

	// Err, unless nil, is why nothing will follow src, such as os.ErrDeadlineExceeded, which is answered with 408, or io.EOF. It
	// matters only while the head is not whole.
	Err error

	// Scanned is how many bytes at the start of src an earlier call was given, for which it returned n = 0. They are not looked at
	// again before the head is whole, which matters where a client sends it byte by byte.
	Scanned int
}

// AppendHandshake decides about the opening handshake whose request begins src, without I/O. It appends the whole response to
// dst, and returns n, how many bytes of src the request takes; what follows them is the client's first frames. n is 0, and err
// nil, while src does not hold the whole head: call again when more has come.
//
// The error is a *HandshakeError, and n is 0: send what was appended, which is nothing if its Status is 0, and close. src is not
// changed, and nothing of it is kept.
//
// Once the response has been sent, ServerConn makes a Conn of the connection, or a Receiver and a Sender serve it.
// Upgrader.Shutdown, Len and All do not know it; after Shutdown the answer is 503 here as well. A head takes at most MaxRequestHead
// bytes, beyond which the answer is 431; to bound the time is the caller's business.
func (u *Upgrader) AppendHandshake(dst, src []byte, from RequestSource) (out []byte, _ Agreement, n int, err error) {
	limit := u.requestHead()
	whole := hasEnd(src[:min(len(src), limit)], from.Scanned)
	if !whole && len(src) < limit && from.Err == nil {
		return dst, Agreement{}, 0, nil
	}
	h := serverHandshakes.Get().(*serverHandshake)
	defer h.release()
	var agreed Agreement
	var refusal *HandshakeError
	switch {
	case whole:
		agreed, n, refusal = u.judge(h, src, from)
	case len(src) >= limit:
		refusal = tooLong(limit)
	default:
		refusal = receiveFailure(from.Err)
	}
	if refusal == nil {
		return h.appendAccepted(dst, agreed), agreed, n, nil
	}
	if refusal = u.refused(h, refusal); refusal.Status != 0 {
		dst = appendRefusal(dst, refusal)
	}
	return dst, Agreement{}, 0, refusal
}

// judge decides about the request at the start of in, which holds the whole head, and returns the size of that.
func (u *Upgrader) judge(h *serverHandshake, in []byte, from RequestSource) (agreed Agreement, n int, refusal *HandshakeError) {
	head := unsafe.String(unsafe.SliceData(in), len(in)) // its parts are forgotten before in is used again
	if from.Accept != nil {
		head = strings.Clone(head) // the callback may keep what it likes
	}
	if n, refusal = parseRequest(head, &h.opening, &h.request); refusal != nil {
		return agreed, 0, refusal
	}
	if from.Context == nil {
		from.Context = context.Background()
	}
	h.request.ctx, h.request.from, h.request.parsed = from.Context, from.Conn, true
	_, h.opening.secure = from.Conn.(transport.TLSConn)
	if agreed, refusal = u.negotiate(h); refusal != nil || from.Accept == nil {
		return agreed, n, refusal
	}
	if err := from.Accept(&h.request); err != nil {
		return agreed, 0, refusalFor(err)
	}
	if h.request.reserved != "" {
		u.logReserved(from.Context, h.request.reserved)
	}
	return agreed, n, nil
}

// appendAccepted appends the response to a request that was accepted.
func (h *serverHandshake) appendAccepted(dst []byte, agreed Agreement) []byte {
	dst = appendSwitching(dst, h.opening.value(fieldKey), agreed.Subprotocol, h.answer)
	return append(append(dst, h.request.response...), "\r\n"...)
}
