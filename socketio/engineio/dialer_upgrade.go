package engineio

// This file holds the way of a client's session from polling to WebSocket; the server's is in upgrade.go.
//
// A connection is opened and probed. When the server has answered, no further request is made; when those that were under way are over,
// the session moves, and what waits goes with it. A probe that fails leaves the session where it was.

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// upgrade tries to move the session to WebSocket.
func (s *Session) upgrade() {
	ctx, cancel := context.WithTimeout(s.Context(), s.srv.opts.UpgradeTimeout)
	defer cancel()
	c, _, err := s.client.websocket.Dial(ctx, s.client.url(WebSocket, s.id))
	if err == nil {
		q := &climber{s: s, conn: c}
		q.timer = time.AfterFunc(s.srv.opts.UpgradeTimeout, q.giveUp)
		q.stop = context.AfterFunc(s.Context(), q.giveUp)
		err = c.Write(ctx, websocket.OpText, []byte{packetPing, 'p', 'r', 'o', 'b', 'e'})
		s.drive(c, q)
	}
	if err != nil {
		s.srv.opts.logger().Debug("engineio: stays on polling", "error", err)
	}
}

// climber is a connection that a session on polling tries.
type climber struct {
	s     *Session
	conn  *websocket.Conn
	timer *time.Timer
	stop  func() bool
}

var _ driven = (*climber)(nil)

// receive takes a message before the session has moved.
func (q *climber) receive(op websocket.Opcode, data []byte) driven {
	p, ok := parsePacket(data)
	ok = ok && op == websocket.OpText && p.kind == packetPong && string(p.data) == probe
	if !ok || !q.timer.Stop() {
		q.giveUp()
		return nil
	}
	moved := q.s.move(q.conn)
	q.stop()
	if !moved {
		q.conn.CloseNow()
		return nil
	}
	return q.s
}

// ended is called when the connection has ended.
func (q *climber) ended(error) {
	q.timer.Stop()
	q.stop()
}

// awaitReading does nothing.
func (q *climber) awaitReading() {}

// giveUp ends the connection. The session stays on polling.
func (q *climber) giveUp() { q.conn.CloseNow() }

// move moves the session, when the requests that are under way are over. It returns false if it stays on polling, or has ended.
func (s *Session) move(conn *websocket.Conn) bool {
	s.pause()
	s.mu.Lock()
	c, p := s.client, s.polling
	if s.end != nil {
		s.resumePosts(p)
		s.mu.Unlock()
		return false
	}
	payload := []byte{packetUpgrade}
	if len(p.out) > 0 {
		payload = append(append(payload, separator), p.out...)
	}
	_, err := conn.QueuePrepared(s.asFrames(payload))
	if err != nil { // it has ended meanwhile
		c.pausing = false
		s.request(func() { s.pollAll(p) })
		s.resumePosts(p)
		s.mu.Unlock()
		return false
	}
	s.polling, s.link, c.conn = nil, conn, conn
	s.sample()
	s.mu.Unlock()
	conn.Send()
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
	return true
}

// pause lets no further request be made, and waits until there is none, or the session has ended.
func (s *Session) pause() {
	s.mu.Lock()
	c := s.client
	c.pausing = true
	s.polling.signal()
	if c.still == nil {
		c.still = make(chan struct{})
	}
	still := c.still
	if c.loops == 0 {
		close(still)
		c.still = nil
	}
	s.mu.Unlock()
	select {
	case <-still:
	case <-s.Context().Done():
	}
}

// withoutQuery removes the URL from an error: the identifier of the session stands there.
func withoutQuery(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
