package reactor

// This file tests what becomes of a peer's bytes, with a simulated poller.

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// echoing is a recorder that echoes.
func echoing(t testing.TB) *recorder {
	return &recorder{do: func(c *Conn, op websocket.Opcode, p []byte) {
		if err := c.Write(context.Background(), op, p); err != nil {
			t.Errorf("Write: %v", err)
		}
	}}
}

// conversation is a peer's whole stream behind its request, and what an echo makes of it.
func conversation() (stream []byte, told, sent []string) {
	c := newClient()
	stream = append(stream, c.message(websocket.OpText, "Hello")...)
	stream, _ = c.AppendFragment(stream, websocket.OpText, []byte("\xc3"), false)
	stream, _ = c.AppendControl(stream, websocket.OpPing, []byte("between"))
	stream, _ = c.AppendFragment(stream, websocket.OpText, []byte("\xa9"), true)
	stream = append(stream, c.message(websocket.OpBinary, strings.Repeat("x", 300))...)
	stream, _ = c.AppendControl(stream, websocket.OpPong, nil)
	stream = append(stream, c.message(websocket.OpText, "")...)
	stream, _ = c.AppendClose(stream, websocket.StatusNormalClosure, "bye")
	told = []string{"open", `text 5 "Hello"`, `text 2 "é"`, fmt.Sprintf("binary 300 %.20q", strings.Repeat("x", 300)), `text 0 ""`, "close 1000 (normal closure)"}
	sent = []string{`text 5 "Hello"`, `pong "between"`, `text 2 "é"`, told[3], `text 0 ""`, `close 1000 ""`}
	return stream, told, sent
}

// check wants a handler to have been told, a peer to have got, and the connection to be gone.
func (m *sim) check(fd int32, h *recorder, told, sent []string) {
	m.t.Helper()
	if !slices.Equal(h.told, told) {
		m.t.Errorf("the handler was told %q, want %q", h.told, told)
	}
	if got := received(m.t, m.socks[fd].out, nil); !slices.Equal(got, sent) {
		m.t.Errorf("the peer got %q, want %q", got, sent)
	}
	m.end(fd)
	if !m.socks[fd].closed || m.loop.open != 0 {
		m.t.Errorf("closed: %v, %d connections", m.socks[fd].closed, m.loop.open)
	}
	if !m.idle() || len(m.loop.free) != 1 || m.loop.wheel.n != 0 {
		m.t.Errorf("the loop is left with %v, %d free slots, %d timers", m.idle(), len(m.loop.free), m.loop.wheel.n)
	}
}

// idle reports whether what the loop lends to connections is in the middle of nothing.
func (m *sim) idle() bool {
	return !slices.ContainsFunc(m.loop.worker.ins, func(in *inbound) bool { return in != nil && !in.idle() })
}

// TestSplits protects that a conversation, its opening handshake included, does not depend on how it is cut: in two at every place, into
// single bytes, and not at all.
func TestSplits(t *testing.T) {
	stream, told, sent := conversation()
	whole := append([]byte(request), stream...)
	for cut := range len(whole) {
		h := echoing(t)
		m := newSim(t, &Server{Handler: h})
		fd, _ := m.connect(nil)
		if cut == 0 {
			m.arrive(fd, whole)
		} else {
			m.arrive(fd, whole[:cut], whole[cut:])
		}
		m.check(fd, h, told, sent)
		if t.Failed() {
			t.Fatalf("cut at %d", cut)
		}
	}
	h := echoing(t)
	m := newSim(t, &Server{Accept: func(r *websocket.Request) (Handler, error) { return h, nil }})
	fd, _ := m.connect(nil)
	for i := range whole {
		m.arrive(fd, whole[i:i+1])
	}
	m.check(fd, h, told, sent)
}

