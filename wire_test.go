package websocket

// This file holds how tests of the protocol write down what is on the wire, without the code that they test.

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// twinKey is the mask key of RFC 6455, Section 5.7.
const twinKey = "\x37\xfa\x21\x3d"

// unhex returns the bytes that are written in hexadecimal, with spaces anywhere.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wire returns the bytes of frames as the given role receives them. Each is written as a server sends it: its header,
// a bar and its payload, in hexadecimal. What a server receives is the twin of that: masked.
func wire(t testing.TB, client bool, frames ...string) []byte {
	t.Helper()
	var out []byte
	for _, f := range frames {
		header, payload, _ := strings.Cut(f, "|")
		h, p := unhex(t, header), unhex(t, payload)
		if !client && len(h) > 1 {
			h[1] ^= 0x80
			h = append(h, twinKey...)
			for i := range p {
				p[i] ^= twinKey[i%4]
			}
		}
		out = append(append(out, h...), p...)
	}
	return out
}

// maskFrames returns the twin of bytes that are frames as a server sends them, or were meant to be.
func maskFrames(b []byte) (out []byte) {
	for len(b) >= 2 {
		size, length := 2, uint64(b[1]&0x7F)
		switch {
		case length == 126 && len(b) >= 4:
			size, length = 4, uint64(b[2])<<8|uint64(b[3])
		case length == 127 && len(b) >= 10:
			size, length = 10, 0
			for _, c := range b[2:10] {
				length = length<<8 | uint64(c)
			}
		case length >= 126:
			return append(out, b[0], b[1]^0x80)
		}
		out = append(append(append(out, b[0], b[1]^0x80), b[2:size]...), twinKey...)
		b = b[size:]
		n := int(min(length, uint64(len(b))))
		for i, c := range b[:n] {
			out = append(out, c^twinKey[i%4])
		}
		b = b[n:]
	}
	return append(out, b...)
}

// verdict is what a receiver makes of the bytes of a peer.
type verdict struct {
	items   []string   // whole messages and control frames, in the order of their ends
	partial string     // of the message under way
	code    StatusCode // of the violation, or 0
}

func (v verdict) String() string {
	return fmt.Sprintf("%q, under way %.60q, code %d", v.items, v.partial, v.code)
}

// item writes down a message or a control frame.
func item(what any, payload string) string {
	if len(payload) > 60 {
		return fmt.Sprintf("%v %d bytes %08x", what, len(payload), sum([]byte(payload)))
	}
	return fmt.Sprintf("%v %q", what, payload)
}

