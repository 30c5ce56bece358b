package engineio

// This file holds a session's life: who is told of it, and how it ends. What it sends is in send.go.
//
// A session is new until Handler.Open has been called, then open, and ended from the first call of end on. The last call of the
// Handler comes at once after that, or when the call that runs has returned.

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// Handler is told what happens on sessions. The calls for one session come one after another and must return soon: while
// one runs, nothing more of that session is read, and its ping timeout stands still. Those for different sessions come at the same
// time; with Options.Loops they must not wait, because the loop's other sessions do meanwhile: see PauseReading. A panic is logged
// and ends the session with TransportError.
type Handler interface {
	// Open is called before anything of the session is read.
	Open(s *Session)
	// Message is called with each message. data is the Handler's to keep and to change.
	Message(s *Session, op websocket.Opcode, data []byte)
	// Close is the last call. Nothing reaches the client any more, but what was sent before may still be on its way.
	Close(s *Session, reason Reason, err error)
}

// Session is one client, whatever transport it is on, or, opened by a Dialer, one server. Its methods may be called by any goroutine.
type Session struct {
	srv    *Server
	id     string
	values context.Context // has the values of the request's
	client *client         // nil unless this side has opened it: see dialer.go

	mu      sync.Mutex // guards the rest, but for what heartbeat.go says
	req     *Request
	value   any
	state   any             // the Handler's
	context *sessionContext // nil until somebody asks
	end     *CloseError     // nil until the end
	how     ending          // with end
	calling bool            // a call of the Handler runs
	aborted bool            // that call has not returned; owned by its goroutine
	told    bool            // Handler.Close has been called, or is going to be by whoever set it
	base64  bool            // binary travels as text on WebSocket, too
	held    bool            // something waits for the last release, or for Flush
	holds   int32           // calls of Hold that are not released
	paused  chan struct{}   // closed when reading goes on; nil while it does
	link    link            // nil while the session is on polling
	polling *polling        // nil while it is on WebSocket
	beat    beat
}

// sessionContext is what Context returns, with what ends it.
type sessionContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// ending is how the client learns of the end.
type ending uint8

const (
	byClient ending = iota // it asked for it
	byServer               // it gets what was sent before, and a close packet
	byFault                // it broke a rule
	byLoss                 // nobody is there to tell
)

// How long what a poll that is not there yet should have got is kept for it. The client's own goodbye may overtake its poll by
// little; a client that the server closes may take some time to come back, and Shutdown waits for the polls of those that are about to.
const (
	keepForClient   = 200 * time.Millisecond
	keepForServer   = 30 * time.Second
	keepForShutdown = time.Second
)

// ID returns the identifier. It is secret: it is what a client proves itself with.
func (s *Session) ID() string { return s.id }

// Request returns what is kept of the request that opened the session, or nil: see Options.ForgetRequest and Dialer.
func (s *Session) Request() *Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.req
}

// Transport returns the transport that the session is on.
func (s *Session) Transport() Transport {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.polling != nil {
		return Polling
	}
	return WebSocket
}

// SetState sets what State returns.
func (s *Session) SetState(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = v
}

// State returns what the Handler keeps with the session, which has nothing to do with Value.
func (s *Session) State() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// SetValue sets what Value returns.
func (s *Session) SetValue(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = v
}

// Value returns what Options.Accept has returned, or SetValue has set.
func (s *Session) Value() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

// Context returns a context that has the values of the request's, and ends with the session; its cause is a *CloseError. It is made when
// it is first asked for.
func (s *Session) Context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.context == nil {
		ctx, cancel := context.WithCancelCause(s.values)
		s.context = &sessionContext{ctx, cancel}
		if s.end != nil {
			cancel(s.end)
		}
	}
	return s.context.Context
}

// Close closes the session with ForcedClose: the client gets what was sent before. It does not wait.
func (s *Session) Close() error {
	s.stop(ForcedClose, nil, byServer)
	return nil
}

// open tells the Handler of the session, also of one that has ended in the meantime.
func (s *Session) open() {
	defer s.leave("Open")
	s.aborted = true
	s.srv.handler.Open(s)
	s.aborted = false
	if s.srv.opts.ForgetRequest {
		s.mu.Lock()
		s.req = nil
		s.mu.Unlock()
	}
}

// message tells the Handler of a message.
func (s *Session) message(op websocket.Opcode, data []byte) {
	if !s.enter() {
		return
	}
	defer s.leave("Message")
	s.aborted = true
	s.srv.handler.Message(s, op, data)
	s.aborted = false
}

// enter begins a call of the Handler. It returns false if there are to be no more. Nobody else is in one: there is one reader of a
// WebSocket connection, one POST request at a time, and no upgrade amid one.
func (s *Session) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		return false
	}
	s.calling = true
	return true
}

