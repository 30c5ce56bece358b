package websocket

// This file holds what the tests of the opening handshake must know about the inside of Conn.

// subprotocolOf returns what newConn was told.
func subprotocolOf(c *Conn) string { return c.cfg.subprotocol }

// bufferedOf returns the bytes that newConn was given.
func bufferedOf(c *Conn) []byte { return c.cfg.buffered }
