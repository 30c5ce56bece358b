package engineio

// This file tests the grammar, and the lines of the clock, by themselves.

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// TestParsePacket protects every kind of packet and every prefix of one.
func TestParsePacket(t *testing.T) {
	tests := []struct {
		in   string
		ok   bool
		kind byte
		op   websocket.Opcode
		data string
	}{
		{"", false, 0, 0, ""},
		{"0", true, packetOpen, websocket.OpText, ""},
		{`0{"sid":"x"}`, true, packetOpen, websocket.OpText, `{"sid":"x"}`},
		{"1", true, packetClose, websocket.OpText, ""},
		{"2", true, packetPing, websocket.OpText, ""},
		{"2probe", true, packetPing, websocket.OpText, "probe"},
		{"3", true, packetPong, websocket.OpText, ""},
		{"3probe", true, packetPong, websocket.OpText, "probe"},
		{"4", true, packetMessage, websocket.OpText, ""},
		{"4hello", true, packetMessage, websocket.OpText, "hello"},
		{"5", true, packetUpgrade, websocket.OpText, ""},
		{"6", true, packetNoop, websocket.OpText, ""},
		{"7", false, 0, 0, ""},
		{"/", false, 0, 0, ""},
		{"\x00", false, 0, 0, ""},
		{"b", true, packetMessage, websocket.OpBinary, ""},
		{"bA", false, 0, 0, ""},
		{"bAQ", false, 0, 0, ""},
		{"bAQ=", false, 0, 0, ""},
		{"bAQ==", true, packetMessage, websocket.OpBinary, "\x01"},
		{"bAQ==A", false, 0, 0, ""},
		{"b-_==", false, 0, 0, ""},
		{"b+/==", true, packetMessage, websocket.OpBinary, "\xfb"},
	}
	for _, tt := range tests {
		p, ok := parsePacket([]byte(tt.in))
		if ok != tt.ok || ok && (p.kind != tt.kind || p.op != tt.op || string(p.data) != tt.data) {
			t.Errorf("%q: %+v %v", tt.in, p, ok)
		}
	}
}

// FuzzPayload compares the parser of payloads with a slow one, and sends what was parsed the way back.
func FuzzPayload(f *testing.F) {
	for _, seed := range []string{"", "4x", "4x\x1e4y", "bAQID\x1e2", "\x1e", "4\x1e\x1eb", "1\x1eabc"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var again []byte
		rest, more := bytes.Clone(payload), true
		for _, one := range strings.Split(string(payload), "\x1e") {
			if !more {
				t.Fatal("too few packets")
			}
			var cut []byte
			cut, rest, more = cutPacket(rest)
			p, ok := parsePacket(cut)
			want, valid := "", one != ""
			if valid && one[0] == 'b' {
				b, err := base64.StdEncoding.DecodeString(one[1:])
				want, valid = string(b), err == nil
			} else if valid {
				want, valid = one[1:], strings.Contains("0123456", one[:1])
			}
			if ok != valid || ok && string(p.data) != want {
				t.Fatalf("%q: %+v %v", one, p, ok)
			}
			if ok && p.kind == packetMessage {
				size := len(again)
				again = appendMessage(appendSeparator(again), p.op, p.data)
				if len(again)-size > messageSize(p.op, len(p.data)) {
					t.Fatalf("%q takes more than messageSize says", one)
				}
			}
		}
		if more {
			t.Fatal("too many packets")
		}
	})
}

// TestClockLines compares the lines of the clock with a search through all deadlines, for random sequences.
func TestClockLines(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 3))
	c := &clock{epoch: time.Now()}
	sessions := make([]Session, 50)
	for range 20000 {
		s := &sessions[random.IntN(len(sessions))]
		switch random.IntN(3) {
		case 0:
			c.arm(s, pingDue, time.Hour+time.Duration(random.IntN(1000)))
		case 1:
			c.arm(s, pongDue, time.Hour+time.Duration(random.IntN(1000)))
		default:
			c.disarm(s)
		}
		inLines := 0
		for d, l := range map[due]*line{pingDue: &c.pings, pongDue: &c.pongs} {
			var before *Session
			for s := l.first; s != nil; s = s.beat.next {
				if inLines++; s.beat.prev != before || s.beat.due != d || before != nil && before.beat.at > s.beat.at {
					t.Fatal("a line is broken")
				}
				before = s
			}
			if l.last != before {
				t.Fatal("the end of a line is wrong")
			}
		}
		for i := range sessions {
			if sessions[i].beat.due != idle {
				inLines--
			}
		}
		if inLines != 0 {
			t.Fatal("a session is missing")
		}
	}
	c.timer.Stop()
}
