package badnet

// This file holds what a bad network does to connections of the library: cuts nothing, and faults no more than they must, at
// every byte of a conversation.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// messages are those that a client sends, each of which a server echoes before the next.
var messages = []websocket.Message{
	{Op: websocket.OpText, Data: []byte("Grüße, 世界")},
	{Op: websocket.OpBinary, Data: bytes.Repeat([]byte{0, 0xFF, 7}, 45)}, // the length takes two bytes more
	{Op: websocket.OpText},
	{Op: websocket.OpText, Data: bytes.Repeat([]byte("again and "), 4)},
}

const (
	interval = 10 * time.Second
	pongTime = 20 * time.Second
)

// outcome is how a conversation went.
type outcome struct {
	echoed, arrived int   // messages that the client and the server have got
	client, server  error // how the connection ended for them; nil where Close has been answered
	took            time.Duration
}

// tap notes what is read from a net.Conn.
type tap struct {
	net.Conn
	mu  sync.Mutex
	all []byte
}

func (c *tap) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, p[:n]...)
	return n, err
}

// seen returns what has been read so far.
func (c *tap) seen() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.all)
}

// CloseWrite passes on what a tap has beside a net.Conn.
func (c *tap) CloseWrite() error { return c.Conn.(*netpipe.Conn).CloseWrite() }

// converse has the conversation over a bad network, in a bubble: messages with a ping between them, and Close. It also returns
// what went to either side.
func converse(t *testing.T, toServer, toClient Way, params *websocket.CompressionParams) (o outcome, atServer, atClient []byte) {
	a, b := between(t, toServer, toClient)
	near, far := &tap{Conn: a}, &tap{Conn: b}
	options := &websocket.Options{PingInterval: interval, PongTimeout: pongTime}
	agreed := websocket.Agreement{Compression: params}
	client, server := websocket.ClientConn(near, options, agreed, nil), websocket.ServerConn(far, options, agreed, nil)
	defer client.CloseNow()
	defer server.CloseNow()
	began := time.Now()
	served := make(chan struct{})
	go func() {
		defer close(served)
		for m, err := range server.Messages(t.Context()) {
			if err == nil {
				o.arrived++
				err = server.Write(t.Context(), m.Op, m.Data)
			}
			if err != nil {
				o.server = err
			}
		}
	}()
	o.echoed, o.client = ask(t, client)
	o.took = time.Since(began)
	<-served
	return o, far.seen(), near.seen()
}

// ask is the client's part. It returns how many messages came back, and how the connection ended, or nil if that was by Close.
func ask(t *testing.T, c *websocket.Conn) (echoed int, err error) {
	ctx := context.Background()
	for i, m := range messages {
		if i == 2 {
			c.SendPing(ctx, []byte("?")) // the next read says what came of it
		}
		if err := c.Write(ctx, m.Op, m.Data); err != nil && !errors.Is(err, websocket.ErrWriteFailed) {
			return echoed, err
		}
		got, err := c.Read(ctx) // which says how the connection ended, after a write that has failed
		if err != nil {
			return echoed, err
		}
		if got.Op != m.Op || !bytes.Equal(got.Data, m.Data) {
			t.Errorf("message %d came back as %v %q", i, got.Op, got.Data)
		}
		echoed++
	}
	return echoed, c.Close(websocket.StatusNormalClosure, "bye")
}

// inBubbles runs f in a bubble with plain and with compressed messages, and gives it what goes either way where nothing breaks.
func inBubbles(t *testing.T, f func(t *testing.T, params *websocket.CompressionParams, toServer, toClient []byte)) {
	for name, params := range map[string]*websocket.CompressionParams{
		"plain": nil, "compressed": {ServerMaxWindowBits: 15, ClientMaxWindowBits: 15},
	} {
		t.Run(name, func(t *testing.T) {
			var toServer, toClient []byte
			synctest.Test(t, func(t *testing.T) {
				var o outcome
				o, toServer, toClient = converse(t, Way{}, Way{}, params)
				wantAll(t, o)
			})
			f(t, params, toServer, toClient)
		})
	}
}

// wantAll wants the conversation to have gone as if there had been no network.
func wantAll(t *testing.T, o outcome) {
	t.Helper()
	if o.echoed != len(messages) || o.arrived != len(messages) || o.client != nil ||
		websocket.CloseStatus(o.server) != websocket.StatusNormalClosure || !errors.Is(o.server, io.EOF) {
		t.Errorf("the conversation went so: %+v", o)
	}
}

