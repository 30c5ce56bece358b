package msgpack

// This file holds the way from JSON to MessagePack.

import (
	"bytes"
	"encoding/binary"
	"encoding/json/jsontext"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
)

// errPlaceholder is the error of a placeholder without its attachment.
var errPlaceholder = errors.New("msgpack: a placeholder without its attachment")

// Append appends value to dst as MessagePack, with attachments in place of their placeholders, which must be written as AppendJSON
// writes them. The forms are the shortest; whole numbers are integers where they fit into 64 bits, and other numbers have 64 bits.
// The error is that of package jsontext for a value that is not JSON.
func Append(dst []byte, value jsontext.Value, attachments [][]byte) ([]byte, error) {
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	e.value, e.attachments, e.out, e.heads, e.open = value, attachments, dst, e.heads[:0], e.open[:0]
	e.source = *bytes.NewBuffer(value)
	e.tokens.Reset(&e.source, jsontext.AllowDuplicateNames(true))
	err := e.write()
	e.insertHeads()
	out := e.out
	e.value, e.attachments, e.out, e.source = nil, nil, nil, bytes.Buffer{}
	if cap(e.text) > 64<<10 {
		e.text = nil
	}
	return out, err
}

// encoders lends encoders.
var encoders = sync.Pool{New: func() any { return new(encoder) }}

// encoder is the state of Append. MessagePack has the number of values in a container before them, JSON does not say it: what is in
// containers is written first, and then moved apart, all of it once.
type encoder struct {
	value       jsontext.Value
	source      bytes.Buffer // of tokens, which is faster with one than with other readers
	tokens      jsontext.Decoder
	attachments [][]byte
	out         []byte // without the heads
	heads       []head // in the order in which they belong there
	open        []int  // those of the containers that are not complete, the innermost last
	text        []byte
}

// head is what a container begins with.
type head struct {
	at    int // where it belongs in out
	n     int // values or pairs
	first byte
}

// write writes the value without heads.
func (e *encoder) write() error {
	for {
		if err := e.token(); err != nil {
			return err
		}
		if e.tokens.StackDepth() == 0 {
			break
		}
	}
	if _, err := e.tokens.ReadToken(); err != io.EOF {
		return alone(err)
	}
	return nil
}

// alone returns err, or that there is more than one value.
func alone(err error) error {
	if err == nil {
		return ErrTrailing
	}
	return err
}

// token writes a value that is no container, or begins or ends one.
func (e *encoder) token() error {
	switch kind := e.tokens.PeekKind(); kind {
	case '{', '[':
		if number, ok := e.placeholder(); ok {
			return e.binary(number)
		}
		return e.begin(kind)
	case '}', ']':
		return e.end(kind)
	default:
		v, err := e.tokens.ReadValue()
		if err != nil {
			return err
		}
		return e.scalar(kind, v)
	}
}

// begin begins a container.
func (e *encoder) begin(kind jsontext.Kind) error {
	h := head{len(e.out), 0, fixarray}
	if kind == '{' {
		h.first = fixmap
	}
	e.open, e.heads = append(e.open, len(e.heads)), append(e.heads, h)
	_, err := e.tokens.ReadToken()
	return err
}

// end ends one.
func (e *encoder) end(kind jsontext.Kind) error {
	_, n := e.tokens.StackIndex(e.tokens.StackDepth())
	if _, err := e.tokens.ReadToken(); err != nil {
		return err // there is none
	}
	h := &e.heads[e.open[len(e.open)-1]]
	if h.n = int(n); kind == '}' {
		h.n /= 2 // names and values count
	}
	e.open = e.open[:len(e.open)-1]
	return nil
}

// placeholder returns the digits of the placeholder that comes next, if one does.
func (e *encoder) placeholder() (digits []byte, ok bool) {
	rest := bytes.TrimLeft(e.value[e.tokens.InputOffset():], ",: \t\r\n")
	rest, ok = bytes.CutPrefix(rest, []byte(placeholderHead))
	if !ok {
		return nil, false
	}
	digits, _, ok = bytes.Cut(rest, []byte(placeholderTail))
	return digits, ok
}

