package websocket

// This file holds the fuzz targets of Receiver and Sender.

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// cutAt cuts b into chunks of sizes that seed chooses, again and again.
func cutAt(b, seed []byte) (chunks [][]byte) {
	for i := 0; len(b) > 0; i++ {
		n := len(b)
		if len(seed) > 0 {
			n = min(n, int(seed[i%len(seed)]))
		}
		if n == 0 && i >= len(seed) {
			n = 1 // an end, also with a seed of zeros
		}
		chunks = append(chunks, b[:n])
		b = b[n:]
	}
	return chunks
}

// FuzzReceiver gives any bytes to a Receiver of either role. However they are cut, it must make of them what the
// model does.
func FuzzReceiver(f *testing.F) {
	for _, rows := range receiverRows() {
		for _, row := range rows {
			if stream := wire(f, true, row.frames...); len(stream) < 64 {
				f.Add(stream, []byte{3, 0, 1}, uint16(row.limit), true, false)
				f.Add(stream, []byte{2}, uint16(row.limit), false, true)
			}
		}
	}
	f.Fuzz(func(t *testing.T, stream, seed []byte, limit uint16, client, twin bool) {
		if twin && !client {
			stream = maskFrames(stream) // so that the fuzzer finds texts and close codes also under a mask
		}
		m := modelReceiver{client: client, limit: uint64(limit)}
		want := m.judge(stream)
		agree(t, "whole", receive(t, newReceiver(client, uint64(limit)), stream), want)
		agree(t, "one by one", receive(t, newReceiver(client, uint64(limit)), singles(stream)...), want)
		agree(t, "in chunks", receive(t, newReceiver(client, uint64(limit)), cutAt(stream, seed)...), want)
		agree(t, "whole frames", receiving{whole: true}.receive(t, newReceiver(client, uint64(limit)), cutAt(stream, seed)...), want)
	})
}

// modelSender says what a Sender must accept.
type modelSender struct {
	closed, inMessage bool
	op                Opcode
	items             []string
	payload           []byte
}

// data says whether a message or a fragment is right, and takes it if so.
func (m *modelSender) data(op Opcode, p []byte, whole, last bool) bool {
	if op != OpText && op != OpBinary || m.closed || m.inMessage && (whole || op != m.op) {
		return false
	}
	check := modelReceiver{op: op, verdict: verdict{partial: string(m.payload)}}
	if !check.data(p, last) {
		return false
	}
	m.inMessage, m.op = !last, op
	if m.payload = append(m.payload, p...); last {
		m.items = append(m.items, item(op, string(m.payload)))
		m.payload = nil
	}
	return true
}

// FuzzSenderReceiver makes a Sender of either role do what a script says. It must refuse what the model refuses, and
// the opposite role must receive the messages that were sent.
func FuzzSenderReceiver(f *testing.F) {
	for _, client := range []bool{true, false} {
		f.Add([]byte("\x00\x05Hello\x01\x00\x10\x03abc\x20\x01x\x18\x02de\x30\x02\x03\xe8"), client)
		f.Add([]byte("\x00\x02\xc3\xa9\x10\x01\xe2\x10\x01\x82\x18\x01\xac\x00\x01\xff"), client)
		f.Add([]byte("\x50\x7d\x40\x7e\x41\xff\x40\xff\x30\x00\x00\x00\x20\x00"), client)
		f.Add([]byte("\x11\x01a\x12\x01b\x03\x01c\x04\x00\x25\x00\x2a\x02ab\x19\x00"), client)
	}
	f.Fuzz(func(t *testing.T, script []byte, client bool) {
		var s Sender
		s.Reset(SenderOptions{Client: client})
		playScript(t, script, &s, newReceiver(!client, 0))
	})
}

// playScript makes s do what a script says, and r receive it.
func playScript(t *testing.T, script []byte, s *Sender, r *Receiver) {
	var m modelSender
	var out []byte
	for len(script) >= 2 && len(out) < 1<<20 { // more takes a fuzzer's time, and shows nothing
		// The first byte says what is called with which opcode, the second the size of the payload.
		what, low, n := script[0]>>4, Opcode(script[0]&7), int(script[1])
		script = script[2:]
		p := script[:min(n, len(script))]
		if what < 4 {
			script = script[len(p):]
		} else {
			p = bytes.Repeat([]byte{byte(n)}, n*300) // a large one
		}
		had := len(out)
		var err error
		var ok bool
		switch what % 4 {
		case 0:
			op := []Opcode{OpText, OpBinary, OpContinuation, OpClose, OpPing, 3, 0x81, 0xF}[low]
			out, err = s.AppendMessage(out, op, p)
			ok = m.data(op, p, true, true)
		case 1:
			op := []Opcode{OpText, OpBinary, OpContinuation, OpClose}[low&3]
			last := low&4 != 0
			out, err = s.AppendFragment(out, op, p, last)
			ok = m.data(op, p, false, last)
		case 2:
			op := []Opcode{OpPing, OpPong, OpClose, OpText, OpContinuation, 0xB, OpPing, OpPong}[low]
			out, err = s.AppendControl(out, op, p)
			if ok = !m.closed && (op == OpPing || op == OpPong) && len(p) <= 125; ok {
				m.items = append(m.items, item(op, string(p)))
			}
		case 3:
			payload := p[:min(len(p), 125)]
			check := modelReceiver{}
			legal := check.control(OpClose, payload) || check.code == 0
			code, reason := StatusNoStatusReceived, ""
			if len(payload) > 1 {
				code, reason = StatusCode(payload[0])<<8|StatusCode(payload[1]), string(payload[2:])
			} else {
				check.items, legal = []string{item("close 1005", "")}, true
			}
			if code == StatusNoStatusReceived && reason == "" {
				check.items, legal = []string{item("close 1005", "")}, true
			}
			out, err = s.AppendClose(out, code, reason)
			if ok = !m.closed && legal; ok {
				m.closed = true
				m.items = append(m.items, check.items...)
			}
		}
		if ok != (err == nil) || err != nil && len(out) != had {
			t.Fatalf("error %v, the model says %v; %d bytes appended", err, ok, len(out)-had)
		}
	}
	v := receive(t, r, out)
	if s.deflater != nil && strings.HasPrefix(string(m.payload), v.partial) {
		v.partial = string(m.payload) // the deflater holds some bits back
	}
	if !slices.Equal(v.items, m.items) || v.code != 0 || v.partial != string(m.payload) {
		t.Fatalf("received %v\nsent %s", v, fmt.Sprintf("%q", m.items))
	}
}