// TestCuts protects that it does not matter how bytes come: cut anywhere, one by one, put together, late.
func TestCuts(t *testing.T) {
	inBubbles(t, func(t *testing.T, params *websocket.CompressionParams, toServer, toClient []byte) {
		ways := []Way{{Pieces: 1}, {Pieces: 7}, {Delay: 50 * time.Millisecond}, {Gather: 20 * time.Millisecond}}
		for at := range max(len(toServer), len(toClient)) {
			ways = append(ways, Way{Cut: int64(at), Delay: time.Millisecond})
		}
		for _, way := range ways {
			synctest.Test(t, func(t *testing.T) {
				o, _, _ := converse(t, way, way, params)
				wantAll(t, o)
			})
			if t.Failed() {
				t.Fatalf("with %+v", way)
			}
		}
	})
}

// whole returns how many messages have come whole with the first n bytes of a stream, and whether the close frame has.
func whole(t *testing.T, stream []byte, n int) (count int, closed bool) {
	for at := 0; at < len(stream); {
		h, size, err := websocket.ParseHeader(stream[at:])
		if err != nil || size == 0 {
			t.Fatalf("no header at %d: %v", at, err)
		}
		if at += size + int(h.Length); at > n {
			break
		}
		switch {
		case h.Opcode == websocket.OpClose:
			closed = true
		case !h.Opcode.IsControl():
			count++
		}
	}
	return count, closed
}

// TestFaults protects, for every byte at which either way can break, and with compression some of them: what has come whole is delivered and nothing else; both
// sides learn of the end, in the time that the options promise, and whether it was an orderly one.
func TestFaults(t *testing.T) {
	faults := map[string]Fault{"stall": Stall, "half-close": HalfClose, "truncate": Truncate, "reset": Reset}
	inBubbles(t, func(t *testing.T, params *websocket.CompressionParams, toServer, toClient []byte) {
		step := 1
		if params != nil {
			step = 5 // the frames are the same but for what they carry
		}
		for name, fault := range faults {
			t.Run(name+" to the server", func(t *testing.T) {
				for at := 0; at < len(toServer); at += step {
					arrived, _ := whole(t, toServer, at)
					synctest.Test(t, func(t *testing.T) {
						o, _, _ := converse(t, Way{Fault: fault, After: int64(at)}, Way{}, params)
						wantFault(t, o, o.server, fault, at)
						if o.arrived != arrived || o.echoed > arrived {
							t.Errorf("%d: %d arrived and %d came back, want %d", at, o.arrived, o.echoed, arrived)
						}
					})
				}
			})
			t.Run(name+" to the client", func(t *testing.T) {
				for at := 0; at < len(toClient); at += step {
					echoed, _ := whole(t, toClient, at)
					synctest.Test(t, func(t *testing.T) {
						o, _, _ := converse(t, Way{}, Way{Fault: fault, After: int64(at)}, params)
						wantFault(t, o, o.client, fault, at)
						if o.echoed != echoed || o.arrived < echoed {
							t.Errorf("%d: %d came back of %d, want %d", at, o.echoed, o.arrived, echoed)
						}
					})
				}
			})
		}
	})
}

// wantFault wants a conversation to have ended amid something, for both, and soon: at once, or, where a way has stalled, when the
// side that hears nothing gives up its peer, or Close does.
func wantFault(t *testing.T, o outcome, deaf error, fault Fault, at int) {
	t.Helper()
	var end *websocket.CloseError
	if !errors.As(o.client, &end) || o.server == nil {
		t.Errorf("%d: the ends are %v and %v", at, o.client, o.server)
		return
	}
	longest := 2 * time.Second // a second to linger, on either side
	if fault == Stall {
		longest += interval + pongTime
		if o.echoed < len(messages) && !errors.Is(deaf, os.ErrDeadlineExceeded) {
			t.Errorf("%d: the side that hears nothing saw %v", at, deaf)
		}
	}
	if o.took > longest {
		t.Errorf("%d: it took %v", at, o.took)
	}
}

// TestLatency protects that a ping tells how long the way is, both ways.
func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := between(t, Way{Delay: 50 * time.Millisecond}, Way{Delay: 30 * time.Millisecond})
		client, server := websocket.ClientConn(a, nil, websocket.Agreement{}, nil), websocket.ServerConn(b, nil, websocket.Agreement{}, nil)
		client.CloseRead(t.Context())
		server.CloseRead(t.Context())
		if rtt, err := client.Ping(t.Context()); rtt != 80*time.Millisecond || err != nil {
			t.Errorf("%v, %v; want 80ms", rtt, err)
		}
		client.CloseNow()
		server.CloseNow()
	})
}
