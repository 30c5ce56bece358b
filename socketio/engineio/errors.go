package engineio

// This file holds why sessions end and why requests are refused, as values that travel or are told to a Handler.

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/seed-d69ae1b7/websocket"
)

// Reason says why a session ended, in the words of the Node implementation.
type Reason string

// The reasons.
const (
	TransportClose Reason = "transport close"      // the client closed it, or its connection
	TransportError Reason = "transport error"      // a rule or a limit was broken, or a client did not keep up
	PingTimeout    Reason = "ping timeout"         // nothing came for Options.PingTimeout after a ping
	ParseError     Reason = "parse error"          // what came was no packet
	ForcedClose    Reason = "forced close"         // Session.Close
	ServerShutdown Reason = "server shutting down" // Server.Shutdown
)

// CloseError says why a session ended. It is the cause of Session.Context, and what Send returns afterwards.
type CloseError struct {
	Reason Reason // who ended it, and how
	Err    error  // nil, or the cause
}

// Error gives the reason and the cause.
func (e *CloseError) Error() string {
	if e.Err != nil {
		return "engineio: " + string(e.Reason) + ": " + e.Err.Error()
	}
	return "engineio: " + string(e.Reason)
}

// Unwrap returns the cause.
func (e *CloseError) Unwrap() error { return e.Err }

// Error is a refused request, as it travels: {"code": Code, "message": Message}.
type Error struct {
	Code    int
	Message string
}

// Error returns Message.
func (e *Error) Error() string { return e.Message }

// The codes of Error. The status of the response is 403 for Forbidden and 400 for the others.
const (
	UnknownTransport   = 0
	UnknownSession     = 1
	BadHandshakeMethod = 2
	BadRequest         = 3
	Forbidden          = 4
	UnsupportedVersion = 5
)

// messages are the texts of the codes, in the words of the Node implementation.
var messages = [...]string{
	UnknownTransport:   "Transport unknown",
	UnknownSession:     "Session ID unknown",
	BadHandshakeMethod: "Bad handshake method",
	BadRequest:         "Bad request",
	Forbidden:          "Forbidden",
	UnsupportedVersion: "Unsupported protocol version",
}

// What breaks a session's rules: the causes of CloseErrors.
var (
	errOverlapGet    = errors.New("a second GET request while one was pending")
	errOverlapPost   = errors.New("a second POST request while one was being read")
	errAbortedGet    = errors.New("the client gave up a GET request")
	errAbortedPost   = errors.New("the client gave up a POST request")
	errSlowPost      = errors.New("the body of a POST request was too slow")
	errOctetStream   = errors.New("a POST request of revision 3: application/octet-stream")
	errNoPacket      = errors.New("a malformed packet")
	errDirection     = errors.New("invalid heartbeat direction: clients answer pings")
	errSecond        = errors.New("a WebSocket connection for a session that has, or tries, one already")
	errNotPaused     = errors.New("an upgrade amid a POST request")
	errHandlerPanic  = errors.New("a panic of the handler")
	errMismatch      = errors.New("not the transport of the session")
	errPollUnwritten = errors.New("the response of a poll could not be written")
)

// refusal is why a request is not served.
type refusal struct {
	status int
	err    *Error // nil: the status says it all
	why    error  // for OnRefuse and the log; nil if err says it all
}

// refuse returns a refusal with a code. why, which may be nil, does not travel.
func refuse(code int, why error) *refusal {
	status := http.StatusBadRequest
	if code == Forbidden {
		status = http.StatusForbidden
	}
	return &refusal{status, &Error{code, messages[code]}, why}
}

// asCloseError returns the root package's error of a connection that has ended.
func asCloseError(err error) (*websocket.CloseError, bool) {
	var e *websocket.CloseError
	ok := errors.As(err, &e)
	return e, ok
}

// tooLarge returns the refusal of a body.
func tooLarge(size, limit int64) *refusal {
	err := fmt.Errorf("the body of a POST request has %d bytes or more, MaxPayload allows %d", size, limit)
	return &refusal{http.StatusRequestEntityTooLarge, nil, err}
}
