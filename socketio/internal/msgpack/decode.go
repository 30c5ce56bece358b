package msgpack

// This file holds the way from MessagePack to JSON. It uses no recursion, and no length that is claimed is believed before its bytes are
// there: what is kept grows with what has come.

import (
	"encoding/json/jsontext"
	"math"
	"strconv"
	"time"
)

// AppendJSON appends the one value that p holds to dst as JSON, and its binary values, at most limit of them in all, to attachments. These
// are parts of p. What JSON cannot say becomes what JavaScript makes of it: a value that is undefined is left out of a map and null in
// an array, a date is a string, and a number that is none, or infinite, is null.
func AppendJSON(dst, p []byte, attachments [][]byte, limit int) ([]byte, [][]byte, error) {
	d := decoder{json: dst, rest: p, attachments: attachments, limit: limit}
	d.open = d.first[:0]
	for more := true; more; {
		err := d.value()
		if err == nil {
			more, err = d.next()
		}
		if err != nil {
			return d.json, d.attachments, err
		}
	}
	if len(d.rest) > 0 {
		return d.json, d.attachments, ErrTrailing
	}
	return d.json, d.attachments, nil
}

// decoder is the state of AppendJSON.
type decoder struct {
	json        []byte
	rest        []byte
	attachments [][]byte
	limit       int
	open        []container // the innermost last
	first       [8]container
}

// container is an array or a map that is not complete yet.
type container struct {
	left  int  // values, or pairs, to come
	close byte // what ends it in JSON
}

// next goes to the next value of the innermost container, and ends those that are complete. It returns false behind the last.
func (d *decoder) next() (more bool, err error) {
	for len(d.open) > 0 {
		c := &d.open[len(d.open)-1]
		if c.left == 0 {
			d.json = append(d.json, c.close)
			d.open = d.open[:len(d.open)-1]
			continue
		}
		c.left--
		before := len(d.json)
		if last := d.json[before-1]; last != '[' && last != '{' {
			d.json = append(d.json, ',')
		}
		if c.close == ']' {
			return true, nil
		}
		if err := d.key(); err != nil {
			return false, err
		}
		if !d.undefined() {
			return true, nil
		}
		d.json = d.json[:before]
	}
	return false, nil
}

// key appends the key of a pair.
func (d *decoder) key() error {
	b, err := d.take(1)
	if err != nil {
		return err
	}
	n, ok := 0, false
	switch kind := b[0]; {
	case fixstr <= kind && kind < null:
		n, ok = int(kind-fixstr), true
	case str8 <= kind && kind <= str32:
		n, err = d.length(kind)
		ok = true
	}
	switch {
	case err != nil:
		return err
	case !ok:
		return ErrKey
	}
	if err := d.text(n); err != nil {
		return err
	}
	d.json = append(d.json, ':')
	return nil
}

// undefined reports whether the next value is undefined, and skips it then.
func (d *decoder) undefined() bool {
	if len(d.rest) < 3 || d.rest[0] != fixext1 || d.rest[1] != extNotepack {
		return false
	}
	d.rest = d.rest[3:]
	return true
}

// value appends a value, or begins a container.
func (d *decoder) value() error {
	b, err := d.take(1)
	if err != nil {
		return err
	}
	switch kind := b[0]; {
	case kind < fixmap:
		d.json = strconv.AppendUint(d.json, uint64(kind), 10)
	case kind < fixarray:
		return d.begin('{', '}', int(kind-fixmap))
	case kind < fixstr:
		return d.begin('[', ']', int(kind-fixarray))
	case kind < null:
		return d.text(int(kind - fixstr))
	case kind >= negative:
		d.json = strconv.AppendInt(d.json, int64(int8(kind)), 10)
	case kind >= str8:
		return d.long(kind)
	case kind >= fixext1:
		return d.fixext(1 << (kind - fixext1))
	case kind >= float32_:
		return d.number(kind)
	case kind >= bin8:
		return d.long(kind)
	default:
		return d.constant(kind)
	}
	return nil
}

// constant appends a value that has no more bytes.
func (d *decoder) constant(kind byte) error {
	switch kind {
	case null:
		d.json = append(d.json, "null"...)
	case no:
		d.json = append(d.json, "false"...)
	case yes:
		d.json = append(d.json, "true"...)
	default:
		return ErrUnsupported
	}
	return nil
}

// long appends a value, or begins a container, whose length has bytes of its own.
func (d *decoder) long(kind byte) error {
	n, err := d.length(kind)
	switch {
	case err != nil:
		return err
	case kind >= map16:
		return d.begin('{', '}', n)
	case kind >= array16:
		return d.begin('[', ']', n)
	case kind >= str8:
		return d.text(n)
	case kind >= ext8:
		return d.ext(n)
	}
	return d.binary(n)
}

