package engineio

// This file holds sessions on event loops (Options.Loops): the Server's loops, and what drives a session, or a probe, from a connection of one.

import (
	"bytes"
	"log/slog"
	"net/http"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

// newLoops returns the loops of a Server, or nil. They start with the first connection.
func (s *Server) newLoops() *reactor.Server {
	if s.opts.Loops == 0 {
		return nil
	}
	up := s.newUpgrader()
	up.ErrorLog = slog.NewLogLogger(s.opts.logger().Handler(), slog.LevelError)
	return &reactor.Server{
		Upgrader: up, Loops: max(s.opts.Loops, 0),
		Handler: new(looped), // of nobody: each connection has its own
	}
}

// onLoop reports whether the connection of a request can go to a loop. TLS, which costs more there than a goroutine does, and HTTP/2 have
// goroutines.
func (s *Server) onLoop(r *http.Request) bool {
	return s.loops != nil && r.TLS == nil && r.ProtoMajor == 1
}

// serveLoop is serveWebSocket on a loop.
func (s *Server) serveLoop(w http.ResponseWriter, r *http.Request, q query, session *Session) {
	s.loops.HTTP(func(r *http.Request) (reactor.Handler, error) {
		return &looped{attach: func(c link) driven { return session.attach(c, r, q.sid != "", q.base64) }}, nil
	}).ServeHTTP(w, r)
}

// looped drives a session, or a probe, from a connection of a loop.
type looped struct {
	attach func(link) driven // nil once the connection is open
	driven driven            // nil for nobody
}

func (l *looped) Open(c *reactor.Conn) {
	attach := l.attach
	l.attach = nil
	l.become(c, attach(c))
}

func (l *looped) Message(c *reactor.Conn, op websocket.Opcode, p []byte) {
	if l.driven != nil {
		l.become(c, l.driven.receive(op, bytes.Clone(p))) // the Handler's to keep
	}
}

func (l *looped) Close(_ *reactor.Conn, err *websocket.CloseError) {
	if l.driven != nil {
		l.driven.ended(err)
	}
}

// become has next driven from now on, or ends the connection if it is nil.
func (l *looped) become(c *reactor.Conn, next driven) {
	if l.driven = next; next == nil {
		c.Close(websocket.StatusNormalClosure, "")
	}
}