// sum tells long payloads apart.
func sum(p []byte) (h uint32) {
	for _, c := range p {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// modelReceiver says what a receiver must make of stream: the obvious way, looking at all of it at once.
type modelReceiver struct {
	client  bool
	limit   uint64
	deflate *modelInflater // nil without permessage-deflate

	verdict
	inMessage   bool
	op          Opcode
	empty       int
	size, taken uint64
}

// judge takes frames until the stream is used up, or is at its end because of a violation or a close frame.
func (m *modelReceiver) judge(stream []byte) verdict {
	for m.code == 0 {
		rest, ok := m.frame(stream)
		if !ok {
			break
		}
		stream = rest
	}
	return m.verdict
}

// frame takes one frame. ok is false when it is not whole or was the last.
func (m *modelReceiver) frame(b []byte) (rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	fin, op := b[0]&0x80 != 0, Opcode(b[0]&0xF)
	control := op >= 8
	rsv := b[0] & 0x70
	if m.deflate != nil && (op == 1 || op == 2) {
		rsv &^= 0x40
	}
	if rsv != 0 || op > 2 && op < 8 || op > 10 || control && !fin ||
		op == 0 && !m.inMessage || (op == 1 || op == 2) && m.inMessage {
		m.code = 1002
	}
	if m.code != 0 || len(b) < 2 {
		return nil, false
	}
	size, length := m.length(b)
	if b[1]&0x80 != 0 == m.client || control && b[1]&0x7F > 125 {
		m.code = 1002
	}
	if !m.client {
		size += 4
	}
	if m.code != 0 || len(b) < size {
		return nil, false
	}
	if (op == 1 || op == 2) && m.deflate != nil {
		m.deflate.begin(b[0]&0x40 != 0)
	}
	if !control && !m.admit(op, fin, uint64(size), length) {
		return nil, false
	}
	p := append([]byte(nil), b[size:size+int(min(length, uint64(len(b)-size)))]...)
	if !m.client {
		for i := range p {
			p[i] ^= b[size-4+i%4]
		}
	}
	whole := uint64(len(p)) == length
	if control {
		return b[size+len(p):], whole && m.control(op, p)
	}
	return b[size+len(p):], m.data(p, fin && whole) && whole
}

// length reads the payload length, and returns the size of the header up to it.
func (m *modelReceiver) length(b []byte) (size int, length uint64) {
	size, length = 2, uint64(b[1]&0x7F)
	least := uint64(0)
	switch length {
	case 126:
		size, least = 4, 126
	case 127:
		size, least = 10, 1<<16
	}
	if size > 2 {
		seen := append([]byte(nil), b[2:min(size, len(b))]...)
		for len(seen) < size-2 {
			seen = append(seen, 0xFF) // the most that it can become
		}
		length = 0
		for _, c := range seen {
			length = length<<8 | uint64(c)
		}
		if length < least || size == 10 && len(b) > 2 && b[2] >= 0x80 {
			m.code = 1002
		}
	}
	return size, length
}

// admit applies the limits to a frame of a message.
func (m *modelReceiver) admit(op Opcode, fin bool, size, length uint64) bool {
	if op != 0 {
		m.inMessage, m.op, m.partial = true, op, ""
		m.empty, m.size, m.taken = 0, 0, 0
	}
	if length == 0 && !fin {
		m.empty++
	}
	if !m.compressed() {
		m.size += length
	}
	m.taken += size + length
	switch {
	case m.empty > 4096:
		m.code = 1008
	case m.limit > 0 && m.size > m.limit:
		m.code = 1009
	case m.limit > 0 && m.taken > 2*m.limit+65536:
		m.code = 1009
	}
	return m.code == 0
}

// data takes what has come of a frame of a message.
func (m *modelReceiver) data(p []byte, last bool) bool {
	if m.compressed() {
		if !m.inflate(p, last) {
			return false
		}
	} else {
		m.partial += string(p)
	}
	if m.op == OpText {
		for tail := m.partial; tail != ""; {
			r, n := utf8.DecodeRuneInString(tail)
			if r == utf8.RuneError && n == 1 {
				if utf8.FullRuneInString(tail) || last {
					m.code = 1007
					return false
				}
				break
			}
			tail = tail[n:]
		}
	}
	if last {
		m.items = append(m.items, item(m.op, m.partial))
		m.inMessage, m.partial = false, ""
	}
	return true
}

// control takes a whole control frame, and reports whether anything may follow it.
func (m *modelReceiver) control(op Opcode, p []byte) bool {
	if op != OpClose {
		m.items = append(m.items, item(op, string(p)))
		return true
	}
	if len(p) == 0 {
		m.items = append(m.items, item("close 1005", ""))
		return false
	}
	if len(p) == 1 {
		m.code = 1002
		return false
	}
	code := int(p[0])<<8 | int(p[1])
	p = p[2:]
	if code < 1000 || code >= 1004 && code <= 1006 || code > 1014 && code < 3000 || code >= 5000 {
		m.code = 1002
		return false
	}
	if !utf8.Valid(p) {
		m.code = 1007
		return false
	}
	m.items = append(m.items, item(fmt.Sprint("close ", code), string(p)))
	return false
}

// closeCode returns the code of the close frame that came.
func (v *verdict) closeCode() (code StatusCode, ok bool) {
	if n := len(v.items); n > 0 {
		_, err := fmt.Sscanf(v.items[n-1], "close %d", &code)
		return code, err == nil
	}
	return 0, false
}
