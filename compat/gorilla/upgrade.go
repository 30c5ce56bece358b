package websocket

// This file holds the server's opening handshake: the library decides about the request, what was hijacked of net/http is
// answered here.

import (
	"bytes"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	ws "github.com/seed-d69ae1b7/websocket"
)

// Upgrader accepts connections behind net/http. Its methods may be called by several goroutines at once; the fields must not be
// changed meanwhile.
type Upgrader struct {
	// HandshakeTimeout bounds the sending of the response. 0 means no bound.
	HandshakeTimeout time.Duration

	// ReadBufferSize is the size in bytes of the buffer that a connection reads into, which bounds no message. 0 means 4096.
	// WriteBufferSize is how much of a message of NextWriter is sent in one frame; less than 32 KiB means that. What frames are
	// made in is shared by all connections.
	ReadBufferSize, WriteBufferSize int

	// WriteBufferPool is not used: see WriteBufferSize.
	WriteBufferPool BufferPool

	// Subprotocols are those that the server speaks, in the order of its preference: the first that the client asks for is
	// chosen, and a client that asks for none is accepted without. nil leaves the choice to the field
	// Sec-WebSocket-Protocol of Upgrade's responseHeader.
	Subprotocols []string

	// Error answers a request that is refused, with the status that it should have. nil means http.Error.
	Error func(w http.ResponseWriter, r *http.Request, status int, reason error)

	// CheckOrigin reports whether a page of the request's origin may connect. nil means pages of the server's own, whose
	// origin has the host and port of the request. Requests without Origin, which are not a browser's, are allowed then.
	CheckOrigin func(r *http.Request) bool

	// EnableCompression accepts permessage-deflate (RFC 7692) where the client offers it, with context takeover.
	EnableCompression bool
}

// BufferPool is what Upgrader and Dialer have a field for. The package calls neither method.
type BufferPool interface {
	Get() any // would take a buffer
	Put(any)  // would give it back
}

// Upgrade accepts a connection without looking at the origin.
//
// Deprecated: as in gorilla, use an Upgrader. A request that is refused is not answered: that is left to the caller.
func Upgrade(w http.ResponseWriter, r *http.Request, responseHeader http.Header, readBufSize, writeBufSize int) (*Conn, error) {
	u := Upgrader{
		ReadBufferSize: readBufSize, WriteBufferSize: writeBufSize,
		Error:       func(http.ResponseWriter, *http.Request, int, error) {},
		CheckOrigin: func(*http.Request) bool { return true },
	}
	return u.Upgrade(w, r, responseHeader)
}

// Upgrade answers an opening handshake and takes the connection over from net/http. responseHeader holds further fields of the
// response, but for those of the handshake; Sec-WebSocket-Protocol only counts where u.Subprotocols is nil, and is then sent as
// it is. The fields of w.Header() are not sent.
//
// The error is a HandshakeError if the request was refused; then it has been answered.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request, responseHeader http.Header) (*Conn, error) {
	if len(responseHeader["Sec-Websocket-Extensions"]) > 0 {
		return nil, u.refuse(w, r, http.StatusInternalServerError, errExtensions.Error())
	}
	agreed, response, err := u.decide(r)
	if err != nil {
		status, reason := refusal(err)
		return nil, u.refuse(w, r, status, reason)
	}
	if agreed.Subprotocol = u.subprotocol(r, responseHeader); agreed.Subprotocol != "" {
		response.Header.Set(protocolField, agreed.Subprotocol)
	}
	addFields(response.Header, responseHeader)
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, u.refuse(w, r, http.StatusInternalServerError, "websocket: hijacking the connection: "+err.Error())
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	if err := u.respond(nc, response); err != nil {
		nc.Close()
		return nil, err
	}
	return newConn(nc, false, agreed, bytes.Clone(early), sizes{u.ReadBufferSize, u.WriteBufferSize}), nil
}

const protocolField = "Sec-Websocket-Protocol"

// decide lets the library decide about a request, but for its subprotocols.
func (u *Upgrader) decide(r *http.Request) (ws.Agreement, *http.Response, error) {
	up := ws.Upgrader{InsecureSkipOriginCheck: u.CheckOrigin != nil}
	up.Compression = compression(u.EnableCompression)
	if u.CheckOrigin != nil {
		up.CheckOrigin = func(*http.Request, bool) bool { return u.CheckOrigin(r) }
	}
	shown := *r
	shown.Header = maps.Clone(r.Header)
	delete(shown.Header, protocolField)
	return up.Handshake(&shown)
}

// subprotocol returns the one to answer with. The library takes tokens only, as RFC 6455 has it (Section 4.1), but there are
// others: that of Kubernetes' port forwarding has a slash.
func (u *Upgrader) subprotocol(r *http.Request, responseHeader http.Header) string {
	if u.Subprotocols == nil {
		return responseHeader.Get(protocolField)
	}
	asked := Subprotocols(r)
	for _, p := range u.Subprotocols {
		if slices.Contains(asked, p) {
			return p
		}
	}
	return ""
}

// refusal returns the status and the reason for a refusal of the library's.
func refusal(err error) (status int, reason string) {
	he := (*ws.HandshakeError)(nil)
	if !errors.As(err, &he) {
		return http.StatusInternalServerError, err.Error()
	}
	if he.Status == http.StatusUpgradeRequired {
		he.Status = http.StatusBadRequest // as gorilla has it
	}
	return he.Status, "websocket: " + he.Reason
}

// refuse answers a request that is refused and returns the error.
func (u *Upgrader) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) error {
	err := HandshakeError{reason}
	if u.Error != nil {
		u.Error(w, r, status, err)
		return err
	}
	// RFC 6455, Section 4.2.2: "the server MUST [...] send an appropriate HTTP error code [...] and a |Sec-WebSocket-Version|
	// header field".
	w.Header().Set("Sec-Websocket-Version", "13")
	http.Error(w, http.StatusText(status), status)
	return err
}

// addFields adds the application's fields to those of the handshake, which are not the application's.
func addFields(h, more http.Header) {
	for name, values := range more {
		switch http.CanonicalHeaderKey(name) {
		case "Connection", "Upgrade", "Sec-Websocket-Accept", protocolField, "Content-Length", "Transfer-Encoding", "Trailer":
		default:
			h[name] = append(h[name], values...)
		}
	}
}

// respond sends the response. The deadlines that net/http may have left are taken away.
func (u *Upgrader) respond(nc net.Conn, response *http.Response) error {
	var out bytes.Buffer
	if err := response.Write(&out); err != nil {
		return err
	}
	if err := nc.SetDeadline(time.Time{}); err != nil {
		return err
	}
	if u.HandshakeTimeout > 0 {
		nc.SetWriteDeadline(time.Now().Add(u.HandshakeTimeout))
		defer nc.SetWriteDeadline(time.Time{})
	}
	_, err := nc.Write(out.Bytes())
	return err
}

// Subprotocols returns the subprotocols that a request asks for, in the order of the client's preference.
func Subprotocols(r *http.Request) []string { return listed(r.Header[protocolField]) }

// IsWebSocketUpgrade reports whether a request asks for a WebSocket connection over HTTP/1.1, which is what an Upgrader makes.
func IsWebSocketUpgrade(r *http.Request) bool {
	return r.Method != http.MethodConnect && ws.IsUpgrade(r)
}