// binary writes an attachment in place of its placeholder, which is skipped.
func (e *encoder) binary(digits []byte) error {
	n, err := strconv.Atoi(string(digits))
	if err != nil || n < 0 || n >= len(e.attachments) {
		return errPlaceholder
	}
	b := e.attachments[n]
	switch {
	case len(b) < 1<<8:
		e.out = append(e.out, bin8, byte(len(b)))
	case len(b) < 1<<16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, bin16), uint16(len(b)))
	default:
		e.out = binary.BigEndian.AppendUint32(append(e.out, bin32), uint32(len(b)))
	}
	e.out = append(e.out, b...)
	return e.tokens.SkipValue()
}

// scalar writes a value that is no container, or a key.
func (e *encoder) scalar(kind jsontext.Kind, v jsontext.Value) (err error) {
	switch kind {
	case 'n':
		e.out = append(e.out, null)
	case 'f':
		e.out = append(e.out, no)
	case 't':
		e.out = append(e.out, yes)
	case '"':
		if e.text, err = jsontext.AppendUnquote(e.text[:0], v); err == nil {
			e.string(e.text)
		}
	default:
		e.number(string(v))
	}
	return err
}

// string writes a string.
func (e *encoder) string(s []byte) {
	switch n := len(s); {
	case n < null-fixstr:
		e.out = append(e.out, byte(fixstr+n))
	case n < 1<<8:
		e.out = append(e.out, str8, byte(n))
	case n < 1<<16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, str16), uint16(n))
	default:
		e.out = binary.BigEndian.AppendUint32(append(e.out, str32), uint32(n))
	}
	e.out = append(e.out, s...)
}

// number writes a number that JSON allows.
func (e *encoder) number(s string) {
	switch {
	case strings.ContainsAny(s, ".eE"):
	case s[0] == '-':
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n != 0 { // zero keeps its sign
			e.negative(n)
			return
		}
	default:
		if n, err := strconv.ParseUint(s, 10, 64); err == nil {
			e.positive(n)
			return
		}
	}
	f, _ := strconv.ParseFloat(s, 64) // one that is too large is infinite, as in JavaScript
	e.out = binary.BigEndian.AppendUint64(append(e.out, float64_), math.Float64bits(f))
}

// positive writes a whole number that is not below 0.
func (e *encoder) positive(n uint64) {
	switch {
	case n < fixmap:
		e.out = append(e.out, byte(n))
	case n < 1<<8:
		e.out = append(e.out, uint8_, byte(n))
	case n < 1<<16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, uint16_), uint16(n))
	case n < 1<<32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, uint32_), uint32(n))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, uint64_), n)
	}
}

// negative writes a whole number below 0.
func (e *encoder) negative(n int64) {
	switch {
	case n >= negative-256:
		e.out = append(e.out, byte(n))
	case n >= math.MinInt8:
		e.out = append(e.out, int8_, byte(n))
	case n >= math.MinInt16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, int16_), uint16(n))
	case n >= math.MinInt32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, int32_), uint32(n))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, int64_), uint64(n))
	}
}

// size returns how many bytes a head has.
func (h head) size() int {
	switch {
	case h.n < 16:
		return 1
	case h.n < 1<<16:
		return 3
	}
	return 5
}

// append appends a head.
func (h head) append(dst []byte) []byte {
	long := byte(array16)
	if h.first == fixmap {
		long = map16
	}
	switch h.size() {
	case 1:
		return append(dst, h.first|byte(h.n))
	case 3:
		return binary.BigEndian.AppendUint16(append(dst, long), uint16(h.n))
	}
	return binary.BigEndian.AppendUint32(append(dst, long+1), uint32(h.n))
}

// insertHeads puts the heads where they belong, the last first.
func (e *encoder) insertHeads() {
	shift := 0
	for _, h := range e.heads {
		shift += h.size()
	}
	end := len(e.out)
	e.out = append(e.out, make([]byte, shift)...)
	for i := len(e.heads) - 1; i >= 0; i-- {
		h := e.heads[i]
		copy(e.out[h.at+shift:], e.out[h.at:end])
		shift -= h.size()
		h.append(e.out[:h.at+shift])
		end = h.at
	}
}