// length reads the length of a value that has bytes for it.
func (d *decoder) length(kind byte) (int, error) {
	bytes := 0
	switch {
	case kind >= array16:
		bytes = 2 << (kind & 1) // array16, array32, map16, map32
	case kind >= str8:
		bytes = 1 << (kind - str8)
	case kind >= ext8:
		bytes = 1 << (kind - ext8)
	default:
		bytes = 1 << (kind - bin8)
	}
	b, err := d.take(bytes)
	return int(unsigned(b)), err
}

// take returns the next n bytes.
func (d *decoder) take(n int) ([]byte, error) {
	if n < 0 || n > len(d.rest) { // on 32 bits, a length can be negative
		return nil, ErrTruncated
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b, nil
}

// unsigned is a number with the most significant byte first.
func unsigned(b []byte) (n uint64) {
	for _, one := range b {
		n = n<<8 | uint64(one)
	}
	return n
}

// begin begins a container of n values, or pairs.
func (d *decoder) begin(open, close byte, n int) error {
	switch {
	case len(d.open) == maxDepth:
		return ErrDepth
	case n < 0:
		return ErrTruncated
	}
	d.json = append(d.json, open)
	d.open = append(d.open, container{n, close})
	return nil
}

// text appends a string of n bytes.
func (d *decoder) text(n int) error {
	b, err := d.take(n)
	if err != nil {
		return err
	}
	if d.json, err = jsontext.AppendQuote(d.json, b); err != nil {
		return ErrText
	}
	return nil
}

// binary appends the placeholder of n bytes.
func (d *decoder) binary(n int) error {
	b, err := d.take(n)
	switch {
	case err != nil:
		return err
	case len(d.attachments) >= d.limit:
		return ErrAttachments
	}
	d.json = append(d.json, placeholderHead...)
	d.json = strconv.AppendInt(d.json, int64(len(d.attachments)), 10)
	d.json = append(d.json, placeholderTail...)
	d.attachments = append(d.attachments, b)
	return nil
}

// number appends a number that has bytes of its own.
func (d *decoder) number(kind byte) error {
	bytes := 1 << (kind & 3) // a float32 has 4, and its kind ends in 2
	b, err := d.take(bytes)
	if err != nil {
		return err
	}
	n := unsigned(b)
	switch {
	case kind == float32_:
		d.float(float64(math.Float32frombits(uint32(n))))
	case kind == float64_:
		d.float(math.Float64frombits(n))
	case kind < int8_:
		d.json = strconv.AppendUint(d.json, n, 10)
	default:
		unused := 64 - 8*bytes
		d.json = strconv.AppendInt(d.json, int64(n<<unused)>>unused, 10)
	}
	return nil
}

// float appends a number as JavaScript writes it.
func (d *decoder) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		d.json = append(d.json, "null"...)
		return
	}
	d.json = append(d.json, jsontext.Float(f).String()...)
}

// fixext appends an extension of n bytes, a number that its kind tells.
func (d *decoder) fixext(n int) error {
	b, err := d.take(1 + n)
	if err != nil {
		return err
	}
	kind, b := int8(b[0]), b[1:]
	switch {
	case kind == extNotepack && n == 1: // undefined
		d.json = append(d.json, "null"...)
		return nil
	case kind == extNotepack && n == 8:
		d.date(time.UnixMilli(int64(unsigned(b))))
		return nil
	case kind == extTimestamp:
		return d.timestamp(b)
	}
	return ErrUnsupported
}

// ext appends an extension of n bytes.
func (d *decoder) ext(n int) error {
	b, err := d.take(1)
	switch {
	case err != nil:
		return err
	case b[0] == extNotepack: // an array buffer
		return d.binary(n)
	case int8(b[0]) != extTimestamp:
		return ErrUnsupported
	}
	if b, err = d.take(n); err != nil {
		return err
	}
	return d.timestamp(b)
}

// timestamp appends a time as the MessagePack specification has it.
func (d *decoder) timestamp(b []byte) error {
	switch n := unsigned(b); len(b) {
	case 4:
		d.date(time.Unix(int64(n), 0))
	case 8:
		d.date(time.Unix(int64(n&(1<<34-1)), int64(n>>34)))
	case 12:
		d.date(time.Unix(int64(unsigned(b[4:])), int64(unsigned(b[:4]))))
	default:
		return ErrUnsupported
	}
	return nil
}

// date appends a time as JavaScript writes it, with more digits where there are any. What has a year that RFC 3339 cannot say is null, as
// JavaScript's invalid dates are.
func (d *decoder) date(t time.Time) {
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		d.json = append(d.json, "null"...)
		return
	}
	layout := `"2006-01-02T15:04:05.000Z07:00"`
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		layout = `"2006-01-02T15:04:05.000000000Z07:00"`
	}
	d.json = t.AppendFormat(d.json, layout)
}
