package socketio

// This file tests a Client against the Server: every operation, on every transport, in memory and in the time of a bubble.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// ways are the transports of a Client.
var ways = map[string][]engineio.Transport{
	"polling": {engineio.Polling}, "websocket": {engineio.WebSocket}, "upgrade": nil,
}

// clientOptions are the usual ones, in memory and with a log that is quiet.
func (w *world) clientOptions() *ClientOptions {
	o := new(ClientOptions)
	o.WebSocket = &websocket.Dialer{DialContext: w.l.dial}
	o.Logger = slog.New(slog.DiscardHandler)
	o.Jitter = -1
	return o
}

// newClient returns a client, with options that edit, which may be nil, has changed. It writes down what happens to it.
func (w *world) newClient(namespace string, edit func(o *ClientOptions)) *Client {
	o := w.clientOptions()
	if edit != nil {
		edit(o)
	}
	c := NewClient("http://example.com"+namespace, o)
	c.OnConnect(func() { w.note("connect, recovered %v", c.Recovered()) })
	c.OnDisconnect(func(reason Reason) { w.note("disconnect: %s", reason) })
	c.OnConnectError(func(err error) { w.note("error: %v", err) })
	c.OnReconnectAttempt(func(n int) { w.note("attempt %d", n) })
	c.OnError(func(event string, err error) { w.note("%s: %v", event, err) })
	return c
}

// must connects a client.
func (w *world) must(c *Client) {
	w.Helper()
	if err := c.Connect(w.brief()); err != nil {
		w.Fatal(err)
	}
	synctest.Wait()
}

// brief returns a context that ends in a minute, or with the test.
func (w *world) brief() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	w.Cleanup(cancel)
	return ctx
}

// sorted waits until everything is still and sorts what was written down: by two sides, at the same time.
func (w *world) sorted() {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.notes)
}

// TestClient does everything that a client can do while it is connected.
func TestClient(t *testing.T) {
	for name, transports := range ways {
		for _, msgpack := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, msgpack %v", name, msgpack), func(t *testing.T) {
				inWorld(t, func(o *Options) { o.Msgpack = msgpack }, func(w *world) {
					everything(w, transports, msgpack)
				})
			})
		}
	}
}

// file is an argument with binary.
type clientFile struct {
	Name string
	Data []byte
}

func everything(w *world, transports []engineio.Transport, msgpack bool) {
	w.noteEnds()
	w.io.On("echo", func(s *Socket, a Args) { s.Emit("echo", a) })
	w.io.Handle("upload", func(_ *Socket, f clientFile) (clientFile, error) { return clientFile{f.Name + "!", f.Data}, nil })
	w.io.Handle2("sum", func(_ *Socket, a, b int) (int, error) { return a + b, nil })
	w.io.Handle("refuse", func(*Socket, int) (int, error) { return 0, &Error{"not today", map[string]any{"code": 7.0}} })
	w.io.On("ask", func(s *Socket, text string) {
		got, err := s.EmitWithAck[string](s.Context(), "question", text)
		w.note("answered %q, %v", got, err)
	})
	w.io.On("ask in vain", func(s *Socket, _ struct{}) {
		_, err := s.EmitWithAck[string](s.Context(), "fail")
		w.note("answered %v", err)
	})
	c := w.newClient("", func(o *ClientOptions) { o.Transports, o.Msgpack = transports, msgpack })
	c.On3("echo", func(text string, b []byte, n int) { w.note("echo %s %x %d", text, b, n) })
	c.Handle("question", func(text string) (string, error) { return text + "!", nil })
	c.Handle("fail", func(struct{}) (string, error) { return "", &Error{Message: "no"} })
	c.OnAny(func(e *Event) { w.note("any %s", e.Name()) })
	w.must(c)
	w.noted("connect, recovered false")
	if !c.Connected() || w.io.Socket(c.ID()) == nil {
		w.Errorf("connected %v as %q", c.Connected(), c.ID())
	}
	c.Emit("echo", "text", []byte{1, 2, 0xff}, 42)
	c.Emit("ask", "why?")
	c.Emit("ask in vain")
	time.Sleep(time.Second)
	w.noted("any echo", "echo text 0102ff 42", "any question", `answered "why?!", <nil>`, "any fail", "fail: no", "answered no")
	if n, err := c.EmitWithAck[int](w.brief(), "sum", 40, 2); n != 42 || err != nil {
		w.Errorf("%d, %v", n, err)
	}
	f, err := c.EmitWithAck[clientFile](w.brief(), "upload", clientFile{"name", []byte("data")})
	if !reflect.DeepEqual(f, clientFile{"name!", []byte("data")}) || err != nil {
		w.Errorf("%v, %v", f, err)
	}
	var e *Error
	if _, err := c.EmitWithAck[int](w.brief(), "refuse", 1); !errors.As(err, &e) || e.Message != "not today" || e.Data == nil {
		w.Errorf("%v", err)
	}
	if err := c.Emit("connect"); !errors.Is(err, ErrReserved) {
		w.Errorf("%v", err)
	}
	if err := c.Emit("x", func() {}); err == nil {
		w.Error("a function was emitted")
	}
	short, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := c.EmitWithAck[int](short, "nobody acknowledges"); !errors.Is(err, context.DeadlineExceeded) {
		w.Errorf("%v", err)
	}
	if n := len(c.acks); n != 0 {
		w.Errorf("%d acknowledgements are waited for", n)
	}
	time.Sleep(time.Hour)
	large := strings.Repeat("x", 300_000)
	c.Emit("echo", large, []byte(large), 1)
	time.Sleep(time.Second)
	w.noted("any echo", fmt.Sprintf("echo %s %x 1", large, large))
	c.Off("echo")
	c.Emit("echo")
	time.Sleep(time.Second)
	w.noted("any echo")
	c.Close()
	w.sorted()
	w.noted("client namespace disconnect", "disconnect: io client disconnect")
	if err := c.Emit("x"); !errors.Is(err, ErrDisconnected) {
		w.Errorf("%v", err)
	}
	if _, err := c.EmitWithAck[int](w.brief(), "x"); !errors.Is(err, ErrDisconnected) {
		w.Errorf("%v", err)
	}
	if err := c.Connect(w.brief()); !errors.Is(err, ErrDisconnected) {
		w.Errorf("%v", err)
	}
	if c.Context().Err() == nil || c.ID() != "" || c.Connected() {
		w.Error("closed and not closed")
	}
}
