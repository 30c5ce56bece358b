package reactor

// This file holds what the loops make of Options.

import (
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// limitsOf translates o.
func limitsOf(o *websocket.Options) limits {
	l := limits{
		readLimit:      websocket.DefaultReadLimit,
		writeBuffer:    max(o.WriteBuffer, 1<<10),
		handshakeTicks: bound(o.HandshakeTimeout, websocket.DefaultHandshakeTimeout),
		writeTicks:     bound(o.WriteTimeout, websocket.DefaultWriteTimeout),
		closeTicks:     bound(max(o.CloseTimeout, 0), websocket.DefaultCloseTimeout),
		pongTicks:      bound(o.PongTimeout, websocket.DefaultPongTimeout),
	}
	if o.ReadLimit != 0 {
		l.readLimit = uint64(max(o.ReadLimit, 0))
	}
	if o.WriteBuffer == 0 {
		l.writeBuffer = websocket.DefaultWriteBuffer
	}
	if o.PingInterval > 0 {
		l.pingTicks = ticksOf(o.PingInterval)
	}
	if o.Compression != nil && o.Compression.IdleAfter > 0 {
		l.restTicks = ticksOf(o.Compression.IdleAfter)
	}
	return l
}

// bound returns d in ticks, or what a zero d stands for; 0 stands for "no bound" in the result.
func bound(d, zero time.Duration) uint32 {
	switch {
	case d == 0:
		return ticksOf(zero)
	case d < 0:
		return 0
	}
	return ticksOf(d)
}
