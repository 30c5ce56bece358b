package reactor

// This file holds what serving a connection takes and its connection does not need while it is idle.

import (
	"runtime/debug"

	"github.com/seed-d69ae1b7/websocket"
)

// inputSize is the most bytes of one read.
const inputSize = 128 << 10

// worker serves connections, one at a time. It is used by one goroutine at a time.
type worker struct {
	loop     *loop // of the connection that is served
	input    []byte
	corked   *output
	ins      []*inbound // of the connections that have none, by the number of their terms; nil where none is lent
	answer   []byte     // to a request
	messages uint64     // delivered, and not counted with their connection yet
	bytes    uint64     // read, and not counted

	conn      *Conn // that is being served
	inHandler bool  // the application runs

	accept   func(*websocket.Request) error // nil, or Server.Accept, which leaves the handler in accepted
	accepted Handler
}

func (w *worker) init(s *Server) {
	w.input, w.corked = make([]byte, inputSize), newCork()
	if accept := s.Accept; accept != nil {
		w.accept = func(r *websocket.Request) (err error) {
			if w.accepted, err = accept(r); err == nil && w.accepted == nil && s.Handler == nil {
				err = errNoHandler
			}
			return err
		}
	}
}

// abandoned ends the connection whose handler has panicked with v, or has ended the goroutine if v is nil.
func (w *worker) abandoned(v any) {
	c := w.conn
	w.conn, w.inHandler, w.accepted = nil, false, nil
	if v == nil {
		w.loop.server.logf("reactor: a handler has called runtime.Goexit")
	} else {
		w.loop.server.logf("reactor: a handler has panicked: %v\n%s", v, debug.Stack())
	}
	w.ins = nil // one of them may be in the middle of something
	c.mu.Lock()
	code := websocket.StatusInternalError
	if !c.has(opened) {
		c.bits |= told
		code = websocket.StatusAbnormalClosure // which is no close frame
	}
	c.end(over, &websocket.CloseError{Code: code, Local: true, Err: errPanicked})
	c.attend()
	c.mu.Unlock()
	c.bits |= unread
	w.uncork(c)
}

// adoption is a connection whose opening handshake was done elsewhere.
type adoption struct {
	agreed   websocket.Agreement
	buffered []byte // what was read behind the head
	handler  Handler
}

// adopt begins to serve c.
func (w *worker) adopt(c *Conn, a *adoption) {
	w.conn = c
	w.cork(c)
	w.opened(c, a.agreed, a.handler)
	w.feed(c, a.buffered)
	w.uncork(c)
	w.conn = nil
}
