package websocket

// This file tests Dial and Conn over the WebSocket of JavaScript, which is internal/jssocket/jsfake here: it does what real ones do
// only when there is a network, or trouble. interop/js has the real ones.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/jssocket/jsfake"
)

// dialFake returns a Conn of d, and the object that it stands on.
func dialFake(t *testing.T, d *Dialer) (*Conn, js.Value) {
	t.Helper()
	jsfake.Install(t, "")
	c, _, err := d.Dial(t.Context(), "ws://server.example/chat?secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c, jsfake.Last()
}

// wantSent wants the n-th message of a fake to be this one.
func wantSent(t *testing.T, socket js.Value, n int, op Opcode, payload string) {
	t.Helper()
	if got := socket.Get("sent").Length(); got <= n {
		t.Fatalf("%d messages were sent", got)
	}
	if p, text := jsfake.Sent(socket, n); string(p) != payload || text != (op == OpText) {
		t.Errorf("sent %.100q, text: %v; want %v %.100q", p, text, op, payload)
	}
}

// wantCloses wants close to have been called once, with this code and reason.
func wantCloses(t *testing.T, socket js.Value, want string) {
	t.Helper()
	if got := socket.Get("closes").Call("join", "|").String(); got != want {
		t.Errorf("closed with %q, want %q", got, want)
	}
}

// TestBrowserDial protects what goes to the browser and what comes from it: the URL, the subprotocols, and what it tells of the
// response.
func TestBrowserDial(t *testing.T) {
	jsfake.Install(t, `answer() { this.protocol = "b"; this.extensions = "permessage-deflate"; this.readyState = 1; this.onopen({ type: "open" }) }`)
	d := &Dialer{Subprotocols: []string{"a", "b"}}
	type key struct{}
	c, resp, err := d.Dial(context.WithValue(t.Context(), key{}, "v"), "https://user:word@server.example:81/chat?a=<b>")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	socket := jsfake.Last()
	if url := socket.Get("url").String(); url != "wss://user:word@server.example:81/chat?a=%3Cb%3E" {
		t.Errorf("URL %q", url)
	}
	if asked := socket.Get("protocols").Call("join", " ").String(); asked != "a b" || c.Subprotocol() != "b" {
		t.Errorf("subprotocols %q, then %q", asked, c.Subprotocol())
	}
	h := resp.Header
	if resp.StatusCode != 101 || h.Get("Sec-WebSocket-Protocol") != "b" || h.Get("Sec-WebSocket-Extensions") != "permessage-deflate" {
		t.Errorf("%v %v", resp.Status, h)
	}
	if _, ok := c.Compression(); ok {
		t.Error("the Conn compresses, too")
	}
	if c.RemoteAddr().String() != "server.example:81" || c.LocalAddr().Network() != "websocket" || c.Context().Value(key{}) != "v" {
		t.Errorf("%v, %v, %v", c.RemoteAddr(), c.LocalAddr().Network(), c.Context())
	}
}

// TestBrowserDialFails protects that every failure is an error that shows neither the query nor credentials, and that what was begun is
// given up.
func TestBrowserDialFails(t *testing.T) {
	ended, cancel := context.WithCancelCause(t.Context())
	why := errors.New("why")
	cancel(why)
	for name, row := range map[string]struct {
		ctx     context.Context
		url     string
		members string
		want    string
		closes  string // of what was begun
	}{
		"no URL":                 {t.Context(), "ftp://server.example", "", "scheme", ""},
		"a context":              {ended, "ws://server.example/?secret", "", "ws://server.example/?xxxxx: why", ""},
		"not answered":           {t.Context(), "ws://server.example/?secret", "answer() {}", "deadline exceeded", "4006 "},
		"refused":                {t.Context(), "ws://server.example/?secret", `answer() { this.onerror({ type: "error" }); this.end(1006, "") }`, "does not tell why", ""},
		"refused, without close": {t.Context(), "ws://server.example/", `answer() { this.onerror({ type: "error" }) }`, "does not tell why", ""},
		"it throws":              {t.Context(), "ws://u:secret@server.example/", `answer() {} set binaryType(x) { throw new DOMException(this.url, "SecurityError") }`, "SecurityError", ""},
		"it throws null":         {t.Context(), "ws://server.example/", `answer() {} set binaryType(x) { throw null }`, "type null", ""},
	} {
		t.Run(name, func(t *testing.T) {
			jsfake.Install(t, row.members)
			d := &Dialer{HandshakeTimeout: 20 * time.Millisecond}
			c, resp, err := d.Dial(row.ctx, row.url)
			if c != nil || resp != nil || err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "secret") {
				t.Fatalf("%v, %v, %v", c, resp, err)
			}
			if row.ctx == ended && !errors.Is(err, why) || name == "not answered" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v wraps no cause", err)
			}
			if row.closes != "" {
				wantCloses(t, jsfake.Last(), row.closes)
			}
		})
	}
}

