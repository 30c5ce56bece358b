package websocket

// This file holds status codes and the payload of close frames (RFC 6455, Sections 5.5.1 and 7.4). When a close
// frame is sent and what follows it stands in closing.go.

import (
	"encoding/binary"
	"errors"
	"strconv"
	"unicode/utf8"
)

// StatusCode says why a connection was closed (RFC 6455, Section 7.4, and the IANA registry that it founded).
type StatusCode uint16

// The registered status codes. StatusNoStatusReceived, StatusAbnormalClosure and StatusTLSHandshake never travel on
// the wire: they stand for what happened when no code did.
//
// Codes 1012 to 1014 were registered after RFC 6455, and some peers refuse them as a violation of the protocol: WebKit,
// libwebsockets, Qt, Tomcat and cowboy among them. Their application sees 1002 or 1006 instead, and does not learn when to
// come back. Where those may be at the other end, send StatusGoingAway, as Upgrader.Shutdown does, or a code of your own
// from 4000 on (Section 7.4.2), which all know.
const (
	StatusNormalClosure      StatusCode = 1000 // the purpose of the connection has been fulfilled
	StatusGoingAway          StatusCode = 1001 // the server is going down, or the browser leaves the page
	StatusProtocolError      StatusCode = 1002 // the peer broke RFC 6455
	StatusUnsupportedData    StatusCode = 1003 // a type of message that this endpoint does not take
	StatusNoStatusReceived   StatusCode = 1005 // the close frame had no code
	StatusAbnormalClosure    StatusCode = 1006 // the connection ended without a close frame
	StatusInvalidPayload     StatusCode = 1007 // a text message was not UTF-8, or a payload did not inflate
	StatusPolicyViolation    StatusCode = 1008 // a rule of this endpoint's own, such as a limit on floods
	StatusMessageTooBig      StatusCode = 1009 // a message over the limit
	StatusMandatoryExtension StatusCode = 1010 // only clients send it: the server did not negotiate an extension that they need
	StatusInternalError      StatusCode = 1011 // the server met a condition that it did not expect
	StatusServiceRestart     StatusCode = 1012 // the service restarts: reconnect after a random delay; unknown to many
	StatusTryAgainLater      StatusCode = 1013 // the service is overloaded; unknown to many
	StatusBadGateway         StatusCode = 1014 // a gateway got an invalid response from upstream; unknown to many
	StatusTLSHandshake       StatusCode = 1015 // the TLS handshake failed
)

// statusNames holds the names of the codes from 1000 on.
var statusNames = [...]string{
	"normal closure", "going away", "protocol error", "unsupported data", "", "no status received",
	"abnormal closure", "invalid payload data", "policy violation", "message too big", "mandatory extension",
	"internal error", "service restart", "try again later", "bad gateway", "TLS handshake",
}

// String returns the code's number, followed by its name where it is registered.
func (c StatusCode) String() string {
	s := strconv.Itoa(int(c))
	if i := int(c) - 1000; i >= 0 && i < len(statusNames) && statusNames[i] != "" {
		s += " (" + statusNames[i] + ")"
	}
	return s
}

// OnWire reports whether a close frame may carry c: 1000 to 1003, 1007 to 1014, and 3000 to 4999 (RFC 6455, Section
// 7.4; 1012 to 1014 were registered later). The codes that are reserved to stand for events, that nobody has
// registered, or that lie outside the ranges of Section 7.4.2 may not.
func (c StatusCode) OnWire() bool {
	return c >= 1000 && c <= 1003 || c >= 1007 && c <= 1014 || c >= 3000 && c <= 4999
}

// MaxCloseReason is the most bytes that the reason of a close frame may have: what a control frame may carry, less
// the code.
const MaxCloseReason = MaxControlPayload - 2

var (
	errCloseCode   = errors.New("websocket: status code may not be sent in a close frame")
	errCloseReason = errors.New("websocket: reason of a close frame is not valid UTF-8")
)

// AppendClose appends the payload of a close frame to dst: code, then reason, cut at the end of a character to at
// most MaxCloseReason bytes. StatusNoStatusReceived with an empty reason stands for an empty payload. On error,
// because code may not travel (see StatusCode.OnWire) or reason is not UTF-8, dst is returned as it was.
func AppendClose(dst []byte, code StatusCode, reason string) ([]byte, error) {
	if code == StatusNoStatusReceived && reason == "" {
		return dst, nil
	}
	if !code.OnWire() {
		return dst, errCloseCode
	}
	// RFC 6455, Section 5.5.1: "the body MAY contain UTF-8-encoded data".
	if !utf8.ValidString(reason) {
		return dst, errCloseReason
	}
	return append(binary.BigEndian.AppendUint16(dst, uint16(code)), cutReason(reason)...), nil
}

// cutReason returns the longest prefix of a valid reason that fits into a close frame and ends on a whole character.
func cutReason(reason string) string {
	if len(reason) <= MaxCloseReason {
		return reason
	}
	n := MaxCloseReason
	for !utf8.RuneStart(reason[n]) {
		n--
	}
	return reason[:n]
}

// ParseClose reads the payload of a close frame. An empty payload is StatusNoStatusReceived (RFC 6455, Section
// 7.1.5). The error is a *ProtocolError. The reason aliases p.
func ParseClose(p []byte) (code StatusCode, reason []byte, err error) {
	if len(p) == 0 {
		return StatusNoStatusReceived, nil, nil
	}
	// RFC 6455, Section 5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer".
	if len(p) == 1 {
		return 0, nil, protocolError(StatusProtocolError, "5.5.1", "close frame with a payload of one byte")
	}
	code = StatusCode(binary.BigEndian.Uint16(p))
	// RFC 6455, Section 7.4.1: reserved values "MUST NOT be set as a status code in a Close control frame".
	if !code.OnWire() {
		return 0, nil, protocolError(StatusProtocolError, "7.4", "close frame with status code "+code.String())
	}
	if len(p) > MaxControlPayload {
		return 0, nil, protocolError(StatusProtocolError, "5.5", "control frame over 125 bytes")
	}
	// RFC 6455, Section 8.1, holds for the reason as for any text: "that endpoint MUST _Fail the WebSocket
	// Connection_".
	if !utf8.Valid(p[2:]) {
		return 0, nil, protocolError(StatusInvalidPayload, "8.1", "reason of a close frame is not valid UTF-8")
	}
	return code, p[2:], nil
}
