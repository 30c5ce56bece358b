package websocket

// This file holds the fuzz target of Conn: a script of a peer and of an application over a pipe in memory, in the time
// of testing/synctest, with a model of what must come of it.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// fuzzStream turns a script into frames as a server sends them. Two bytes are a frame: what it is and how long its
// payload is; a frame of its own kind are bytes of the script as they are. Most frames fit what came before.
func fuzzStream(script []byte) (stream []byte) {
	letters := strings.Repeat("Grüße, 世界! ", 8<<10)
	inMessage := false
	for len(script) >= 2 && len(stream) < 1<<20 {
		what, n := script[0], int(script[1])
		script = script[2:]
		h := Header{Fin: what&8 == 0, Opcode: []Opcode{OpText, OpBinary, OpContinuation, OpPing, OpPong, OpClose}[what&7%6]}
		switch {
		case what&7 == 7: // as it is
			n = min(n%4, len(script))
			stream = append(stream, script[:n]...)
			script = script[n:]
			continue
		case h.Opcode == OpClose:
			p, _ := AppendClose(nil, 1000+StatusCode(n), "bye")
			if what >= 0x80 {
				stream = append(append(stream, 0x88, byte(len(p))), p...)
			}
			continue
		case h.Opcode.IsControl():
			h.Fin = true
			n %= 126
		case what&16 != 0:
			n *= 300 // past the read buffer
		}
		for n > 0 && n < len(letters) && letters[n]&0xC0 == 0x80 {
			n--
		}
		if !h.Opcode.IsControl() {
			if what < 0xF0 && inMessage {
				h.Opcode = OpContinuation
			} else if what < 0xF0 && h.Opcode == OpContinuation {
				h.Opcode = OpText
			}
			inMessage = !h.Fin
		}
		h.Length = uint64(n)
		stream = append(AppendHeader(stream, h), letters[:n]...)
	}
	return stream
}

// fuzzPlan is the bytes that decide what happens next; at their end they begin again.
type fuzzPlan struct {
	b []byte
	i int
}

// next returns a number below n.
func (p *fuzzPlan) next(n int) int {
	if len(p.b) == 0 {
		return 0
	}
	p.i++
	return int(p.b[(p.i-1)%len(p.b)]) % n
}

// fuzzDelivery is a message, or the part of it that an application read before it turned away.
type fuzzDelivery struct {
	op     Opcode
	p      string
	partly bool
}

// fuzzApp is an application that reads in every way.
type fuzzApp struct {
	t       *testing.T
	c       *Conn
	plan    fuzzPlan
	got     []fuzzDelivery
	written []string // items of what was written
}

// run reads and writes until the connection has ended, and returns how it did.
func (a *fuzzApp) run() *CloseError {
	for {
		ctx, cancel := context.Background(), context.CancelFunc(func() {})
		if d := a.plan.next(5); d > 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(d)*time.Millisecond)
		}
		err := a.turn(ctx)
		cancel()
		var closed *CloseError
		if errors.As(err, &closed) {
			return closed
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			a.t.Errorf("the application got %v", err)
			return nil
		}
	}
}

// turn does one thing.
func (a *fuzzApp) turn(ctx context.Context) error {
	what := a.plan.next(6)
	if len(a.written) == 50 {
		what %= 5 // enough
	}
	switch what {
	case 0:
		m, err := a.c.Read(ctx)
		a.take(m.Op, m.Data, err)
		return err
	case 1:
		m, err := a.c.AppendRead(ctx, []byte("before"))
		if !bytes.HasPrefix(m.Data, []byte("before")) || err != nil && len(m.Data) != len("before") {
			a.t.Errorf("AppendRead returned %.20q, %v", m.Data, err)
		}
		a.take(m.Op, bytes.TrimPrefix(m.Data, []byte("before")), err)
		return err
	case 2:
		return a.stream(ctx, 1<<30)
	case 3:
		return a.stream(ctx, a.plan.next(256)*100)
	case 4:
		n, messages := a.plan.next(4), (*Conn).Messages
		if n&1 != 0 {
			messages = (*Conn).MessagesInPlace
		}
		for msg, err := range messages(a.c, ctx) {
			a.take(msg.Op, msg.Data, err)
			if n--; err != nil || n < 0 {
				return err
			}
		}
		a.t.Error("a loop ended without an error")
		return nil
	}
	p := bytes.Repeat([]byte{byte(a.plan.i)}, a.plan.next(256)*10)
	err := a.c.Write(context.Background(), OpBinary, p)
	if err == nil {
		a.written = append(a.written, item(OpBinary, string(p)))
	}
	return err
}

// take notes a message.
func (a *fuzzApp) take(op Opcode, p []byte, err error) {
	if err == nil {
		a.got = append(a.got, fuzzDelivery{op, string(p), false})
	}
}

// stream reads up to n bytes of a message, and leaves it.
func (a *fuzzApp) stream(ctx context.Context, n int) error {
	op, r, err := a.c.Reader(ctx)
	if err != nil {
		return err
	}
	p, err := io.ReadAll(io.LimitReader(r, int64(n)))
	whole := false
	if err == nil {
		_, end := r.Read(make([]byte, 1))
		if whole = end == io.EOF; end != nil && !whole {
			err = end
		}
	}
	a.got = append(a.got, fuzzDelivery{op, string(p), !whole})
	return err
}

// send writes the stream in chunks with pauses, and then ends it.
func (p *fuzzPlan) send(nc *netpipe.Conn, stream []byte) {
	for len(stream) > 0 {
		n := min(len(stream), []int{1, 2, 7, 100, 5000, 40_000}[p.next(6)])
		if _, err := nc.Write(stream[:n]); err != nil {
			return
		}
		stream = stream[n:]
		time.Sleep(time.Duration(p.next(4)) * time.Millisecond) // of the bubble's time
	}
	nc.CloseWrite()
}