// TestBrowserMessages protects messages of all sizes and both kinds, in both directions, with every way of reading and writing; and a text
// that begins with what a decoder would take for a byte order mark.
func TestBrowserMessages(t *testing.T) {
	for name, loop := range echoLoops {
		t.Run(name, func(t *testing.T) {
			c, socket := dialFake(t, &Dialer{ReadLimit: 4 << 20})
			ended := make(chan error, 1)
			go func() { ended <- loop(t.Context(), c) }()
			want := []string{"", "\uFEFFa\uFEFF", "grüße 🙂"}
			for _, n := range []int{0, 1, 125, 126, 65535, 65536, 200000, 3 << 20} {
				want = append(want, strings.Repeat("x", n))
			}
			for _, p := range want {
				socket.Call("message", jsfake.Text([]byte(p)))
				socket.Call("message", jsfake.Bytes([]byte(p)))
			}
			for socket.Get("sent").Length() < 2*len(want) {
				runtime.Gosched()
			}
			for i, p := range want {
				wantSent(t, socket, 2*i, OpText, p)
				wantSent(t, socket, 2*i+1, OpBinary, p)
			}
			socket.Call("end", 1000, "")
			if err := <-ended; !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		})
	}
}

// TestBrowserCancelledRead protects that a context ends a read in the midst of anything, and that nothing is lost.
func TestBrowserCancelledRead(t *testing.T) {
	c, socket := dialFake(t, new(Dialer))
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if _, err := c.Read(ctx); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		cancel()
		socket.Call("message", "hello")
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "hello")
	}
}