// TestSplitsCompressed protects the same for compressed messages, with context takeover and without.
func TestSplitsCompressed(t *testing.T) {
	for _, takeover := range []bool{false, true} {
		p := compress.Params{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15, ServerNoContextTakeover: !takeover, ClientNoContextTakeover: !takeover}
		var c websocket.Sender
		c.Reset(websocket.SenderOptions{Client: true, Deflater: compress.NewDeflater(compress.DeflaterOptions{Takeover: takeover}), MinSize: -1})
		var stream []byte
		told := []string{"open"}
		for n := range 5 {
			text := strings.Repeat("compressible ", 40*n)
			stream, _ = c.AppendMessage(stream, websocket.OpText, []byte(text))
			told = append(told, fmt.Sprintf("text %d %.20q", len(text), text))
		}
		inflater := func(o *websocket.ReceiverOptions) {
			o.Inflater = compress.NewInflater(compress.InflaterOptions{Takeover: takeover})
		}
		for cut := 1; cut < len(stream); cut++ {
			h := echoing(t)
			o := websocket.Options{Compression: &compress.Options{MinSize: -1}}
			m := newSim(t, &Server{Handler: h, Upgrader: &websocket.Upgrader{Options: o}})
			fd, s := m.connect(&adoption{agreed: websocket.Agreement{Compression: &p}, buffered: bytes.Clone(stream[:cut])})
			m.arrive(fd, stream[cut:])
			if got := received(t, s.out, inflater); !slices.Equal(h.told, told) || !slices.Equal(got, told[1:]) {
				t.Fatalf("takeover %v, cut at %d: told %q, sent %q", takeover, cut, h.told, got)
			}
			if len(s.out) > len(stream) {
				t.Errorf("%d bytes were sent for %d", len(s.out), len(stream))
			}
			m.end(fd)
		}
	}
}

