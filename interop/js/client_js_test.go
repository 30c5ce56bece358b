package js

// This file holds the clients: what a program of Go under js does over the WebSocket that is there.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wsjson"
)

// clientTimeout bounds each test.
const clientTimeout = time.Minute

// dial connects to a path of the server.
func dial(t *testing.T, d *websocket.Dialer, path string) (context.Context, *websocket.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	t.Cleanup(cancel)
	c, _, err := d.Dial(ctx, os.Getenv("WS_URL")+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return ctx, c
}

// read wants a message.
func read(ctx context.Context, t *testing.T, c *websocket.Conn, op websocket.Opcode, want string) {
	t.Helper()
	m, err := c.Read(ctx)
	if err != nil || m.Op != op || string(m.Data) != want {
		t.Fatalf("%v %.50q of %d bytes, %v; want %v %.50q of %d", m.Op, m.Data, len(m.Data), err, op, want, len(want))
	}
}

// TestEcho protects messages of all sizes and both kinds, and the subprotocol.
func TestEcho(t *testing.T) {
	ctx, c := dial(t, &websocket.Dialer{Subprotocols: []string{"other", "chat"}, ReadLimit: 8 << 20}, "/echo")
	if c.Subprotocol() != "chat" {
		t.Errorf("subprotocol %q", c.Subprotocol())
	}
	for _, p := range []string{"", "grüße 🙂", strings.Repeat("x", 65536), strings.Repeat("ü", 512<<10)} {
		for _, op := range []websocket.Opcode{websocket.OpText, websocket.OpBinary} {
			if err := c.Write(ctx, op, []byte(p)); err != nil {
				t.Fatal(err)
			}
			read(ctx, t, c, op, p)
		}
	}
	large := strings.Repeat("5", 5<<20)
	if err := c.Write(ctx, websocket.OpBinary, []byte(large)); err != nil {
		t.Fatal(err)
	}
	read(ctx, t, c, websocket.OpBinary, large)
	w, err := c.Writer(ctx, websocket.OpBinary)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		w.Write(bytes.Repeat([]byte{7}, 1000))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	read(ctx, t, c, websocket.OpBinary, strings.Repeat("\x07", 100000))
	if err := c.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		t.Error(err)
	}
}

// TestDeflated protects messages that the browser and the server compress, of which this side is told nothing.
func TestDeflated(t *testing.T) {
	ctx, c := dial(t, new(websocket.Dialer), "/deflated")
	for _, op := range []websocket.Opcode{websocket.OpText, websocket.OpBinary} {
		p := strings.Repeat("compressible ", 5000)
		if err := c.Write(ctx, op, []byte(p)); err != nil {
			t.Fatal(err)
		}
		read(ctx, t, c, op, p)
	}
}

// TestByteOrderMark protects a text that begins with what may be taken for a byte order mark.
func TestByteOrderMark(t *testing.T) {
	ctx, c := dial(t, new(websocket.Dialer), "/echo")
	if err := c.Write(ctx, websocket.OpText, []byte("\uFEFFa")); err != nil {
		t.Fatal(err)
	}
	read(ctx, t, c, websocket.OpText, "\uFEFFa")
}

// TestCancelledRead protects that a context ends a read and nothing else.
func TestCancelledRead(t *testing.T) {
	ctx, c := dial(t, new(websocket.Dialer), "/echo")
	for range 3 {
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		if _, err := c.Read(short); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		cancel()
		c.Write(ctx, websocket.OpText, []byte("hello"))
		read(ctx, t, c, websocket.OpText, "hello")
	}
}

