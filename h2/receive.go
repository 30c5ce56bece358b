package h2

// This file holds what a connection does with the frames that it receives, of which those of streams' data are given to them in the parts
// in which they come. Errors are those that end the connection.

import (
	"encoding/binary"
	"io"
	"strings"
	"time"
)

// receive deals with frames until something is wrong, which it returns.
func (c *conn) receive() error {
	if err := c.greet(); err != nil {
		return err
	}
	for {
		var b [frameHeaderSize]byte
		if _, err := io.ReadFull(c.in, b[:]); err != nil {
			return err
		}
		h := parseFrameHeader(&b)
		if err := c.admit(h); err != nil {
			return err
		}
		if err := c.frame(h); err != nil {
			return err
		}
	}
}

// greet takes what comes before the first frame: the preface of a client. Of a server it looks at whether that speaks HTTP/2 at all.
func (c *conn) greet() error {
	if c.client {
		const http1 = "HTTP/"
		if b, err := c.in.Peek(len(http1)); err == nil && string(b) == http1 {
			return &ConnectionError{Code: HTTP11Required, Reason: "the server answers with HTTP/1.1", Err: ErrUnsupported}
		}
		return nil
	}
	var b [len(preface)]byte
	if _, err := io.ReadFull(c.in, b[:]); err != nil {
		return err
	}
	// RFC 9113, Section 3.4: "Clients and servers MUST treat an invalid connection preface as a connection error [...] of type
	// PROTOCOL_ERROR."
	if string(b[:]) != preface {
		return violation(ProtocolError, "the preface is wrong (Section 3.4)")
	}
	return nil
}

// admit applies what is to be said about a frame before its payload: by itself, and after those before it.
func (c *conn) admit(h frameHeader) error {
	if err := h.check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watch.heard = true
	switch {
	// RFC 9113, Section 3.4: the preface is followed by "a SETTINGS frame", which "MUST be the first frame".
	case !c.greeted && (h.kind != frameSettings || h.has(flagAck)):
		return violation(ProtocolError, "the first frame is no SETTINGS (Section 3.4)")
	// Section 4.3: "Each field block is processed as a discrete unit [...] contiguous [...] with no interleaved frames of any other type
	// or from any other stream."
	case c.block.open != (h.kind == frameContinuation) || c.block.open && h.stream != c.block.header.stream:
		return violation(ProtocolError, "a frame inside of a header block, or CONTINUATION without one (Section 6.10)")
	case h.kind == framePushPromise:
		// Section 8.4: "A client cannot push", and of ours nobody was allowed to.
		return violation(ProtocolError, "PUSH_PROMISE (Section 6.6)")
	}
	if !c.greeted {
		c.greeted = true
		c.boundRead(time.Time{})
	}
	if h.kind == frameHeaders || h.kind == frameWindowUpdate || h.kind == frameData && h.length > 0 {
		return nil // these carry something, and have bounds of their own
	}
	return c.allowed.spend(time.Now)
}

// frame deals with a frame.
func (c *conn) frame(h frameHeader) error {
	switch h.kind {
	case frameData:
		return c.data(h)
	case frameHeaders, frameContinuation:
		return c.headers(h)
	case frameReset:
		return c.fixed(h, c.resetFrame)
	case frameSettings:
		return c.settingsFrame(h)
	case framePing:
		return c.fixed(h, c.pingFrame)
	case frameGoAway:
		return c.goAwayFrame(h)
	case frameWindowUpdate:
		return c.fixed(h, c.windowFrame)
	}
	return c.skip(int(h.length)) // PRIORITY, which Section 5.3.2 has taken the meaning of, and unknown ones
}

// skip discards n bytes of a payload.
func (c *conn) skip(n int) error {
	_, err := c.in.Discard(n)
	return err
}

// fixed reads a payload of at most 8 bytes, whose length has been checked, and has f deal with it, with mu held.
func (c *conn) fixed(h frameHeader, f func(h frameHeader, b []byte) error) error {
	var b [8]byte
	if _, err := io.ReadFull(c.in, b[:h.length]); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return f(h, b[:h.length])
}

