package websocket

// This file holds the UTF-8 validation of text messages (RFC 6455, Section 8.1): a validator that carries its state
// from one part of a message to the next. Its inner loop stands in internal/simd.

import "github.com/seed-d69ae1b7/websocket/internal/simd"

// utf8Validator checks a text that arrives in parts. The zero value is ready. It refuses the first byte that cannot
// lead to valid UTF-8, without waiting for the rest of the character.
type utf8Validator struct {
	need   uint8 // continuation bytes still due in the character under way
	lo, hi uint8 // the range that the next one must fall in
}

// reset forgets the character under way.
func (v *utf8Validator) reset() { *v = utf8Validator{} }

// complete reports whether the text so far ends on a whole character.
func (v *utf8Validator) complete() bool { return v.need == 0 }

// valid takes the next part of the text and reports whether all of the text so far can still become valid UTF-8.
// After false the validator is of no further use until reset.
func (v *utf8Validator) valid(p []byte) bool {
	for v.need > 0 {
		if len(p) == 0 {
			return true
		}
		if !v.continuation(p[0]) {
			return false
		}
		p = p[1:]
	}
	n := simd.ValidPrefix(p)
	return n == len(p) || v.character(p[n:])
}

// continuation takes one continuation byte.
func (v *utf8Validator) continuation(c byte) bool {
	if c < v.lo || c > v.hi {
		return false
	}
	v.need--
	v.lo, v.hi = 0x80, 0xBF
	return true
}

// character takes the bytes that follow the longest valid prefix, at least one: the beginning of a character that stops
// before its end, or a byte that is wrong.
func (v *utf8Validator) character(p []byte) bool {
	// RFC 3629, Section 4: the ranges that a second byte may take, by the first.
	v.lo, v.hi = 0x80, 0xBF
	switch c := p[0]; {
	case c >= 0xC2 && c <= 0xDF:
		v.need = 1
	case c >= 0xE0 && c <= 0xEF:
		v.need = 2
		if c == 0xE0 {
			v.lo = 0xA0 // below: overlong
		} else if c == 0xED {
			v.hi = 0x9F // above: surrogates
		}
	case c >= 0xF0 && c <= 0xF4:
		v.need = 3
		if c == 0xF0 {
			v.lo = 0x90 // below: overlong
		} else if c == 0xF4 {
			v.hi = 0x8F // above: beyond U+10FFFF
		}
	default:
		return false
	}
	for _, c := range p[1:] {
		// A whole character would have been in the prefix: running out of need here means that p is wrong further on.
		if v.need == 0 || !v.continuation(c) {
			return false
		}
	}
	return true
}
