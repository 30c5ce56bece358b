package websocket

// This file tests close.go: status codes and the payload of close frames.

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// All 65536 status codes: only those that Section 7.4 and the registry let travel may do so.
func TestStatusCodeOnWire(t *testing.T) {
	allowed := map[StatusCode]bool{
		// RFC 6455, Section 7.4.1.
		1000: true, 1001: true, 1002: true, 1003: true, 1007: true, 1008: true, 1009: true, 1010: true, 1011: true,
		// The IANA registry, later.
		1012: true, 1013: true, 1014: true,
	}
	// Section 7.4.2: 3000 to 3999 for libraries, 4000 to 4999 for private use.
	for c := StatusCode(3000); c <= 4999; c++ {
		allowed[c] = true
	}
	for i := range 1 << 16 {
		if c := StatusCode(i); c.OnWire() != allowed[c] {
			t.Errorf("%d: OnWire %v", i, c.OnWire())
		}
	}
}

// Registered codes have their names, and no other code has one.
func TestStatusCodeString(t *testing.T) {
	names := map[StatusCode]string{
		StatusNormalClosure:      "1000 (normal closure)",
		StatusGoingAway:          "1001 (going away)",
		StatusProtocolError:      "1002 (protocol error)",
		StatusUnsupportedData:    "1003 (unsupported data)",
		StatusNoStatusReceived:   "1005 (no status received)",
		StatusAbnormalClosure:    "1006 (abnormal closure)",
		StatusInvalidPayload:     "1007 (invalid payload data)",
		StatusPolicyViolation:    "1008 (policy violation)",
		StatusMessageTooBig:      "1009 (message too big)",
		StatusMandatoryExtension: "1010 (mandatory extension)",
		StatusInternalError:      "1011 (internal error)",
		StatusServiceRestart:     "1012 (service restart)",
		StatusTryAgainLater:      "1013 (try again later)",
		StatusBadGateway:         "1014 (bad gateway)",
		StatusTLSHandshake:       "1015 (TLS handshake)",
		0:                        "0", 999: "999", 1004: "1004", 1016: "1016", 3000: "3000", 65535: "65535",
	}
	for c, want := range names {
		if got := c.String(); got != want {
			t.Errorf("%d: %q, want %q", uint16(c), got, want)
		}
	}
}

// Payloads of close frames that are right, written and read back. RFC 6455, Sections 5.5.1 and 7.1.5.
func TestClosePayload(t *testing.T) {
	for _, tt := range []struct {
		hex    string
		code   StatusCode
		reason string
	}{
		{"", StatusNoStatusReceived, ""},
		{"03e8", StatusNormalClosure, ""},
		{"03e9 627965", StatusGoingAway, "bye"},
		{"03f5 e282ac", StatusTryAgainLater, "€"},
		{"0bb8", 3000, ""},
		{"1387 00", 4999, "\x00"},
		{"03e8" + strings.Repeat("78", 123), StatusNormalClosure, strings.Repeat("x", 123)},
	} {
		want := unhex(t, tt.hex)
		got, err := AppendClose([]byte("dst"), tt.code, tt.reason)
		if err != nil || string(got) != "dst"+string(want) {
			t.Errorf("AppendClose(%d, %q) = %x, %v; want dst and %x", tt.code, tt.reason, got, err, want)
		}
		code, reason, err := ParseClose(want)
		if code != tt.code || string(reason) != tt.reason || err != nil {
			t.Errorf("ParseClose(%x) = %d, %q, %v; want %d, %q", want, code, reason, err, tt.code, tt.reason)
		}
	}
}

// ParseClose gives back the payload's own memory.
func TestParseCloseAliases(t *testing.T) {
	p := []byte("\x03\xe8reason")
	_, reason, err := ParseClose(p)
	if err != nil || &reason[0] != &p[2] {
		t.Errorf("%q, %v: not an alias", reason, err)
	}
}

// Payloads of close frames that are wrong: the code to close with, and the rule.
func TestParseCloseRefuses(t *testing.T) {
	for _, tt := range []struct {
		hex     string
		code    StatusCode
		section string
		text    string
	}{
		{"03", StatusProtocolError, "5.5.1", "close frame with a payload of one byte"},
		{"0000", StatusProtocolError, "7.4", "close frame with status code 0"},
		{"03ec", StatusProtocolError, "7.4", "close frame with status code 1004"},
		{"03ed", StatusProtocolError, "7.4", "close frame with status code 1005 (no status received)"},
		{"03ee 78", StatusProtocolError, "7.4", "close frame with status code 1006 (abnormal closure)"},
		{"03f7", StatusProtocolError, "7.4", "close frame with status code 1015 (TLS handshake)"},
		{"ffff", StatusProtocolError, "7.4", "close frame with status code 65535"},
		{"03ec ff", StatusProtocolError, "7.4", "close frame with status code 1004"},
		{"03e8" + strings.Repeat("78", 124), StatusProtocolError, "5.5", "control frame over 125 bytes"},
		{"03e8 ff", StatusInvalidPayload, "8.1", "reason of a close frame is not valid UTF-8"},
		{"03e8 e282", StatusInvalidPayload, "8.1", "reason of a close frame is not valid UTF-8"},
		{"03e8 eda080", StatusInvalidPayload, "8.1", "reason of a close frame is not valid UTF-8"},
	} {
		code, reason, err := ParseClose(unhex(t, tt.hex))
		var pe *ProtocolError
		if code != 0 || reason != nil || !errors.As(err, &pe) {
			t.Errorf("%s: %d, %q, %v; want a *ProtocolError", tt.hex, code, reason, err)
			continue
		}
		if pe.Code != tt.code || pe.Section != tt.section || pe.Text != tt.text {
			t.Errorf("%s: %d, %q, %q; want %d, %q, %q", tt.hex,
				pe.Code, pe.Section, pe.Text, tt.code, tt.section, tt.text)
		}
	}
}