// TestJSON protects wsjson.
func TestJSON(t *testing.T) {
	ctx, c := dial(t, new(websocket.Dialer), "/echo")
	var got map[string]int
	if err := errors.Join(wsjson.Write(ctx, c, map[string]int{"a": 1}), wsjson.Read(ctx, c, &got)); err != nil || got["a"] != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestStream protects Stream, with more than the browser holds.
func TestStream(t *testing.T) {
	_, c := dial(t, new(websocket.Dialer), "/echo")
	s := websocket.Stream(c, websocket.OpBinary)
	p := bytes.Repeat([]byte("0123456789"), 100000)
	go s.Write(p)
	got := make([]byte, len(p))
	if _, err := io.ReadFull(s, got); err != nil || !bytes.Equal(got, p) {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestPeerCloses protects that a server's code and reason arrive, behind its last message; or that there was no close frame.
func TestPeerCloses(t *testing.T) {
	for code, reason := range map[websocket.StatusCode]string{1000: "", 1001: "away", 1005: "", 1011: "grüße", 4321: "own"} {
		ctx, c := dial(t, new(websocket.Dialer), "/close?code="+strconv.Itoa(int(code))+"&reason="+url.QueryEscape(reason))
		read(ctx, t, c, websocket.OpText, "last")
		_, err := c.Read(ctx)
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != code || closed.Reason != reason || closed.Local {
			t.Errorf("%v: %v", code, err)
		}
	}
	ctx, c := dial(t, new(websocket.Dialer), "/cut")
	if _, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusAbnormalClosure || errors.Is(err, io.EOF) {
		t.Errorf("cut: %v", err)
	}
}

// TestCloses protects what a server sees of how this side ends a connection, as docs/browser.md has it.
func TestCloses(t *testing.T) {
	for want, end := range map[string]func(ctx context.Context, c *websocket.Conn){
		"1000 bye":                         func(_ context.Context, c *websocket.Conn) { c.Close(1000, "bye") },
		"1005 ":                            func(_ context.Context, c *websocket.Conn) { c.Close(websocket.StatusNoStatusReceived, "") },
		"4321 grüße":                       func(_ context.Context, c *websocket.Conn) { c.Close(4321, "grüße") },
		"4006 ":                            func(_ context.Context, c *websocket.Conn) { c.CloseNow() },
		"4009 message over the read limit": func(ctx context.Context, c *websocket.Conn) { c.SetReadLimit(10); c.Read(ctx) },
		"4003 text message": func(_ context.Context, c *websocket.Conn) {
			websocket.Stream(c, websocket.OpBinary).Read(make([]byte, 1))
		},
	} {
		id := url.QueryEscape(want)
		ctx, c := dial(t, new(websocket.Dialer), "/watched?id="+id)
		end(ctx, c)
		_, asks := dial(t, new(websocket.Dialer), "/end?id="+id)
		read(ctx, t, asks, websocket.OpText, want)
	}
}

// TestRefused protects that a refusal, an address where nobody is, and a context that ends are errors.
func TestRefused(t *testing.T) {
	for _, url := range []string{os.Getenv("WS_URL") + "/refuse", "ws://127.0.0.1:9/"} {
		ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
		if c, _, err := websocket.Dial(ctx, url); err == nil || ctx.Err() != nil {
			t.Errorf("%s: %v, %v", url, c, err)
		}
		cancel()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if c, _, err := websocket.Dial(ctx, os.Getenv("WS_URL")+"/silent"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silent: %v, %v", c, err)
	}
}

// TestBackpressure protects FailWhenFull against a server that does not read: a write fails, and what was accepted arrives when it
// reads, and no more.
func TestBackpressure(t *testing.T) {
	ctx, c := dial(t, &websocket.Dialer{FailWhenFull: true}, "/lazy")
	p := make([]byte, 32<<10)
	for i := range p {
		p[i] = byte(i * i >> 3)
	}
	n, stuck := 0, false
	for n < 4096 && !stuck { // 128 MiB
		switch err := c.Write(ctx, websocket.OpBinary, p); err {
		case nil:
			n++
		case websocket.ErrBackpressure:
			// The kernels of both ends hold a few megabytes, in their time.
			soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			stuck = c.Flush(soon) != nil
			cancel()
		default:
			t.Fatal(err)
		}
	}
	if !stuck {
		t.Fatal("everything is accepted")
	}
	dial(t, new(websocket.Dialer), "/wake")
	if err := errors.Join(c.Flush(ctx), c.Write(ctx, websocket.OpText, nil)); err != nil {
		t.Fatal(err)
	}
	read(ctx, t, c, websocket.OpText, strconv.Itoa(n))
}

// TestUnread protects memory from a server that sends what nobody reads: it sees why it is closed, and what came before is delivered.
func TestUnread(t *testing.T) {
	ctx, c := dial(t, new(websocket.Dialer), "/flood?id=flood&n=20")
	_, asks := dial(t, new(websocket.Dialer), "/end?id=flood")
	read(ctx, t, asks, websocket.OpText, "4009 over 16 MiB of messages that nobody reads")
	for range 15 {
		if m, err := c.Read(ctx); err != nil || len(m.Data) != 1<<20 {
			t.Fatal(len(m.Data), err)
		}
	}
	_, err := c.Read(ctx)
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != websocket.StatusMessageTooBig || !closed.Local {
		t.Error(err)
	}
}
