package h2

// This file holds what notices that the peer of a connection has gone, or that nobody uses it.

import (
	"errors"
	"time"
)

const (
	// silence is how long a connection may be silent before it is asked for life, by a PING (RFC 9113, Section 6.7), at least that and at most
	// twice; and then how long until it is given up.
	silence = 15 * time.Second
	// idleTicks is for how many times that a client's connection is kept without a stream, or up to one less.
	idleTicks = 6
)

var errSilent = errors.New("no answer to a PING")

// keepalive watches over a connection, by a timer that looks at it once in a while. The connection's mutex guards it.
type keepalive struct {
	timer *time.Timer
	heard bool // a frame has come since the timer last looked
	asked bool // ... and if not, a PING was sent
	idle  int  // how often in a row there was no stream
}

// start sets the timer.
func (k *keepalive) start(c *conn) { k.timer = time.AfterFunc(silence, c.look) }

// stop ends it.
func (k *keepalive) stop() {
	if k.timer != nil {
		k.timer.Stop()
	}
}

// look is what the timer does.
func (c *conn) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := &c.watch
	if c.state >= stateEnding {
		return
	}
	k.timer.Reset(silence)
	if k.idle++; len(c.streams) > 0 || c.held > 0 {
		k.idle = 0
	}
	switch {
	case c.client && k.idle >= idleTicks:
		c.drain(errIdle)
	case k.heard:
		k.heard, k.asked = false, false
	case !k.asked:
		k.asked = true
		c.out.buf = appendPing(c.out.buf, 0, [8]byte{})
		c.send()
	default:
		c.cut(&ConnectionError{Code: ConnectError, Reason: "the peer is silent", Err: errSilent})
	}
}

// errIdle ends a connection that nobody uses.
var errIdle = &ConnectionError{Code: NoError, Reason: "nobody uses it"}