// Every code that may travel does, and every other one is refused by both sides and leaves dst alone.
func TestCloseEveryCode(t *testing.T) {
	for i := range 1 << 16 {
		c := StatusCode(i)
		b, err := AppendClose([]byte("dst"), c, "why")
		if !c.OnWire() {
			if string(b) != "dst" || !errors.Is(err, errCloseCode) {
				t.Errorf("AppendClose(%d) = %q, %v", i, b, err)
			}
			if _, _, err := ParseClose([]byte{byte(i >> 8), byte(i)}); err == nil {
				t.Errorf("ParseClose took %d", i)
			}
			continue
		}
		if err != nil {
			t.Fatalf("AppendClose(%d): %v", i, err)
		}
		if code, reason, err := ParseClose(b[3:]); code != c || string(reason) != "why" || err != nil {
			t.Errorf("%d came back as %d, %q, %v", i, code, reason, err)
		}
	}
}

// A reason that is not UTF-8 is refused, wherever it is wrong, and leaves dst alone; so is a reason without a code.
func TestAppendCloseRefuses(t *testing.T) {
	for _, reason := range []string{"\xff", "abc\x80", "\xe2\x82", "\xed\xa0\x80", strings.Repeat("x", 200) + "\xff"} {
		if b, err := AppendClose([]byte("dst"), StatusNormalClosure, reason); string(b) != "dst" || !errors.Is(err, errCloseReason) {
			t.Errorf("%q: %q, %v", reason, b, err)
		}
	}
	if b, err := AppendClose([]byte("dst"), StatusNoStatusReceived, "x"); string(b) != "dst" || !errors.Is(err, errCloseCode) {
		t.Errorf("1005 with a reason: %q, %v", b, err)
	}
}

// A long reason is cut to the longest prefix of at most 123 bytes that ends on a whole character, at every place
// that a character of every size may have.
func TestCutReason(t *testing.T) {
	for _, char := range []string{"x", "é", "€", "😀"} {
		for lead := range 130 {
			reason := strings.Repeat("a", lead) + strings.Repeat(char, 130)
			want := ""
			for i := range reason {
				if i <= MaxCloseReason {
					want = reason[:i]
				}
			}
			got := cutReason(reason)
			if got != want || !utf8.ValidString(got) || len(got) > 123 || len(got) < 120 {
				t.Errorf("%d bytes before %q: %d bytes, want %d", lead, char, len(got), len(want))
			}
			b, err := AppendClose(nil, StatusNormalClosure, reason)
			if err != nil || !bytes.Equal(b, append([]byte{0x03, 0xe8}, want...)) {
				t.Errorf("%d bytes before %q: AppendClose gave %q, %v", lead, char, b, err)
			}
		}
	}
	for n := range MaxCloseReason + 1 {
		if got := cutReason(strings.Repeat("x", n)); len(got) != n {
			t.Errorf("%d bytes were cut to %d", n, len(got))
		}
	}
}

// Neither direction may allocate where dst has room.
func TestCloseAllocations(t *testing.T) {
	buf := make([]byte, 0, MaxControlPayload)
	reason := strings.Repeat("€", 60)
	if n := testing.AllocsPerRun(100, func() {
		buf, _ = AppendClose(buf[:0], StatusNormalClosure, reason)
		if _, _, err := ParseClose(buf); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParseClose checks that what ParseClose takes is written back byte for byte, and that it takes exactly the
// payloads that are short enough, with a code that may travel and a reason in UTF-8.
func FuzzParseClose(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x03\xe8"))
	f.Add([]byte("\x03\xe8bye"))
	f.Fuzz(func(t *testing.T, p []byte) {
		code, reason, err := ParseClose(p)
		want := len(p) == 0
		if len(p) >= 2 && len(p) <= 125 {
			want = StatusCode(int(p[0])*256+int(p[1])).OnWire() && utf8.Valid(p[2:])
		}
		if (err == nil) != want {
			t.Fatalf("%x: %v", p, err)
		}
		if err != nil {
			return
		}
		if b, err := AppendClose(nil, code, string(reason)); err != nil || !bytes.Equal(b, p) {
			t.Fatalf("%x was written back as %x, %v", p, b, err)
		}
	})
}
