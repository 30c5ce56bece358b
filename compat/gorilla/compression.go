package websocket

// This file holds compression (RFC 7692): what is agreed on, and which messages pass through it.

import (
	"compress/flate"

	ws "github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// defaultLevel is that of a connection until SetCompressionLevel is called.
const defaultLevel = flate.BestSpeed

// compression returns the options of a handshake with compression, or nil for one without.
func compression(enabled bool) *ws.CompressionOptions {
	if !enabled {
		return nil
	}
	return new(ws.CompressionOptions)
}

// EnableWriteCompression says whether the messages that begin from now on are compressed, where that was agreed on. They are
// until it is called with false.
func (c *Conn) EnableWriteCompression(enable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.compresses = enable
}

// SetCompressionLevel sets how hard to compress the messages that begin from now on: a level of compress/flate, from -2 to 9,
// of which 0 means not at all. The library has three, which stand for up to 3, up to 7, and above. A change forgets the window.
func (c *Conn) SetCompressionLevel(level int) error {
	if level < flate.HuffmanOnly || level > flate.BestCompression {
		return errLevel
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.level = level
	return nil
}

// libraryLevel returns the level that stands for one of compress/flate.
func libraryLevel(level int) compress.Level {
	switch {
	case level == flate.DefaultCompression || level > 3 && level <= 7:
		return compress.Balanced
	case level > 7:
		return compress.Smallest
	}
	return compress.Fastest
}

// choose returns the Sender of a message that begins. c.turn and c.wire are held.
func (c *Conn) choose() *ws.Sender {
	c.mu.Lock()
	compresses, level := c.compresses && c.level != flate.NoCompression, c.level
	c.mu.Unlock()
	if c.agreed == nil || !compresses {
		return &c.plain
	}
	if level != c.packedLevel {
		c.resetPacked(level)
	}
	return &c.packed
}

// resetPacked makes the Sender for what is compressed anew. That it refers to nothing before is no concern of the peer's.
func (c *Conn) resetPacked(level int) {
	c.packedLevel = level
	c.packed.Reset(ws.SenderOptions{Client: c.client, Deflater: compress.NewDeflater(c.deflaterOptions(level))})
}

// deflaterOptions returns those of what this side sends.
func (c *Conn) deflaterOptions(level int) compress.DeflaterOptions {
	o := compress.DeflaterOptions{Level: libraryLevel(level)}
	if c.client {
		o.WindowBits, o.Takeover = c.agreed.ClientMaxWindowBits, !c.agreed.ClientNoContextTakeover
	} else {
		o.WindowBits, o.Takeover = c.agreed.ServerMaxWindowBits, !c.agreed.ServerNoContextTakeover
	}
	return o
}

// inflater returns that of what the peer sends.
func (c *Conn) inflater() *compress.Inflater {
	if c.client {
		return c.agreed.ClientInflater()
	}
	return c.agreed.ServerInflater()
}