// TestBrowserWriter protects that what is streamed leaves as one message, with others behind it and not within.
func TestBrowserWriter(t *testing.T) {
	c, socket := dialFake(t, new(Dialer))
	w, err := c.Writer(t.Context(), OpText)
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Repeat("ü", 50000)
	for range 3 {
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
	}
	if n := socket.Get("sent").Length(); n != 0 {
		t.Errorf("%d messages before the end", n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Write(t.Context(), OpBinary, nil), c.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	wantSent(t, socket, 0, OpText, strings.Repeat(part, 3))
	wantSent(t, socket, 1, OpBinary, "")
}

// TestBrowserStream protects Stream over it.
func TestBrowserStream(t *testing.T) {
	c, socket := dialFake(t, new(Dialer))
	s := Stream(c, OpBinary)
	if _, err := s.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	socket.Call("message", jsfake.Bytes([]byte("po")))
	socket.Call("message", jsfake.Bytes([]byte("ng")))
	var p [4]byte
	if _, err := io.ReadFull(s, p[:]); err != nil || string(p[:]) != "pong" {
		t.Errorf("%q, %v", p, err)
	}
	s.SetReadDeadline(time.Unix(1, 0))
	if _, err := s.Read(p[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wantSent(t, socket, 0, OpBinary, "ping")
	wantCloses(t, socket, "1000 ")
}

// TestBrowserClose protects the codes that an application may close with, and that all others are an error which leaves the
// connection as it was.
func TestBrowserClose(t *testing.T) {
	for code, want := range map[StatusCode]string{
		StatusNormalClosure: "1000 bye\uFEFF", StatusNoStatusReceived: "", 3000: "3000 bye\uFEFF", 4999: "4999 bye\uFEFF",
	} {
		t.Run(code.String(), func(t *testing.T) {
			c, socket := dialFake(t, new(Dialer))
			for _, wrong := range []StatusCode{StatusGoingAway, StatusProtocolError, StatusInternalError, StatusServiceRestart} {
				if err := c.Close(wrong, ""); err != errBrowserCode {
					t.Errorf("%v: %v", wrong, err)
				}
			}
			if err := c.Close(2999, ""); err != errCloseCode {
				t.Error(err)
			}
			wantCloses(t, socket, "")
			reason := "bye\uFEFF"
			if code == StatusNoStatusReceived {
				reason = ""
			}
			if err := c.Close(code, reason); err != nil {
				t.Error(err)
			}
			wantCloses(t, socket, want)
			if n := socket.Get("closes").Length(); n != 1 {
				t.Errorf("close was called %d times", n)
			}
			wantClosed(t, readError(c.Read(t.Context())), code, true)
		})
	}
}

// TestBrowserLibraryCodes protects the table of docs/browser.md: what is sent where the Conn itself closes, and what its own side is told.
func TestBrowserLibraryCodes(t *testing.T) {
	for name, row := range map[string]struct {
		do   func(t *testing.T, c *Conn, socket js.Value)
		code StatusCode // for this side
		sent string
	}{
		"read limit": {func(t *testing.T, c *Conn, socket js.Value) {
			socket.Call("message", "12345678901")
			if _, err := c.Read(t.Context()); !errors.Is(err, ErrMessageTooBig) {
				t.Error(err)
			}
		}, StatusMessageTooBig, "4009 message over the read limit"},
		"kind of a Stream": {func(t *testing.T, c *Conn, socket js.Value) {
			socket.Call("message", "text")
			Stream(c, OpBinary).Read(make([]byte, 1))
		}, StatusUnsupportedData, "4003 text message"},
		"a body that panics": {func(t *testing.T, c *Conn, socket js.Value) {
			defer func() { recover() }()
			socket.Call("message", "text")
			for range c.Messages(t.Context()) {
				panic("the body's")
			}
		}, StatusInternalError, "4011 "},
		"CloseNow": {func(_ *testing.T, c *Conn, _ js.Value) { c.CloseNow() }, StatusAbnormalClosure, "4006 "},
	} {
		t.Run(name, func(t *testing.T) {
			c, socket := dialFake(t, &Dialer{ReadLimit: 10})
			row.do(t, c, socket)
			c.waitFinished()
			wantClosed(t, c.cause(), row.code, true)
			wantCloses(t, socket, row.sent)
		})
	}
}

// TestBrowserPeerCloses protects that messages come before the end, and that the end is the peer's: its code and reason, or none.
func TestBrowserPeerCloses(t *testing.T) {
	for code, want := range map[int]StatusCode{
		1000: 1000, 1001: 1001, 1005: 1005, 1011: 1011, 1013: 1013, 4321: 4321, // a close frame
		1006: 1006, 1015: 1006, 0: 1006, 999: 1006, 70000: 1006, // none
	} {
		c, socket := dialFake(t, new(Dialer))
		reason := ""
		if want != 1005 && want != 1006 {
			reason = "why \uFEFF"
		}
		socket.Call("message", "last")
		socket.Call("end", code, jsfake.Text([]byte(reason)))
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "last")
		closed := wantClosed(t, readError(c.Read(t.Context())), want, false)
		if closed.Reason != reason {
			t.Errorf("%d: reason %q", code, closed.Reason)
		}
		c.waitFinished()
		wantCloses(t, socket, "")
	}
}

// TestBrowserWriteAfterEnd protects that a message which the browser would lose is an error, and that the end is still the peer's.
func TestBrowserWriteAfterEnd(t *testing.T) {
	c, socket := dialFake(t, new(Dialer))
	socket.Set("readyState", 2) // the peer's close frame has come, and the browser says so later
	if err := errors.Join(c.Write(t.Context(), OpText, []byte("lost")), c.Flush(t.Context())); !errors.Is(err, ErrWriteFailed) {
		t.Error(err)
	}
	socket.Call("end", 4000, "")
	wantClosed(t, readError(c.Read(t.Context())), 4000, false)
	if n := socket.Get("sent").Length(); n != 0 {
		t.Errorf("%d messages were lost", n)
	}
}

// TestBrowserUnread protects memory from a server that sends more than is read: it is told so, and what came before is delivered. A
// message by itself may be larger, and what has been read counts no more.
func TestBrowserUnread(t *testing.T) {
	c, socket := dialFake(t, &Dialer{ReadLimit: -1})
	read := func(n int) {
		t.Helper()
		if m, err := c.Read(t.Context()); err != nil || len(m.Data) != n {
			t.Fatal(len(m.Data), err)
		}
	}
	large := jsfake.Bytes(make([]byte, browserUnread+1))
	socket.Call("message", large)
	read(browserUnread + 1)
	mebibyte := jsfake.Bytes(make([]byte, 1<<20))
	for range 20 {
		socket.Call("message", mebibyte)
		read(1 << 20)
	}
	const fit = 15 // with what a message counts for beside its bytes
	for range fit {
		socket.Call("message", mebibyte)
	}
	wantCloses(t, socket, "")
	socket.Call("message", mebibyte)
	socket.Call("message", mebibyte)
	wantCloses(t, socket, "4009 over 16 MiB of messages that nobody reads")
	for range fit {
		read(1 << 20)
	}
	closed := wantClosed(t, readError(c.Read(t.Context())), StatusMessageTooBig, true)
	var limit *ProtocolError
	if !errors.As(closed, &limit) || !strings.Contains(closed.Error(), "16 MiB") {
		t.Error(closed)
	}
}

// TestBrowserUnreadEmpty protects memory from empty messages.
func TestBrowserUnreadEmpty(t *testing.T) {
	_, socket := dialFake(t, new(Dialer))
	js.Global().Call("eval", "for (let i = 0; i < 16385 && fakeSocket.closes.length == 0; i++) fakeSocket.message('')")
	wantCloses(t, socket, "4009 over 16 MiB of messages that nobody reads")
}

// TestBrowserBackpressure protects FailWhenFull: the browser's buffer and the Conn's fill, then a write fails and has sent nothing;
// and when the browser has room, all leaves that was accepted.
func TestBrowserBackpressure(t *testing.T) {
	c, socket := dialFake(t, &Dialer{FailWhenFull: true, WriteBuffer: 8 << 10})
	socket.Set("bufferedAmount", browserBuffer+1)
	p := make([]byte, 1000)
	accepted, err := 0, error(nil)
	for accepted < 100 && err == nil {
		if err = c.Write(t.Context(), OpBinary, p); err == nil {
			accepted++
		}
		runtime.Gosched()
	}
	if err != ErrBackpressure || accepted < 8 || accepted > 17 {
		t.Fatalf("%d messages, then %v", accepted, err)
	}
	if n := socket.Get("sent").Length(); n != 0 {
		t.Errorf("%d messages are sent", n)
	}
	socket.Set("bufferedAmount", browserBuffer)
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := socket.Get("sent").Length(); n != accepted {
		t.Errorf("%d messages are sent of %d", n, accepted)
	}
}

// TestBrowserWriteTimeout protects against a peer that takes nothing.
func TestBrowserWriteTimeout(t *testing.T) {
	c, socket := dialFake(t, &Dialer{WriteTimeout: 10 * time.Millisecond})
	socket.Set("bufferedAmount", browserBuffer+1)
	err := c.Write(t.Context(), OpText, nil)
	if err == nil {
		err = c.Flush(t.Context())
	}
	if closed := wantClosed(t, err, StatusAbnormalClosure, true); !errors.Is(closed, os.ErrDeadlineExceeded) {
		t.Error(closed)
	}
	c.waitFinished()
	wantCloses(t, socket, "4006 ")
}

// TestBrowserCloseTimeout protects Close from a server that does not answer.
func TestBrowserCloseTimeout(t *testing.T) {
	jsfake.Install(t, "closed() {}")
	d := &Dialer{CloseTimeout: 10 * time.Millisecond}
	c, _, err := d.Dial(t.Context(), "ws://server.example/")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(StatusNormalClosure, ""); !errors.Is(err, net.ErrClosed) || !errors.Is(err, errCloseTimeout) {
		t.Error(err)
	}
	if on := jsfake.Last().Get("onmessage"); !on.Equal(js.Global().Get("Function").Get("prototype")) {
		t.Error("the handler is still there")
	}
}

// TestBrowserControl protects that pings and pongs, which no page can send, are errors that leave the connection as it was.
func TestBrowserControl(t *testing.T) {
	c, socket := dialFake(t, new(Dialer))
	_, err := c.Ping(t.Context())
	for name, err := range map[string]error{
		"Ping": err, "SendPing": c.SendPing(t.Context(), nil), "SendPong": c.SendPong(t.Context(), nil),
	} {
		if err != errBrowserControl {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := errors.Join(c.Write(t.Context(), OpText, nil), c.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	wantSent(t, socket, 0, OpText, "")
}

// TestBrowserMemory protects JavaScript's memory: it keeps what Go refers to until Go's garbage is collected, which has to happen although
// Go itself needs no memory.
func TestBrowserMemory(t *testing.T) {
	c, socket := dialFake(t, new(Dialer))
	buf := make([]byte, 0, 1<<20)
	mebibyte := jsfake.Bytes(make([]byte, 1<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		socket.Call("message", mebibyte)
		if m, err := c.AppendRead(t.Context(), buf); err != nil || len(m.Data) != 1<<20 {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.NumGC - before.NumGC; n < 3 {
		t.Errorf("%d collections for 100 MiB", n)
	}
}

// TestBrowserHostile protects that nothing JavaScript does is a panic, wherever it throws and whatever: each call returns, and the connection
// ends.
func TestBrowserHostile(t *testing.T) {
	thrown := []string{
		`null`, `undefined`, `7`, `"text"`, `Symbol()`, `() => 1`, `Object.create(null)`, `new Proxy({}, { get() { throw 1 } })`,
		`{ get name() { throw this } }`, `{ name: 7 }`, `{ name: "\u202e\n" }`, `new Error("secret")`, `1n`,
	}
	places := []string{
		`get protocol() { %s } set protocol(x) {}`, `get bufferedAmount() { %s } set bufferedAmount(x) {}`,
		`get readyState() { %s } set readyState(x) {}`, `send() { %s }`, `close() { %s }`, `set onmessage(x) { %s }`,
		`answer() { this.readyState = 1; this.onopen({ get type() { %s } }) }`,
		`message() { this.onmessage({ type: "message", get data() { %s } }) }`,
		`end() { this.onclose({ type: "close", get code() { %s } }) }`,
		`end() { this.onclose({ type: "close", code: 1000, get reason() { %s } }) }`,
	}
	var classes []string
	for _, place := range places {
		for _, value := range thrown {
			classes = append(classes, strings.ReplaceAll(place, "%s", "throw ("+value+")"))
		}
	}
	for _, value := range append(thrown, `-1`, `NaN`, `1e300`, `[]`, `new Blob([])`) {
		classes = append(classes,
			`message() { this.onmessage({ type: "message", data: `+value+` }) }`,
			`answer() { this.readyState = 1; this.onopen(`+value+`) }`,
			`end() { this.onclose({ type: "close", code: `+value+`, reason: `+value+` }) }`,
			`get bufferedAmount() { return `+value+` } set bufferedAmount(x) {}`,
			`get readyState() { return `+value+` } set readyState(x) {}`,
		)
	}
	classes = append(classes,
		`message() { this.onmessage() }`,
		`end() { this.onclose({ type: "close", code: 1000, reason: "" }); this.onclose({ type: "close", code: 1001, reason: "" }) }`,
		`answer() { this.readyState = 1; this.onopen({ type: "open" }); this.onopen({ type: "open" }) }`,
		`answer() { this.message("early"); this.readyState = 1; this.onopen({ type: "open" }) }`,
		`close(code, reason) { this.end(code ?? 1005, reason ?? "") }`, // at once
		`send() { this.end(1001, "") }`,
	)
	for _, members := range classes {
		useHostile(t, members)
	}
}

// useHostile does everything with a WebSocket that has these members.
func useHostile(t *testing.T, members string) {
	jsfake.Install(t, members)
	d := &Dialer{HandshakeTimeout: 5 * time.Millisecond, CloseTimeout: 5 * time.Millisecond, WriteTimeout: 5 * time.Millisecond}
	c, _, err := d.Dial(t.Context(), "ws://server.example/?secret")
	if err != nil {
		if strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
		return
	}
	defer c.waitFinished()
	defer c.CloseNow()
	c.Write(t.Context(), OpText, []byte("text"))
	c.Write(t.Context(), OpBinary, bytes.Repeat([]byte{1}, 100000))
	js.Global().Call("eval", `try { fakeSocket.message("text") } catch {}`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = c.Read(ctx)
	c.Close(StatusNormalClosure, "")
	for _, err := range []error{err, c.Write(t.Context(), OpText, nil), readError(c.Read(t.Context()))} {
		if err != nil && strings.ContainsAny(err.Error(), "\u202e\n") || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %q", members, err)
		}
	}
	if err := c.Write(t.Context(), OpText, nil); CloseStatus(err) == 0 {
		t.Errorf("%s: the connection has not ended: %v", members, err)
	}
}

// TestBrowserMissing protects programs where JavaScript has no WebSocket at all.
func TestBrowserMissing(t *testing.T) {
	jsfake.Install(t, "")
	for _, value := range []any{nil, js.Undefined(), 7, "WebSocket", js.Global().Call("eval", "() => {}"), js.Global().Get("Object")} {
		js.Global().Set("WebSocket", value)
		d := &Dialer{HandshakeTimeout: 5 * time.Millisecond}
		if c, _, err := d.Dial(t.Context(), "ws://server.example/"); err == nil {
			t.Errorf("%v: %v", value, c)
		}
	}
}