// lookup returns the stream of a frame, or nil if it has ended. RFC 9113, Section 5.1, of a stream that is idle: "Receiving any frame other
// than HEADERS or PRIORITY on a stream in this state MUST be treated as a connection error". mu is held.
func (c *conn) lookup(id uint32) (*stream, error) {
	if s := c.streams[id]; s != nil {
		return s, nil
	}
	if id > c.lastID || id%2 == 0 {
		return nil, violation(ProtocolError, "a frame of a stream that was never opened (Section 5.1)")
	}
	return nil, nil
}

// padding reads how much padding a frame ends with, and returns the length of what comes before. RFC 9113, Section 6.1: "If the length of
// the padding is the length of the frame payload or greater, the recipient MUST treat this as a connection error".
func (c *conn) padding(h frameHeader) (length, padding int, err error) {
	length = int(h.length)
	if !h.has(flagPadded) {
		return length, 0, nil
	}
	b, err := c.payloadByte(&length)
	if err == nil && int(b) > length {
		err = violation(ProtocolError, "more padding than payload (Section 6.1)")
	}
	return length - int(b), int(b), err
}

// payloadByte reads a byte of a payload of which length bytes are left.
func (c *conn) payloadByte(length *int) (byte, error) {
	if *length == 0 {
		return 0, violation(FrameSizeError, "a frame too small for what its flags say (Section 6.2)")
	}
	*length--
	return c.in.ReadByte()
}

// parts gives f the next bytes of a payload, in the parts in which they come.
func (c *conn) parts(length int, f func([]byte) error) error {
	for length > 0 {
		if _, err := c.in.Peek(1); err != nil {
			return err
		}
		b, _ := c.in.Peek(min(length, c.in.Buffered()))
		if err := f(b); err != nil {
			return err
		}
		length -= len(b)
		c.in.Discard(len(b))
	}
	return nil
}

// data deals with DATA. All of it counts for the windows (Section 6.9.1), padding too.
func (c *conn) data(h frameHeader) error {
	s, err := c.dataStream(h)
	if err != nil {
		return err
	}
	payload, padding, err := c.padding(h)
	if err != nil {
		return err
	}
	err = c.parts(payload, func(p []byte) error {
		c.deliver(s, p)
		return nil
	})
	if err == nil {
		err = c.skip(padding)
	}
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s != nil {
		s.gaveBack(int(h.length) - payload) // the padding, which nobody reads
		if h.has(flagEndStream) {
			s.peerEnded()
		}
	}
	return nil
}

// dataStream returns the stream that DATA is for, or nil if nobody wants it any more.
func (c *conn) dataStream(h frameHeader) (*stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, err := c.lookup(h.stream)
	if err != nil {
		return nil, err
	}
	if err := c.window.receive(h.length); err != nil {
		return nil, err
	}
	if by := c.window.giveBack(int(h.length), connWindow); by > 0 {
		c.out.buf = appendWindowUpdate(c.out.buf, 0, by)
		c.send()
	}
	if s == nil {
		return nil, nil // we have reset it, and the peer may not know yet
	}
	// Section 5.1, half-closed (remote): "it MUST respond with a stream error [...] of type STREAM_CLOSED".
	if s.ended {
		return nil, violation(StreamClosed, "DATA behind the end of its stream (Section 5.1)")
	}
	if s.c.client && s.response == nil {
		return nil, violation(ProtocolError, "DATA before the head of the response (Section 8.1)")
	}
	if h.length > 0 {
		c.allowed.earn()
	}
	return s, s.window.receive(h.length)
}

// deliver gives a part of DATA to its stream.
func (c *conn) deliver(s *stream, p []byte) {
	if s == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.closed && s.err == nil { // otherwise it was ended meanwhile
		s.in.put(p)
		s.readable.Broadcast()
	}
}

// peerEnded takes note of END_STREAM.
func (s *stream) peerEnded() {
	s.ended = true
	s.wake()
	s.forgetIfOver()
}

// resetFrame deals with RST_STREAM.
func (c *conn) resetFrame(h frameHeader, b []byte) error {
	s, err := c.lookup(h.stream)
	if s == nil {
		return err
	}
	reset := &StreamError{Code: ErrorCode(binary.BigEndian.Uint32(b)), Remote: true}
	if reset.Code == RefusedStream {
		// Section 8.7: it means "that the stream is being closed prior to any processing having occurred".
		s.lost(&unprocessed{reset})
	} else {
		s.lost(reset)
	}
	c.forget(s)
	return nil
}