// leave ends what enter began, also by a panic or runtime.Goexit, and makes the last call if the session has ended meanwhile.
func (s *Session) leave(call string) {
	if v := recover(); s.aborted {
		s.panicked(call, v)
	}
	s.mu.Lock()
	s.calling = false
	tell := s.end != nil && !s.told
	s.told = s.told || tell
	s.mu.Unlock()
	if tell {
		s.tell()
	}
}

// panicked logs a panic of the Handler, or runtime.Goexit if v is nil, and ends the session.
func (s *Session) panicked(call string, v any) {
	if v == nil {
		v = "runtime.Goexit"
	}
	if v != http.ErrAbortHandler {
		s.srv.opts.logger().Error("engineio: panic of the handler", "call", call, "panic", v, "stack", string(debug.Stack()))
	}
	s.stop(TransportError, errHandlerPanic, byFault)
}

// stop ends the session from any goroutine. The first reason counts. It does not call the Handler itself, which may hold locks of
// the caller's.
func (s *Session) stop(reason Reason, err error, how ending) {
	s.mu.Lock()
	tell := s.finish(reason, err, how)
	s.mu.Unlock()
	if tell {
		go s.tell()
	}
}

// stopHere is stop for the goroutine that reads, outside of a call of the Handler: nothing waits for the last call of that.
func (s *Session) stopHere(reason Reason, err error, how ending) {
	s.mu.Lock()
	tell := s.finish(reason, err, how)
	s.mu.Unlock()
	if tell {
		s.tell()
	}
}

// finish is stop with mu held. It returns whether the caller has to have tell called.
func (s *Session) finish(reason Reason, err error, how ending) (tell bool) {
	if s.end != nil {
		return false
	}
	s.end, s.how = &CloseError{reason, err}, how
	if s.context != nil {
		s.context.cancel(s.end)
	}
	s.srv.clock.disarm(s)
	s.srv.forget(s)
	s.resume()
	if s.polling != nil {
		s.polling.finish(s, how)
	}
	tell = !s.calling
	s.told = tell
	return tell
}

// tell makes the last call of the Handler, and ends the connection.
func (s *Session) tell() {
	defer s.srv.gone()
	defer s.unlink()
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			s.srv.opts.logger().Error("engineio: panic of the handler", "call", "Close", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	s.srv.handler.Close(s, s.end.Reason, s.end.Err)
}

// unlink ends the WebSocket connection, if there is one, as it fits the end.
func (s *Session) unlink() {
	switch {
	case s.link == nil:
	case s.how == byLoss:
		s.link.CloseNow()
	case s.how == byFault:
		s.link.Close(websocket.StatusProtocolError, string(s.end.Reason))
	case s.end.Reason == ServerShutdown:
		s.link.Close(websocket.StatusGoingAway, "")
	default:
		s.link.Close(websocket.StatusNormalClosure, "")
	}
}

// receive takes a message of WebSocket.
func (s *Session) receive(op websocket.Opcode, data []byte) driven {
	switch {
	case op == websocket.OpBinary:
		s.message(op, data)
	case len(data) > 0 && data[0] == packetMessage: // not through take: the stack is to stay small
		s.message(op, data[1:])
	default:
		s.receiveOther(data)
	}
	if s.Err() != nil {
		s.unlink()
		return nil
	}
	return s
}

// receiveOther takes a text that is no message as it is.
//
//go:noinline
func (s *Session) receiveOther(data []byte) {
	p, ok := parsePacket(data)
	s.take(p, ok)
}

// take takes a packet, or what is none. It returns false at the end of the session.
func (s *Session) take(p packet, ok bool) bool {
	switch {
	case !ok:
		s.stopHere(ParseError, errNoPacket, byFault)
	case p.kind == packetMessage:
		s.message(p.op, p.data)
	case p.kind == packetPong:
		s.pong()
	case p.kind == packetPing && s.client != nil:
		s.answerPing()
	case p.kind == packetPing:
		s.stopHere(TransportError, errDirection, byFault)
	case p.kind == packetClose:
		s.stopHere(TransportClose, nil, byClient)
	}
	// Others mean nothing here: the Node implementation ignores them, too.
	return s.Err() == nil
}

// Err returns nil while the session is open, and a *CloseError afterwards.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		return s.end
	}
	return nil
}

// ended is called when the WebSocket connection has ended.
func (s *Session) ended(err error) {
	reason, err := s.endOfLink(err)
	s.stopHere(reason, err, byLoss)
}

// endOfLink returns the reason of the end of a connection. What this side decided, by a limit or a rule, is an error; whatever the peer
// did, or the network, is a close, as in the Node implementation.
func (s *Session) endOfLink(err error) (Reason, error) {
	e, ok := asCloseError(err)
	switch {
	case ok && e.Code == websocket.StatusMessageTooBig && e.Local:
		return TransportError, fmt.Errorf("a message of more than %d bytes, which MaxPayload allows: %w", s.srv.opts.MaxPayload, err)
	case ok && e.Local:
		return TransportError, err
	}
	return TransportClose, err
}

// LogValue keeps the identifier out of logs.
func (s *Session) LogValue() slog.Value { return slog.StringValue("engineio session") }
