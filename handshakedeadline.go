package websocket

// This file holds what makes a context and a point in time end the I/O of an opening handshake, and what makes sure
// that neither can touch the connection once the handshake is over.

import (
	"context"
	"net"
	"time"
)

// handshakeDeadline bounds the I/O on a connection until release.
type handshakeDeadline struct {
	ctx    context.Context
	nc     net.Conn
	set    bool               // nc has a deadline that must be cleared
	cancel context.CancelFunc // nil, or what frees ctx
	stop   func() bool        // nil if ctx cannot end
	done   chan struct{}      // closed when ctx has had its effect
}

// boundHandshake lets reads and writes on nc fail once ctx has ended, or, unless it is zero, once t has passed.
func boundHandshake(ctx context.Context, nc net.Conn, t time.Time) handshakeDeadline {
	d := handshakeDeadline{nc: nc}
	if !t.IsZero() {
		if d.set = nc.SetDeadline(t) == nil; !d.set { // some tunnels have no deadlines
			ctx, d.cancel = context.WithDeadline(ctx, t)
		}
	}
	d.ctx = ctx
	if ctx.Done() != nil {
		d.watch()
	}
	return d
}

// watch makes ctx end the I/O. Without this function of its own, d would move to the heap for every handshake.
func (d *handshakeDeadline) watch() {
	done, nc := make(chan struct{}), d.nc
	d.done = done
	d.stop = context.AfterFunc(d.ctx, func() {
		defer close(done)
		if nc.SetDeadline(past) != nil {
			nc.Close()
		}
	})
}

// release takes the bounds away. It returns an error if they have struck: then nc is of no further use. Only the first
// call does anything.
func (d *handshakeDeadline) release() error {
	held := *d
	*d = handshakeDeadline{}
	if held.cancel != nil {
		defer held.cancel()
	}
	if held.stop != nil && !held.stop() {
		<-held.done
		return context.Cause(held.ctx)
	}
	if held.set {
		return held.nc.SetDeadline(time.Time{})
	}
	return nil
}