// pingFrame deals with PING. Section 6.7: "Receivers of a PING frame that does not include an ACK flag MUST send a PING frame with the ACK
// flag set in response, with an identical frame payload."
func (c *conn) pingFrame(h frameHeader, b []byte) error {
	if h.has(flagAck) {
		return nil
	}
	c.out.buf = appendPing(c.out.buf, flagAck, [8]byte(b))
	return c.answer()
}

// smallUpdate is how much a WINDOW_UPDATE gives that is not too small to carry something.
const smallUpdate = 1 << 10

// windowFrame deals with WINDOW_UPDATE.
func (c *conn) windowFrame(h frameHeader, b []byte) error {
	by := int64(binary.BigEndian.Uint32(b) & maxStreamID)
	// Section 6.9: "A receiver MUST treat the receipt of a WINDOW_UPDATE frame with a flow-control window increment of 0 as a stream error
	// [...] of type PROTOCOL_ERROR; errors on the connection flow-control window MUST be treated as a connection error".
	if by == 0 {
		return violation(ProtocolError, "WINDOW_UPDATE by nothing (Section 6.9)")
	}
	if by < smallUpdate {
		if err := c.allowed.spend(time.Now); err != nil {
			return err
		}
	}
	if h.stream == 0 {
		defer c.send()
		return c.out.window.grow(by)
	}
	s, err := c.lookup(h.stream)
	if s == nil {
		return err
	}
	return s.grow(by)
}

// grow gives a stream more to send, or less.
func (s *stream) grow(by int64) error {
	if err := s.sendWindow.grow(by); err != nil {
		return err
	}
	s.c.out.push(s)
	s.c.send()
	return nil
}

// settingsFrame deals with SETTINGS, one at a time. Section 6.5.3: "The values in the SETTINGS frame MUST be processed in the order they
// appear", and acknowledged.
func (c *conn) settingsFrame(h frameHeader) error {
	for range h.length / settingSize {
		var b [settingSize]byte
		if _, err := io.ReadFull(c.in, b[:]); err != nil {
			return err
		}
		if err := c.apply(setting(binary.BigEndian.Uint16(b[:])), binary.BigEndian.Uint32(b[2:])); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.has(flagAck) {
		return nil
	}
	c.settled = true
	c.changed.Broadcast()
	c.out.buf = appendSettings(c.out.buf, flagAck)
	return c.answer()
}

// apply takes note of a setting.
func (c *conn) apply(name setting, v uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	window := c.peer.initialWindow
	if err := c.peer.set(name, v, !c.client); err != nil {
		return err
	}
	switch name {
	case settingHeaderTableSize:
		c.out.blocks.hpack.SetMaxDynamicTableSize(min(v, defaultHeaderTable))
	case settingInitialWindow:
		// Section 6.9.2: "a receiver MUST adjust the size of all stream flow-control windows that it maintains by the difference".
		for _, s := range c.streams {
			if err := s.grow(int64(v) - int64(window)); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxReason is the most bytes of a GOAWAY's debug data that are kept.
const maxReason = 200

// goAwayFrame deals with GOAWAY. Section 6.8: "the sender will ignore frames sent on streams initiated by the receiver if the stream has an
// identifier higher than the included last stream identifier".
func (c *conn) goAwayFrame(h frameHeader) error {
	var b [8 + maxReason]byte
	kept := min(len(b), int(h.length))
	if _, err := io.ReadFull(c.in, b[:kept]); err != nil {
		return err
	}
	if err := c.skip(int(h.length) - kept); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	last := binary.BigEndian.Uint32(b[:]) & maxStreamID
	reason := strings.ToValidUTF8(string(b[8:kept]), "?")
	away := &ConnectionError{Code: ErrorCode(binary.BigEndian.Uint32(b[4:])), Remote: true, Reason: reason}
	if c.client {
		for id, s := range c.streams {
			if id > last {
				s.lost(&unprocessed{away})
				c.forget(s)
			}
		}
	}
	c.drain(away)
	return nil
}
