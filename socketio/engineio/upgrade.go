package engineio

// This file holds the way of a session from polling to WebSocket.
//
// A second transport is a prober: opened until a ping with "probe" has been answered, then probed until the client, whose requests are
// over by then, sends the upgrade packet, then moved: the session is on it. Anything else that comes closes it, and leaves the session
// where it was, as does the time of Options.UpgradeTimeout; so does the end of the session.

import (
	"errors"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// probeState is a state of a prober.
type probeState uint8

const (
	opened probeState = iota
	answered
	over // moved or given up
)

// prober is a WebSocket connection that a session on polling tries. It is guarded by the session's mu.
type prober struct {
	s      *Session
	link   link
	state  probeState
	base64 bool
	timer  *time.Timer
}

var _ driven = (*prober)(nil)

// tryUpgrade makes a connection the one that s tries. It returns nil if there is one already, or the session is not on polling.
func (s *Session) tryUpgrade(l link, base64 bool) *prober {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil || s.polling == nil || s.polling.probe != nil {
		return nil
	}
	q := &prober{s: s, link: l, base64: base64}
	q.timer = time.AfterFunc(s.srv.opts.UpgradeTimeout, q.giveUp)
	s.polling.probe = q
	return q
}

// receive takes a message of the second transport. It returns who takes the next.
func (q *prober) receive(op websocket.Opcode, data []byte) driven {
	p, ok := parsePacket(data)
	ok = ok && op == websocket.OpText
	switch {
	case ok && p.kind == packetPing && string(p.data) == probe:
		if q.answer() {
			return q
		}
	case ok && p.kind == packetUpgrade:
		if q.move() {
			return q.s
		}
	}
	q.giveUp()
	return nil
}

// ended is called when the second transport has ended.
func (q *prober) ended(error) { q.giveUp() }

// awaitReading does nothing: a probe is read whether its session is or not.
func (q *prober) awaitReading() {}

// answer answers the probe, and lets a poll that is pending end: the client waits for that.
func (q *prober) answer() bool {
	s := q.s
	s.mu.Lock()
	alive := q.state != over
	if alive {
		q.state = answered
		if p := s.polling; p.getting && len(p.out) == 0 {
			p.packet(packetNoop)
			p.signal()
		}
	}
	s.mu.Unlock()
	if !alive {
		return false
	}
	_, err := q.link.Queue(websocket.OpText, []byte("3"+probe))
	q.link.Send()
	return err == nil
}

// move moves the session, with what waits for a poll. A poll that is held, or comes later, is refused.
func (q *prober) move() bool {
	s := q.s
	s.mu.Lock()
	p := s.polling
	switch {
	case q.state != answered:
		s.mu.Unlock()
		return false
	case p.posting:
		tell := s.finish(TransportError, errNotPaused, byFault)
		s.mu.Unlock()
		if tell {
			go s.tell()
		}
		return false
	}
	q.end()
	s.polling, s.link, s.base64 = nil, q.link, q.base64
	s.beat.in, s.beat.out = s.moved()
	if l, ok := s.link.(pauser); ok && s.paused != nil {
		l.PauseReading()
	}
	p.signal()
	first, err := false, error(nil)
	if len(p.out) > 0 {
		first, err = s.link.QueuePrepared(s.asFrames(p.out))
	}
	if err != nil && !errors.Is(err, websocket.ErrBackpressure) {
		first, err = false, nil // its reader tells how the connection has ended
	}
	s.pass(first || s.held, err)
	return true
}

// asFrames returns the packets of a payload as messages of WebSocket.
func (s *Session) asFrames(payload []byte) *websocket.PreparedMessage {
	var row []websocket.Message
	for more := true; more; {
		var one []byte
		one, payload, more = cutPacket(payload)
		m := websocket.Message{Op: websocket.OpText, Data: one}
		if len(one) > 0 && one[0] == packetBinary && !s.base64 {
			p, _ := parsePacket(one)
			m = websocket.Message{Op: p.op, Data: p.data}
		}
		row = append(row, m)
	}
	frames, _ := websocket.PrepareMessages(row...) // they were checked when they were sent
	return frames
}

// giveUp ends the second transport. The session stays on polling.
func (q *prober) giveUp() {
	q.s.mu.Lock()
	alive := q.state != over
	if alive {
		q.end()
	}
	q.s.mu.Unlock()
	if alive {
		q.link.Close(websocket.StatusNormalClosure, "")
	}
}

// stop ends the second transport with its session, whose mu is held.
func (q *prober) stop() {
	if q.state != over {
		q.end()
		go q.link.Close(websocket.StatusNormalClosure, "")
	}
}

// end ends the state of being tried. The session's mu is held.
func (q *prober) end() {
	q.state = over
	q.timer.Stop()
	q.s.polling.probe = nil
}
