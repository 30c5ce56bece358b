package websocket

// This file holds control frames whose payload is the application's: for proxies, which pass on what they get.

import "context"

// SendPing sends a ping with a payload of at most 125 bytes (RFC 6455, Section 5.5.2) and does not wait for its pong, which
// Options.OnPong gets. See Ping for one that is waited for and measured; a payload of 8 bytes may be taken for the pong of one
// of those.
//
// It waits for room in the buffer as Write does. In a compressed message of a Writer it goes between the fragments, which some
// peers cannot bear. Errors are those of Write, or of a payload that is too long.
func (c *Conn) SendPing(ctx context.Context, payload []byte) error {
	return c.sendControl(ctx, OpPing, payload)
}

// SendPong sends a pong with a payload of at most 125 bytes (RFC 6455, Section 5.5.3): the answer to a ping that
// Options.OnPing has kept, or one that nobody has asked for. It is SendPing otherwise.
func (c *Conn) SendPong(ctx context.Context, payload []byte) error {
	return c.sendControl(ctx, OpPong, payload)
}

// sendControl sends a ping or a pong.
func (c *Conn) sendControl(ctx context.Context, op Opcode, payload []byte) error {
	if len(payload) > MaxControlPayload {
		return errSendLong
	}
	if ctx.Done() != nil && ctx.Err() != nil {
		return c.contextError(ctx)
	}
	c.mu.Lock()
	defer c.unlock()
	if err := c.reserve(ctx, controlSize(payload), forControl); err != nil {
		return err
	}
	c.appendControl(op, payload)
	return c.appended(ctx)
}

// pinged deals with a ping of the peer's.
func (c *Conn) pinged(payload []byte) {
	answered := false
	if hook := c.opts.OnPing; hook != nil {
		c.runHook(func() { answered = hook(c, payload) })
	}
	if !answered {
		c.answer(payload)
	}
}

// ponged deals with a pong of the peer's.
func (c *Conn) ponged(payload []byte) {
	c.pongCame(payload)
	if hook := c.opts.OnPong; hook != nil {
		c.runHook(func() { hook(c, payload) })
	}
}
