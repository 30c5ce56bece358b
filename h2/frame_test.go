package h2

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// unhex reads bytes that a person can read.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// TestFramesGolden protects the bytes of frames, as RFC 9113, Section 6, draws them.
func TestFramesGolden(t *testing.T) {
	long := bytes.Repeat([]byte{7}, maxFrame+1)
	for name, test := range map[string]struct {
		got  []byte
		want string
	}{
		"RST_STREAM":         {appendReset(nil, 3, Cancel), "000004 03 00 00000003 00000008"},
		"SETTINGS":           {appendSettings(nil, 0, pair{settingConnectProtocol, 1}, pair{settingInitialWindow, 65536}), "00000c 04 00 00000000 0008 00000001 0004 00010000"},
		"SETTINGS, ACK":      {appendSettings(nil, flagAck), "000000 04 01 00000000"},
		"PING":               {appendPing(nil, flagAck, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}), "000008 06 01 00000000 0102030405060708"},
		"GOAWAY":             {appendGoAway(nil, maxStreamID, EnhanceYourCalm), "000008 07 00 00000000 7fffffff 0000000b"},
		"WINDOW_UPDATE":      {appendWindowUpdate(nil, 5, 1<<20), "000004 08 00 00000005 00100000"},
		"HEADERS":            {appendBlock(nil, 1, flagEndStream, []byte{0x88}), "000001 01 05 00000001 88"},
		"HEADERS, nothing":   {appendBlock(nil, 1, 0, nil), "000000 01 04 00000001"},
		"HEADERS, full":      {appendBlock(nil, 1, 0, long[:maxFrame])[:9], "004000 01 04 00000001"},
		"HEADERS of two":     {appendBlock(nil, 1, flagEndStream, long)[:9], "004000 01 01 00000001"},
		"CONTINUATION":       {appendBlock(nil, 1, flagEndStream, long)[9+maxFrame:], "000001 09 04 00000001 07"},
		"behind other bytes": {appendReset([]byte{0xFF}, 1, NoError), "ff 000004 03 00 00000001 00000000"},
	} {
		if want := unhex(test.want); !bytes.Equal(test.got, want) {
			t.Errorf("%s: %x, want %x", name, test.got, want)
		}
	}
}

// TestFrameHeader protects that what is appended is what is parsed, and the bit that is ignored.
func TestFrameHeader(t *testing.T) {
	for _, h := range []frameHeader{{}, {1<<24 - 1, 255, 255, maxStreamID}, {0x010203, frameGoAway, 4, 0x05060708}} {
		b := [frameHeaderSize]byte(appendFrameHeader(nil, h))
		if got := parseFrameHeader(&b); got != h {
			t.Errorf("%+v, want %+v", got, h)
		}
		b[5] |= 0x80
		if got := parseFrameHeader(&b); got != h {
			t.Errorf("with the reserved bit: %+v, want %+v", got, h)
		}
	}
}

// TestFrameRules protects the rules about a frame by itself, at both sides of each bound.
func TestFrameRules(t *testing.T) {
	for _, test := range []struct {
		section string
		h       frameHeader
		want    ErrorCode
	}{
		{"4.2", frameHeader{maxFrame, frameData, 0, 1}, NoError},
		{"4.2", frameHeader{maxFrame + 1, frameData, 0, 1}, FrameSizeError},
		{"4.2", frameHeader{maxFrame + 1, 0xFA, 0, 1}, FrameSizeError},
		{"4.1", frameHeader{maxFrame, 0xFA, 0xFF, 0}, NoError},
		{"6.1", frameHeader{0, frameData, 0, 0}, ProtocolError},
		{"6.2", frameHeader{0, frameHeaders, 0, 0}, ProtocolError},
		{"6.3", frameHeader{5, framePriority, 0, 0}, ProtocolError},
		{"6.3", frameHeader{5, framePriority, 0, 1}, NoError},
		{"6.3", frameHeader{4, framePriority, 0, 1}, FrameSizeError},
		{"6.3", frameHeader{6, framePriority, 0, 1}, FrameSizeError},
		{"6.4", frameHeader{4, frameReset, 0, 0}, ProtocolError},
		{"6.4", frameHeader{4, frameReset, 0, 1}, NoError},
		{"6.4", frameHeader{3, frameReset, 0, 1}, FrameSizeError},
		{"6.4", frameHeader{5, frameReset, 0, 1}, FrameSizeError},
		{"6.5", frameHeader{0, frameSettings, 0, 1}, ProtocolError},
		{"6.5", frameHeader{12, frameSettings, 0, 0}, NoError},
		{"6.5", frameHeader{11, frameSettings, 0, 0}, FrameSizeError},
		{"6.5", frameHeader{0, frameSettings, flagAck, 0}, NoError},
		{"6.5", frameHeader{6, frameSettings, flagAck, 0}, FrameSizeError},
		{"6.7", frameHeader{8, framePing, 0, 1}, ProtocolError},
		{"6.7", frameHeader{8, framePing, 0, 0}, NoError},
		{"6.7", frameHeader{7, framePing, flagAck, 0}, FrameSizeError},
		{"6.7", frameHeader{9, framePing, 0, 0}, FrameSizeError},
		{"6.8", frameHeader{8, frameGoAway, 0, 1}, ProtocolError},
		{"6.8", frameHeader{7, frameGoAway, 0, 0}, FrameSizeError},
		{"6.8", frameHeader{100, frameGoAway, 0, 0}, NoError},
		{"6.9", frameHeader{4, frameWindowUpdate, 0, 0}, NoError},
		{"6.9", frameHeader{4, frameWindowUpdate, 0, 1}, NoError},
		{"6.9", frameHeader{3, frameWindowUpdate, 0, 1}, FrameSizeError},
		{"6.9", frameHeader{5, frameWindowUpdate, 0, 0}, FrameSizeError},
		{"6.10", frameHeader{0, frameContinuation, 0, 0}, ProtocolError},
		{"6.10", frameHeader{0, frameContinuation, 0, 1}, NoError},
	} {
		err := test.h.check()
		var known *ConnectionError
		if errors.As(err, &known); (err == nil) != (test.want == NoError) || known != nil && (known.Code != test.want || !strings.Contains(known.Reason, "Section "+test.section+")")) {
			t.Errorf("%s: %+v: %v", test.section, test.h, err)
		}
	}
}

// TestErrors protects what errors say.
func TestErrors(t *testing.T) {
	for want, err := range map[string]error{
		"h2: connection ended with PROTOCOL_ERROR: a frame of the wrong stream (Section 6.1)": frameHeader{}.check(),
		"h2: connection ended with ENHANCE_YOUR_CALM by the peer":                             &ConnectionError{Code: EnhanceYourCalm, Remote: true},
		`h2: connection ended with NO_ERROR by the peer: "so long\n"`:                         &ConnectionError{Remote: true, Reason: "so long\n"},
		"h2: connection ended with CONNECT_ERROR: broken: why":                                &ConnectionError{Code: ConnectError, Reason: "broken", Err: errors.New("why")},
		"h2: the peer has reset the stream with CANCEL":                                       &StreamError{Code: Cancel, Remote: true},
		"h2: stream reset with error code 99":                                                 &StreamError{Code: 99},
	} {
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
