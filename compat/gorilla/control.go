package websocket

// This file holds control frames (RFC 6455, Section 5.5): the handlers for those of the peer, and those that are sent.

import (
	"net"
	"time"

	ws "github.com/seed-d69ae1b7/websocket"
)

// controlTimeout is how long the default handlers wait for their frame to be sent.
const controlTimeout = time.Second

// CloseHandler returns the handler for the peer's close frame.
func (c *Conn) CloseHandler() func(code int, text string) error { return c.closeHandler }

// SetCloseHandler sets what is called by a read when the peer's close frame has come: with CloseNoStatusReceived if that has no
// code. nil stands for the default, which answers with the same code. Without an answer from a handler of yours, the connection
// can still be written to. The read then returns the handler's error, or else a *CloseError.
func (c *Conn) SetCloseHandler(h func(code int, text string) error) {
	if h == nil {
		h = func(code int, text string) error {
			c.WriteControl(CloseMessage, FormatCloseMessage(code, ""), time.Now().Add(controlTimeout))
			return nil
		}
	}
	c.closeHandler = h
}

// PingHandler returns the handler for pings.
func (c *Conn) PingHandler() func(appData string) error { return c.pingHandler }

// SetPingHandler sets what is called by a read for each ping of the peer, with its payload. nil stands for the default, which
// sends a pong. An error of the handler is that of the read.
func (c *Conn) SetPingHandler(h func(appData string) error) {
	if h == nil {
		h = func(appData string) error {
			err := c.WriteControl(PongMessage, []byte(appData), time.Now().Add(controlTimeout))
			if _, ok := err.(net.Error); ok || err == ErrCloseSent {
				return nil // how it ended is said by what can still be read
			}
			return err
		}
	}
	c.pingHandler = h
}

// PongHandler returns the handler for pongs.
func (c *Conn) PongHandler() func(appData string) error { return c.pongHandler }

// SetPongHandler sets what is called by a read for each pong of the peer, with its payload. nil stands for the default, which
// does nothing. An error of the handler is that of the read.
func (c *Conn) SetPongHandler(h func(appData string) error) {
	if h == nil {
		h = func(string) error { return nil }
	}
	c.pongHandler = h
}

// WriteControl sends a close, a ping or a pong with at most 125 bytes of payload, between the frames of a message if one is
// under way. It waits for other frames until deadline, and for the network; the zero time is no deadline.
//
// The payload of a CloseMessage must be right: empty, or a code that may be sent, and UTF-8. It is the last frame: all later
// writes return ErrCloseSent.
func (c *Conn) WriteControl(messageType int, data []byte, deadline time.Time) error {
	switch {
	case !isControl(messageType):
		return errMessageType
	case len(data) > ws.MaxControlPayload:
		return errControlLong
	case !deadline.IsZero() && !time.Now().Before(deadline):
		return errWriteTimeout
	case messageType != CloseMessage:
		return c.send(deadline, func(dst []byte) ([]byte, error) {
			return c.plain.AppendControl(dst, ws.Opcode(messageType), data)
		})
	}
	code, reason, err := ws.ParseClose(data)
	if err != nil {
		return err
	}
	return c.writeClose(code, string(reason), deadline)
}

// writeClose sends a close frame.
func (c *Conn) writeClose(code ws.StatusCode, reason string, deadline time.Time) error {
	return c.send(deadline, func(dst []byte) (out []byte, err error) {
		out, err = c.plain.AppendClose(dst, code, reason)
		c.closing = err == nil
		return out, err
	})
}

func isControl(messageType int) bool {
	return messageType == CloseMessage || messageType == PingMessage || messageType == PongMessage
}

func isData(messageType int) bool { return messageType == TextMessage || messageType == BinaryMessage }