// FuzzConn lets a peer and an application do what scripts say. Every message must be delivered, in order, whatever way
// it was read and however often reads were cancelled; what was written and the answers to pings must arrive; and the
// end must be that of the model.
func FuzzConn(f *testing.F) {
	f.Add([]byte("\x00\x05\x01\x00\x03\x02\x08\x05\x0a\x00\x02\x07\x05\x00"), []byte("\x00\x01\x02\x03\x04\x05\x09"), []byte("\x03\x00\x01"), true)
	f.Add([]byte("\x10\xff\x19\xf0\x1a\x80\x03\x04\x12\x07\x00\x01"), []byte("\x02\x03\x01\x40\x00\x01\x03\x02"), []byte("\x04\x01\x05\x02"), false)
	f.Add([]byte("\x10\xff\x11\xff\x10\xf0\x05\x01"), []byte("\x01\x01\x01\x00\x02\x00\x03\x01"), []byte("\x05\x00\x04\x03"), true)
	f.Add([]byte("\x00\x05\x07\x02\xff\xff\x00\x05"), []byte("\x00\x04\x02"), []byte("\x00\x02"), false)
	f.Add([]byte("\x08\x05\x03\x7d\x03\x00\x0a\x05\x02\x01\x07\x03\x81\x01\xff"), []byte("\x04\x04\x01\x05\x07\x03\x02"), []byte("\x02\x01"), true)
	f.Fuzz(runFuzzConn)
}

// TestConnModel plays scripts at random, the same in every run, as FuzzConn does. Those of small numbers are short.
func TestConnModel(t *testing.T) {
	for seed := range uint64(modelScripts) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		bytesOf := func(n uint64) []byte {
			b := make([]byte, 1+rnd.Uint64N(1+n%60))
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
			return b
		}
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			script := bytesOf(2 * seed)
			runFuzzConn(t, script, bytesOf(seed), bytesOf(seed), seed%2 == 0)
		})
	}
}

// modelScripts is how many.
const modelScripts = 60

// runFuzzConn plays one script.
func runFuzzConn(t *testing.T, script, app, network []byte, client bool) {
	stream := fuzzStream(script)
	if !client {
		stream = maskFrames(stream)
	}
	const limit = 200_000
	m := modelReceiver{client: client, limit: limit}
	m.judge(stream)
	synctest.Test(t, func(t *testing.T) {
		near, far := netpipe.New(8 << 10)
		o := &Options{ReadLimit: limit}
		a := fuzzApp{t: t, c: ServerConn(near, o, Agreement{}, nil), plan: fuzzPlan{b: app}}
		if client {
			a.c = ClientConn(near, o, Agreement{}, nil)
		}
		plan := fuzzPlan{b: network}
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			plan.send(far, stream)
		}()
		output := make(chan []byte, 1)
		go func() {
			b, _ := io.ReadAll(far)
			far.Close()
			output <- b
		}()
		closed := a.run()
		checkFuzzEnd(t, &m, closed)
		checkFuzzOutput(t, &a, &m, <-output, !client)
		<-sent
	})
}

// checkFuzzEnd checks how the connection ended.
func checkFuzzEnd(t *testing.T, m *modelReceiver, closed *CloseError) {
	want := CloseError{Code: StatusAbnormalClosure}
	if m.code != 0 {
		want = CloseError{Code: m.code, Local: true}
	} else if code, ok := m.closeCode(); ok {
		want = CloseError{Code: code}
	}
	if closed == nil || closed.Code != want.Code || closed.Local != want.Local {
		t.Errorf("the connection ended with %v, want code %v, local %v", closed, want.Code, want.Local)
	}
}

// checkFuzzOutput checks what was delivered, and what the peer got.
func checkFuzzOutput(t *testing.T, a *fuzzApp, m *modelReceiver, output []byte, client bool) {
	var messages, pongs []string
	for _, s := range m.items {
		if p, ok := strings.CutPrefix(s, "ping "); ok {
			pongs = append(pongs, "pong "+p)
		} else if strings.HasPrefix(s, "text ") || strings.HasPrefix(s, "binary ") {
			messages = append(messages, s)
		}
	}
	for i, d := range a.got {
		if i >= len(messages) {
			// The message under way at the end: a Reader may have had a part of it.
			if i > len(messages) || !d.partly || d.op != m.op || !strings.HasPrefix(m.partial, d.p) {
				t.Errorf("delivered %v of %d bytes behind the last of %d messages", d.op, len(d.p), len(messages))
			}
		} else if !d.partly && item(d.op, d.p) != messages[i] {
			t.Errorf("message %d is %s, want %s", i, item(d.op, d.p), messages[i])
		}
	}
	if len(a.got) < len(messages) {
		t.Errorf("%d of %d messages were delivered", len(a.got), len(messages))
	}
	back := modelReceiver{client: client}
	back.judge(output)
	var written, answers []string
	for _, s := range back.items {
		if strings.HasPrefix(s, "pong ") {
			answers = append(answers, s)
		} else if !strings.HasPrefix(s, "close ") {
			written = append(written, s)
		}
	}
	if back.code != 0 || back.partial != "" {
		t.Errorf("the peer got %v", back.verdict)
	}
	if !slices.Equal(answers, pongs) || !slices.Equal(written, a.written) {
		t.Errorf("the peer got %q and %q, want %q and %q", answers, written, pongs, a.written)
	}
	code, ok := back.closeCode()
	if want, closes := m.closeCode(); m.code != 0 && code != m.code || closes && code != want || ok != (m.code != 0 || closes) {
		t.Errorf("the peer got a close frame %v with code %v", ok, code)
	}
}
