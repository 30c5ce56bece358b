package msgpack

// This file holds the fuzz targets, with a slow and obvious codec as their oracle.

import (
	"bytes"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"
)

// slow decodes one value to JSON and returns what follows it; ok is false if it cannot.
func slow(p []byte, attachments *int) (text string, rest []byte, ok bool) {
	if len(p) == 0 {
		return
	}
	kind, p := p[0], p[1:]
	cut := func(n int) (b []byte) {
		if ok = n <= len(p); ok {
			b, p = p[:n], p[n:]
		}
		return b
	}
	count := func(n int) int { return int(unsigned(cut(n))) }
	str := func(n int) (string, []byte, bool) {
		b := cut(n)
		ok = ok && utf8.Valid(b)
		quoted, _ := json.Marshal(string(b))
		return string(quoted), p, ok
	}
	bin := func(n int) (string, []byte, bool) {
		cut(n)
		*attachments++
		return `{"_placeholder":true,"num":` + strconv.Itoa(*attachments-1) + `}`, p, ok
	}
	row := func(n int) (string, []byte, bool) {
		text := ""
		for i := range n {
			var one string
			if one, p, ok = slow(p, attachments); !ok {
				return "", nil, false
			}
			if i > 0 {
				text += ","
			}
			text += one
		}
		return "[" + text + "]", p, true
	}
	pairs := func(n int) (string, []byte, bool) {
		text := ""
		for range n {
			if len(p) == 0 || p[0]&0xe0 != 0xa0 && (p[0] < 0xd9 || p[0] > 0xdb) {
				return "", nil, false
			}
			var key, one string
			if key, p, ok = slow(p, attachments); !ok {
				return "", nil, false
			}
			undefined := len(p) >= 3 && p[0] == 0xd4 && p[1] == 0
			if one, p, ok = slow(p, attachments); !ok {
				return "", nil, false
			}
			if undefined {
				continue
			}
			if text != "" {
				text += ","
			}
			text += key + ":" + one
		}
		return "{" + text + "}", p, true
	}
	float := func(f float64) (string, []byte, bool) {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return "null", p, ok
		}
		b, _ := json.Marshal(f)
		return string(b), p, ok
	}
	switch ok = true; {
	case kind <= 0x7f:
		return strconv.Itoa(int(kind)), p, true
	case kind <= 0x8f:
		return pairs(int(kind & 15))
	case kind <= 0x9f:
		return row(int(kind & 15))
	case kind <= 0xbf:
		return str(int(kind & 31))
	case kind >= 0xe0:
		return strconv.Itoa(int(kind) - 256), p, true
	}
	switch kind {
	case 0xc0:
		return "null", p, true
	case 0xc2:
		return "false", p, true
	case 0xc3:
		return "true", p, true
	case 0xc4, 0xc5, 0xc6:
		if n := count(1 << (kind - 0xc4)); ok {
			return bin(n)
		}
	case 0xca:
		return float(float64(math.Float32frombits(uint32(count(4)))))
	case 0xcb:
		return float(math.Float64frombits(unsigned(cut(8))))
	case 0xcc, 0xcd, 0xce, 0xcf:
		return strconv.FormatUint(unsigned(cut(1<<(kind-0xcc))), 10), p, ok
	case 0xd0:
		return strconv.Itoa(int(int8(count(1)))), p, ok
	case 0xd1:
		return strconv.Itoa(int(int16(count(2)))), p, ok
	case 0xd2:
		return strconv.Itoa(int(int32(count(4)))), p, ok
	case 0xd3:
		return strconv.FormatInt(int64(unsigned(cut(8))), 10), p, ok
	case 0xd4:
		b := cut(2)
		return "null", p, ok && b[0] == 0
	case 0xd9, 0xda, 0xdb:
		if n := count(1 << (kind - 0xd9)); ok {
			return str(n)
		}
	case 0xdc, 0xdd:
		if n := count(2 << (kind - 0xdc)); ok {
			return row(n)
		}
	case 0xde, 0xdf:
		if n := count(2 << (kind - 0xde)); ok {
			return pairs(n)
		}
	}
	return "", nil, false
}

// knows reports whether slow knows everything that could be in p: it knows no times and no array buffers.
func knows(p []byte) bool {
	return len(p) < maxDepth && !slices.ContainsFunc(p, func(b byte) bool { return 0xc7 <= b && b <= 0xc9 || 0xd6 <= b && b <= 0xd7 })
}

// FuzzAppendJSON compares with slow, and goes there and back.
func FuzzAppendJSON(f *testing.F) {
	for _, one := range values {
		if packed, err := hex.DecodeString(one.packed); err == nil && len(packed) < 1000 {
			f.Add(packed)
		}
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		given := bytes.Clone(p)
		text, attachments, err := AppendJSON(nil, p, nil, math.MaxInt)
		if !bytes.Equal(p, given) {
			t.Fatal("what was given has changed")
		}
		if knows(p) {
			n := 0
			want, rest, ok := slow(p, &n)
			if ok = ok && len(rest) == 0; ok != (err == nil) || ok && (want != string(text) || n != len(attachments)) {
				t.Fatalf("got %s with %d, %v, want %s with %d, %v", text, len(attachments), err, want, n, ok)
			}
		}
		if err != nil {
			return
		}
		if !jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true)) {
			t.Fatalf("no JSON: %s", text)
		}
		thereAndBack(t, text, attachments)
	})
}

// thereAndBack checks that a value is the same after it was MessagePack.
func thereAndBack(t *testing.T, text jsontext.Value, attachments [][]byte) {
	packed, err := Append(nil, text, attachments)
	if err == errPlaceholder && bytes.Count(text, []byte(placeholderHead)) > len(attachments) {
		return // the value has a map that looks like one
	}
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	again, attachments2, err := AppendJSON(nil, packed, nil, math.MaxInt)
	if bytes.Count(text, []byte(placeholderHead)) > len(attachments) {
		return
	}
	if err != nil || !bytes.Equal(again, text) || !slices.EqualFunc(attachments, attachments2, bytes.Equal) {
		t.Fatalf("%s became %s, %v", text, again, err)
	}
}

// FuzzAppend protects that whatever is JSON can be written and comes back with the same meaning, and nothing else can.
func FuzzAppend(f *testing.F) {
	for _, one := range values {
		if len(one.json) < 1000 {
			f.Add([]byte(one.json))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		packed, err := Append(nil, text, nil)
		if !jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true)) || bytes.Contains(text, []byte(placeholderHead)) {
			if err == nil && !bytes.Contains(text, []byte(placeholderHead)) {
				t.Fatalf("%q became %x", text, packed)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, _, err := AppendJSON(nil, packed, nil, 0)
		if err != nil {
			t.Fatalf("%q became %x: %v", text, packed, err)
		}
		if before, ok := meaning(text); ok {
			if after, _ := meaning(again); before != after {
				t.Fatalf("%q became %q", text, again)
			}
		}
	})
}

// meaning returns a value as Go prints it, with numbers of 64 bits, or false if one is more than these can say. The last of values with the
// same name counts.
func meaning(text []byte) (string, bool) {
	var v any
	err := json.Unmarshal(text, &v, jsontext.AllowDuplicateNames(true))
	return fmt.Sprintf("%#v", v), err == nil
}
