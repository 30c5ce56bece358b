package websocket

// This file bounds how long frames are held back while messages that arrived together are being read. When they are
// held, and that they leave before the reader waits, is decided in write.go and read.go.

import (
	"sync"
	"time"
)

// holdTime is the longest that a frame is held without somebody reading.
const holdTime = time.Millisecond

// startHold makes sure that what out holds leaves in time. It returns false if that is only now. The timer is not stopped
// when the frames leave before: it is started at most once in holdTime, however many bursts there are. mu is held.
func (c *Conn) startHold() bool {
	if !c.timed {
		c.timed = c.startTimer()
	}
	return c.timed
}

// startTimer sees to it that held is called within holdTime, or returns false. mu is held.
func (c *Conn) startTimer() bool {
	switch {
	case c.t.Polls():
		return socketHolds.add(c)
	case c.more().hold == nil:
		c.extra.hold = time.AfterFunc(holdTime, c.held)
	default:
		c.extra.hold.Reset(holdTime)
	}
	return true
}

// held sends what has been held for too long.
func (c *Conn) held() {
	c.mu.Lock()
	c.timed = false
	c.flushByReader()
	c.unlock()
}

// socketHolds are the connections over plain sockets that have begun to hold frames. They share one timer, because a
// timer of its own that fires for each of a hundred busy connections costs a tenth of an echo (bench/echo, 16 messages
// in flight). Other transports may live in a bubble of testing/synctest, with a clock that is not that of others.
var socketHolds holds

// holds is a list of connections and the timer that ends their holding.
type holds struct {
	mu    sync.Mutex
	conns []*Conn
	spare []*Conn // an array for the next conns
	timer *time.Timer
	due   time.Time // when the timer fires
}

// init makes the timer, and not its first use, so that no bubble owns it.
func init() {
	socketHolds.timer = time.AfterFunc(holdTime, socketHolds.end)
	socketHolds.timer.Stop()
}

// add sees to it that c.held is called within holdTime. It returns false in a bubble of testing/synctest, which may hold a
// socket, too: a timer that is set there fires by the bubble's clock, which is years away from that of everybody else.
func (h *holds) add(c *Conn) bool {
	now := time.Now()
	if now == now.Round(0) {
		return false // only in a bubble does time.Now come without a reading of the monotonic clock
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns = append(h.conns, c)
	if !now.Before(h.due) {
		h.due = now.Add(holdTime)
		h.timer.Reset(holdTime)
	}
	return true
}

// end calls held of all connections.
func (h *holds) end() {
	h.mu.Lock()
	conns := h.conns
	h.conns, h.spare = h.spare, nil
	h.mu.Unlock()
	for _, c := range conns {
		c.held()
	}
	clear(conns)
	h.mu.Lock()
	h.spare = conns[:0]
	h.mu.Unlock()
}
