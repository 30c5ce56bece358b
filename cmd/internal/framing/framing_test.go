package framing

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

var all = map[string]Framing{"lines": Lines, "NUL": NUL, "length": Length, "hex": Hex, "base64": Base64}

// read returns the messages of a stream, and the error behind them.
func read(r io.Reader, f Framing, limit int64) (messages []string, err error) {
	for reader := NewReader(r, f, limit); ; {
		m, err := reader.Next()
		if err != nil {
			return messages, err
		}
		messages = append(messages, string(m))
	}
}

// TestRoundTrip protects that each framing finds the messages again that it can bear, whole and byte by byte.
func TestRoundTrip(t *testing.T) {
	for name, f := range all {
		messages := []string{"one", "", "grüße", strings.Repeat("x", 3*chunk)}
		switch f {
		case NUL:
			messages = append(messages, "two\nlines\r\n", "\r")
		case Length, Hex, Base64:
			messages = append(messages, "two\nlines\r\n", "\x00\xff", "\r")
		}
		var stream []byte
		for _, m := range messages {
			stream = f.Append(stream, []byte(m))
		}
		for _, r := range []io.Reader{bytes.NewReader(stream), iotest.OneByteReader(bytes.NewReader(stream))} {
			got, err := read(r, f, -1)
			if err != io.EOF || strings.Join(got, "|") != strings.Join(messages, "|") || len(got) != len(messages) {
				t.Errorf("%s: %d messages of %d, %v", name, len(got), len(messages), err)
			}
		}
	}
}

// TestStream protects that a stream without framing loses nothing, and that a message has at most so many bytes as the limit.
func TestStream(t *testing.T) {
	const stream = "some\nbytes\x00"
	if got := string(Stream.Append([]byte("a"), []byte("b"))); got != "ab" {
		t.Errorf("appended %q", got)
	}
	for limit, most := range map[int64]int{-1: len(stream), 3: 3, 0: 1} {
		got, err := read(strings.NewReader(stream), Stream, limit)
		if err != io.EOF || strings.Join(got, "") != stream {
			t.Errorf("limit %d: %q, %v", limit, got, err)
		}
		for _, m := range got {
			if len(m) > most {
				t.Errorf("limit %d: a message of %d bytes", limit, len(m))
			}
		}
	}
}

// TestRows protects what is read from streams that were not made by Append, and what their errors are.
func TestRows(t *testing.T) {
	tooShort, tooLong := io.ErrUnexpectedEOF, ErrTooLong
	var corrupt base64.CorruptInputError
	for _, row := range []struct {
		framing Framing
		stream  string
		limit   int64
		want    string // messages, separated by bars
		err     error  // io.EOF unless given
	}{
		{Lines, "a\r\nb", -1, "a|b", nil},
		{Lines, "\n\n", -1, "|", nil},
		{Lines, "", -1, "", nil},
		{Lines, "abc\n", 3, "abc", nil},
		{Lines, "ab\nabcd\n", 3, "ab", tooLong},
		{Lines, "abcd", 3, "", tooLong},
		{Lines, strings.Repeat("x", 2*chunk), chunk, "", tooLong},
		{NUL, "a\x00b", -1, "a|b", nil},
		{NUL, "a\n\x00", 1, "", tooLong},
		{Length, "\x00\x00\x00\x01a\x00\x00", -1, "a", tooShort},
		{Length, "\x00\x00\x00\x02a", -1, "", tooShort},
		{Length, "\xff\xff\xff\xffa", -1, "", tooShort},
		{Length, "\x00\x00\x00\x04abcd", 3, "", tooLong},
		{Hex, "00 fF 7b\n", -1, "\x00\xff\x7b", nil},
		{Base64, "YQ==\r\nYg==", -1, "a|b", nil},
	} {
		if row.err == nil {
			row.err = io.EOF
		}
		got, err := read(strings.NewReader(row.stream), row.framing, row.limit)
		if strings.Join(got, "|") != row.want || !errors.Is(err, row.err) {
			t.Errorf("%d %.20q: %q, %v, want %q, %v", row.framing, row.stream, got, err, row.want, row.err)
		}
	}
	if _, err := read(strings.NewReader("xx\n"), Hex, -1); err == nil || err == io.EOF {
		t.Errorf("wrong hexadecimal: %v", err)
	}
	if _, err := read(strings.NewReader("!\n"), Base64, -1); !errors.As(err, &corrupt) {
		t.Errorf("wrong base64: %v", err)
	}
}

// TestMemory protects memory from a length that is only announced.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	NewReader(strings.NewReader("\xff\xff\xff\xf0abc"), Length, -1).Next()
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4<<20 {
		t.Errorf("%d bytes for a message of 3", allocated)
	}
}