// TestViolations protects that a peer that breaks the protocol is told so, and the handler; a connection with half a message, too, and
// behind messages that were right.
func TestViolations(t *testing.T) {
	hello := newClient().message(websocket.OpText, "Hello")
	for _, tc := range []struct {
		name   string
		stream string
		code   websocket.StatusCode
		limit  int64
	}{
		{"unmasked", "\x81\x05Hello", 1002, 0},
		{"reserved bit", "\xc1\x80abcd", 1002, 0},
		{"reserved opcode", "\x83\x80abcd", 1002, 0},
		{"fragmented ping", "\x09\x80abcd", 1002, 0},
		{"long ping", "\x89\xfe\x00\x7eabcd", 1002, 0},
		{"continuation of nothing", "\x80\x80abcd", 1002, 0},
		{"length not minimal", "\x82\xfe\x00\x01abcd", 1002, 0},
		{"top bit of the length", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xffabcd", 1002, 0},
		{"2^63-1 bytes announced", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffabcd", 1009, 0},
		{"over the limit", "\x82\x86\x00\x00\x00\x00Hello!", 1009, 5},
		{"not UTF-8", "\x81\x81\x00\x00\x00\x00\xff", 1007, 0},
		{"close code that may not travel", "\x88\x82\x00\x00\x00\x00\x03\xed", 1002, 0},
		{"close frame of one byte", "\x88\x81\x00\x00\x00\x00\x03", 1002, 0},
	} {
		for name, before := range map[string][]byte{"": nil, " behind a message": hello} {
			for _, cut := range []int{0, 1, 2} {
				h := echoing(t)
				o := websocket.Options{ReadLimit: tc.limit}
				m := newSim(t, &Server{Handler: h, Upgrader: &websocket.Upgrader{Options: o}})
				fd, s := m.connect(nil)
				stream := append(bytes.Clone(before), tc.stream...)
				m.arrive(fd, []byte(request), stream[:len(before)+cut], stream[len(before)+cut:])
				got := received(t, s.out, nil)
				if len(got) == 0 || !strings.HasPrefix(got[len(got)-1], fmt.Sprintf("close %d ", tc.code)) || len(got) != 1+min(len(before), 1) {
					t.Errorf("%s%s: the peer got %q", tc.name, name, got)
				}
				if h.err == nil || h.err.Code != tc.code || !h.err.Local || h.told[len(h.told)-1] != "close "+tc.code.String() || !s.shut {
					t.Errorf("%s%s: told %q, %v; stream ended: %v", tc.name, name, h.told, h.err, s.shut)
				}
				m.arrive(fd, []byte("more, which nobody wants"))
				m.end(fd)
				if !s.closed || m.loop.open != 0 || !m.idle() {
					t.Errorf("%s%s: not closed", tc.name, name)
				}
			}
		}
	}
}

// TestRefused protects that a request that is wrong, or refused by the application, is answered, and that nobody is told of a connection.
func TestRefused(t *testing.T) {
	for name, request := range map[string]string{
		"no upgrade": "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "no HTTP": "nonsense\r\n\r\n",
		"by the application": strings.Replace(request, "GET / ", "GET /no ", 1), "too long": "GET /" + strings.Repeat("a", 70_000),
	} {
		h := new(recorder)
		m := newSim(t, &Server{Accept: func(r *websocket.Request) (Handler, error) {
			if r.Path() == "/no" {
				return nil, os.ErrPermission
			}
			return h, nil
		}})
		fd, s := m.connect(nil)
		m.arrive(fd, []byte(request))
		if !bytes.HasPrefix(s.out, []byte("HTTP/1.1 4")) || !s.shut || h.told != nil {
			t.Errorf("%s: answered %.40q, stream ended: %v, told %q", name, s.out, s.shut, h.told)
		}
		m.end(fd)
		if !s.closed || m.loop.open != 0 {
			t.Errorf("%s: not closed", name)
		}
	}
}

// TestMemoryOfSlowPeers protects that what a peer has announced takes nothing, in heads of requests and in frames: only what has come.
func TestMemoryOfSlowPeers(t *testing.T) {
	for range 2 {
		runtime.GC() // empties the pool of what other tests have made large: that was in use, and is nobody's now
	}
	m := newSim(t, &Server{Handler: echo})
	part := strings.Repeat("x", 100)
	for range 100 {
		fd, _ := m.connect(nil)
		m.arrive(fd, []byte(request[:60]))
		if c := m.conn(fd); cap(c.in.rest) > 4*60 || cap(c.in.message) > 4*60 {
			t.Fatalf("60 bytes of a head take %d and %d", cap(c.in.rest), cap(c.in.message))
		}
		m.arrive(fd, []byte(request[60:]), []byte("\x82\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00"+part))
		if c := m.conn(fd); len(c.in.message) != len(part) || cap(c.in.message) > 4*len(part) || cap(c.in.rest) > 4*len(request) || c.out != nil {
			t.Fatalf("%d bytes of a message of a mebibyte: %d, %d of %d", len(part), cap(c.in.rest), len(c.in.message), cap(c.in.message))
		}
	}
	for fd := range m.socks {
		m.end(fd)
	}
}

// TestFairness protects that a peer that floods does not hold up others: one read of it in each turn, whatever there is.
func TestFairness(t *testing.T) {
	m := newSim(t, &Server{Handler: echo})
	fds, _ := m.subscribers(2)
	c := newClient()
	flood := c.message(websocket.OpBinary, strings.Repeat("x", 1000))
	flooder, pinger := m.socks[fds[0]], m.socks[fds[1]]
	for len(flooder.in) < 20*inputSize {
		flooder.in = append(flooder.in, flood...)
	}
	m.happens(fds[0], readable)
	m.loop.turn()
	for n := range 10 {
		pinger.in = append(pinger.in, c.message(websocket.OpText, "quick")...)
		m.happens(fds[1], readable)
		pinger.out, flooder.recvs = nil, 0
		m.loop.turn()
		m.loop.turn()
		if flooder.recvs > 2 || len(received(t, pinger.out, nil)) != 1 {
			t.Fatalf("turn %d: the flood was read %d times, the other got %q", n, flooder.recvs, pinger.out)
		}
	}
	m.settle()
	if flooder.in = nil; len(m.loop.again) > 0 {
		t.Error("the flood is not at its end")
	}
	for _, fd := range fds {
		m.end(fd)
	}
}

// TestStaleEvents protects that events of one batch about a connection that another event of it has ended, and about the one that has its
// slot now, reach nobody.
func TestStaleEvents(t *testing.T) {
	m := newSim(t, &Server{Handler: echo})
	fds, _ := m.subscribers(1)
	slot := m.socks[fds[0]].slot
	m.socks[fds[0]].eof = os.ErrClosed
	m.happens(fds[0], readable|hangup)
	m.happens(fds[0], readable|writable|hangup) // recv of a closed descriptor panics
	m.settle()
	fd, s := m.connect(nil)
	if s.slot != slot {
		t.Fatalf("slot %d, want %d", s.slot, slot)
	}
	recvs := s.recvs
	m.events = append(m.events, event{slot, fds[0], readable | hangup})
	m.settle()
	if s.recvs != recvs || m.conn(fd).bits != 0 {
		t.Error("an event of another connection was taken for its")
	}
	m.end(fd)
}
