package socketio

// This file tests how a Client connects, and connects again: when exactly, with what, and when not.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

func TestDelay(t *testing.T) {
	for _, test := range []struct {
		o       ClientOptions
		attempt int
		random  float64
		want    time.Duration
	}{
		{ClientOptions{}, 0, 0.5, time.Second},
		{ClientOptions{}, 0, 0, 500 * time.Millisecond},
		{ClientOptions{}, 0, 0.75, 1250 * time.Millisecond},
		{ClientOptions{}, 1, 0.5, 2 * time.Second},
		{ClientOptions{}, 2, 0.5, 4 * time.Second},
		{ClientOptions{}, 3, 0.5, 5 * time.Second},
		{ClientOptions{}, 3, 0, 2500 * time.Millisecond},
		{ClientOptions{}, 1 << 40, 0.5, 5 * time.Second},
		{ClientOptions{Jitter: -1}, 1, 0, 2 * time.Second},
		{ClientOptions{Jitter: 9}, 1, 0, 0},
		{ClientOptions{ReconnectDelay: time.Minute}, 5, 0.5, time.Minute},
		{ClientOptions{ReconnectDelay: time.Minute, MaxReconnectDelay: time.Hour}, 4, 0.5, 16 * time.Minute},
		{ClientOptions{ReconnectDelay: 1 << 60, MaxReconnectDelay: 1<<63 - 1}, 9, 0.5, 1<<63 - 1},
	} {
		o := test.o.withDefaults()
		if got := o.delay(test.attempt, test.random); got != test.want {
			t.Errorf("%+v, attempt %d: %v, want %v", test.o, test.attempt, got, test.want)
		}
	}
}

// TestClientReconnects loses the connection, finds no server for a while, and connects again: at exact times, with fresh auth, and the backoff
// begins anew.
func TestClientReconnects(t *testing.T) {
	for name, transports := range ways {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.io.OnConnect(func(s *Socket) {
					n, err := s.Auth[struct{ Token int }]()
					w.note("token %d, %v", n.Token, err)
				})
				tokens := 0
				var dials []time.Duration
				began := time.Now()
				var down atomic.Bool
				c := w.newClient("", func(o *ClientOptions) {
					o.Transports = transports
					o.Auth = func(context.Context) (any, error) { tokens++; return map[string]int{"Token": tokens}, nil }
					o.WebSocket.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
						if down.Load() {
							dials = append(dials, time.Since(began))
							return nil, errors.New("no network")
						}
						return w.l.dial(ctx, network, addr)
					}
				})
				c.OnConnectError(nil)
				w.must(c)
				w.sorted()
				w.noted("connect, recovered false", "token 1, <nil>")
				for i := range 2 {
					time.Sleep(time.Second)
					down.Store(true)
					began, dials = time.Now(), nil
					w.io.Socket(c.ID()).Session().Close()
					synctest.Wait()
					if c.Connected() || c.ID() != "" {
						t.Error("connected all the same")
					}
					w.noted("disconnect: transport close")
					time.Sleep(18 * time.Second)
					down.Store(false)
					w.noted("attempt 1", "attempt 2", "attempt 3", "attempt 4", "attempt 5")
					want := []time.Duration{1e9, 3e9, 7e9, 12e9, 17e9}
					if fmt.Sprint(unique(dials)) != fmt.Sprint(want) {
						t.Errorf("dialed after %v, want %v", dials, want)
					}
					time.Sleep(4*time.Second - 1)
					w.noted()
					time.Sleep(time.Second)
					w.sorted()
					w.noted("attempt 6", "connect, recovered false", fmt.Sprintf("token %d, <nil>", i+2))
				}
				if tokens != 3 {
					t.Errorf("Auth was called %d times", tokens)
				}
				c.Close()
			})
		})
	}
}

// unique returns times without those that stand there twice: each transport is tried.
func unique(all []time.Duration) (some []time.Duration) {
	for i, one := range all {
		if i == 0 || one != all[i-1] {
			some = append(some, one)
		}
	}
	return some
}

// TestClientSilence takes the network away in one direction: what the server sends does not come, or what the client sends does not arrive. It
// is noticed by the side that hears nothing, after the interval and the timeout, and the client connects again.
func TestClientSilence(t *testing.T) {
	for name, transports := range ways {
		for _, deaf := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, deaf %v", name, deaf), func(t *testing.T) {
				inWorld(t, nil, func(w *world) {
					w.noteEnds()
					n := &network{w: w}
					c := w.newClient("", func(o *ClientOptions) {
						o.Transports = transports
						o.WebSocket.DialContext = n.dial
					})
					c.OnReconnectAttempt(nil)
					c.OnConnectError(nil)
					w.must(c)
					time.Sleep(time.Second)
					w.noted("connect, recovered false")
					n.mute(!deaf, deaf)
					began := time.Now()
					for c.Connected() {
						time.Sleep(100 * time.Millisecond)
					}
					most := 45 * time.Second
					if name == "polling" && !deaf {
						most += 25 * time.Second // a ping still came; that the server gave up has no way to the client
					}
					if d := time.Since(began); d < most-5*time.Second || d > most {
						t.Errorf("noticed after %v", d)
					}
					n.cut()
					n.restore()
					synctest.Wait()
					w.mu.Lock()
					got := fmt.Sprint(w.notes)
					w.notes = nil
					w.mu.Unlock()
					if !strings.Contains(got, "ping timeout") || !c.Connected() {
						t.Errorf("connected %v, %s", c.Connected(), got)
					}
					c.Close()
				})
			})
		}
	}
}

// TestClientRefused is refused: by middleware, by a namespace that does not exist, and by no server at all. It is tried again only where that may
// help.
func TestClientRefused(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		refuse := true
		w.io.Of("/admin").Use(func(s *Socket) error {
			if refuse {
				return &Error{"unauthorized", map[string]any{"code": 401.0}}
			}
			return nil
		})
		c := w.newClient("/admin", nil)
		var e *Error
		if err := c.Connect(w.brief()); !errors.As(err, &e) || e.Message != "unauthorized" || fmt.Sprint(e.Data) != "map[code:401]" {
			t.Errorf("%v", err)
		}
		time.Sleep(time.Hour)
		w.noted("error: unauthorized")
		if n := w.io.engine.Len(); n != 0 {
			t.Errorf("%d sessions", n)
		}
		refuse = false
		c.Emit("kept")
		w.must(c)
		w.noted("connect, recovered false")
		other := c.Of("none", nil)
		if err := other.Connect(w.brief()); err == nil || err.Error() != "Invalid namespace" {
			t.Errorf("%v", err)
		}
		if !c.Connected() {
			t.Error("the other namespace is gone, too")
		}
		other.Close()
		c.Close()
	})
}

// TestClientNever has no server: one attempt, some, or until the context ends.
func TestClientNever(t *testing.T) {
	nobody := func(edit func(o *ClientOptions)) func(o *ClientOptions) {
		return func(o *ClientOptions) {
			o.WebSocket.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody") }
			o.Transports = []engineio.Transport{engineio.WebSocket}
			edit(o)
		}
	}
	inWorld(t, nil, func(w *world) {
		began := time.Now()
		c := w.newClient("", nobody(func(o *ClientOptions) { o.NoReconnect = true }))
		if err := c.Connect(w.brief()); err == nil || errors.Is(err, ErrGaveUp) || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		c.Close()
	})
	inWorld(t, nil, func(w *world) {
		began := time.Now()
		c := w.newClient("", nobody(func(o *ClientOptions) { o.MaxAttempts = 3 }))
		if err := c.Connect(w.brief()); !errors.Is(err, ErrGaveUp) || time.Since(began) != 7*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		c.Close()
	})
	inWorld(t, nil, func(w *world) {
		c := w.newClient("", nobody(func(o *ClientOptions) {}))
		ctx, cancel := context.WithTimeout(context.Background(), 3500*time.Millisecond)
		defer cancel()
		err := c.Connect(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || fmt.Sprint(err) == "socketio: not connected: context deadline exceeded" {
			t.Errorf("%v", err)
		}
		time.Sleep(time.Hour)
		w.mu.Lock()
		if n := len(w.notes); n < 1000 {
			t.Errorf("only %d things happened in an hour", n)
		}
		w.notes = nil
		w.mu.Unlock()
		c.Close()
		time.Sleep(time.Hour)
		w.noted()
	})
}

// TestClientURL checks what NewClient makes of URLs.
func TestClientURL(t *testing.T) {
	for url, want := range map[string][2]string{
		"http://a":              {"http://a/socket.io/", "/"},
		"ws://a:1/":             {"ws://a:1/socket.io/", "/"},
		"https://a/b/c?d=e":     {"https://a/socket.io/?d=e", "/b/c"},
		"http://a/with%20space": {"http://a/socket.io/", "/with space"},
	} {
		if c := NewClient(url, nil); c.err != nil || c.up.server != want[0] || c.Namespace() != want[1] {
			t.Errorf("%s: %q and %q, %v", url, c.up.server, c.Namespace(), c.err)
		}
	}
	for _, url := range []string{"", "a", "ftp://a", "http://%zz", ":"} {
		c := NewClient(url, nil)
		if err := c.Connect(t.Context()); err == nil {
			t.Errorf("%s: no error", url)
		}
		if err := c.Of("/x", nil).Connect(t.Context()); err == nil {
			t.Errorf("%s: no error", url)
		}
	}
	if c := NewClient("http://a/b", &ClientOptions{Path: "/p/"}); c.up.server != "http://a/p/" {
		t.Errorf("%q", c.up.server)
	}
}

// TestClientSentAway is disconnected by the server: it does not come back by itself, and does when asked.
func TestClientSentAway(t *testing.T) {
	for _, all := range []bool{false, true} {
		inWorld(t, nil, func(w *world) {
			c := w.newClient("", nil)
			w.must(c)
			s := w.io.Socket(c.ID())
			if all {
				s.Close()
			} else {
				s.Disconnect()
			}
			w.noted("connect, recovered false", "disconnect: io server disconnect")
			time.Sleep(time.Hour)
			w.noted()
			if n := w.io.engine.Len(); n != 0 {
				t.Errorf("%d sessions", n)
			}
			w.must(c)
			w.noted("connect, recovered false")
			c.Close()
		})
	}
}

// TestClientNamespaces has several namespaces over one connection, each with its own auth and acknowledgements.
func TestClientNamespaces(t *testing.T) {
	for name, transports := range ways {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				for _, n := range []*Namespace{w.io.Namespace, w.io.Of("/a"), w.io.Of("/b")} {
					n.Handle("where", func(s *Socket, _ struct{}) (string, error) {
						return s.Namespace().Name() + string(s.Handshake().Auth), nil
					})
				}
				c := w.newClient("", func(o *ClientOptions) { o.Transports = transports })
				a := c.Of("/a", func(context.Context) (any, error) { return map[string]int{"x": 1}, nil })
				b := c.Of("b", nil)
				if c.Of("/a", nil) != a {
					t.Error("another client in the same namespace")
				}
				ask := func() {
					for _, one := range []struct {
						c    *Client
						want string
					}{{c, "/{}"}, {a, `/a{"x":1}`}, {b, "/b{}"}} {
						if got, err := one.c.EmitWithAck[string](w.brief(), "where"); got != one.want || err != nil {
							t.Errorf("%q, %v, want %q", got, err, one.want)
						}
					}
					if n := w.io.engine.Len(); n != 1 {
						t.Errorf("%d sessions", n)
					}
				}
				w.must(b)
				w.must(a)
				w.must(c)
				ask()
				w.io.Socket(c.ID()).Session().Close()
				time.Sleep(5 * time.Second)
				ask()
				c.Close()
				if _, err := a.EmitWithAck[string](w.brief(), "where"); err != nil {
					t.Error(err)
				}
				a.Close()
				b.Close()
				if n := w.io.engine.Len(); n != 0 {
					t.Errorf("%d sessions are left", n)
				}
			})
		})
	}
}

// TestClientAuth fails to get what authenticates the client: it tries again, and says why.
func TestClientAuth(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		n := 0
		c := w.newClient("", func(o *ClientOptions) {
			o.Auth = func(context.Context) (any, error) {
				switch n++; n {
				case 1:
					return nil, errors.New("no token")
				case 2:
					return 42, nil
				case 3:
					panic("on purpose")
				}
				return struct{ A int }{n}, nil
			}
		})
		began := time.Now()
		w.must(c)
		w.noted("error: no token", "error: "+errAuth.Error(), "error: socketio: a panic of Auth: on purpose", "connect, recovered false")
		if d := time.Since(began); d != 7*time.Second {
			t.Errorf("after %v", d)
		}
		c.Close()
	})
}

// TestClientFaults lets the n-th operation of the client's n-th connection fail, for every n: the client connects again, every
// OnConnect but the last has its OnDisconnect, and nothing is left.
func TestClientFaults(t *testing.T) {
	for name, transports := range ways {
		t.Run(name, func(t *testing.T) {
			for at := int64(1); at <= 30; at++ {
				for which := int32(1); which <= 3; which++ {
					inWorld(t, nil, func(w *world) { w.failClient(transports, at, which) })
				}
			}
		})
	}
}

func (w *world) failClient(transports []engineio.Transport, at int64, which int32) {
	w.io.Handle("double", func(_ *Socket, n int) (int, error) { return 2 * n, nil })
	var conns atomic.Int32
	c := w.newClient("", func(o *ClientOptions) {
		o.Transports = transports
		o.WebSocket.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := w.l.dial(ctx, network, addr)
			if conns.Add(1) == which && err == nil {
				nc = &faultconn.Conn{Conn: nc, FailAt: at, Err: errors.New("on purpose")}
			}
			return nc, err
		}
	})
	balance := 0
	c.OnConnect(func() { balance++ })
	c.OnDisconnect(func(Reason) { balance-- })
	if err := c.Connect(w.brief()); err != nil {
		w.Errorf("operation %d of connection %d: %v", at, which, err)
	}
	for i := range 20 {
		got, err := c.EmitWithAck[int](w.brief(), "double", i)
		if err != nil && !errors.Is(err, ErrDisconnected) || err == nil && got != 2*i {
			w.Errorf("operation %d of connection %d: %d, %v", at, which, got, err)
		}
	}
	time.Sleep(10 * time.Second)
	if !c.Connected() {
		w.Errorf("operation %d of connection %d: not connected again", at, which)
	}
	c.Close()
	synctest.Wait()
	if balance != 0 {
		w.Errorf("operation %d of connection %d: %d more connects than disconnects", at, which, balance)
	}
}

// TestClientCloses closes at every moment, also in handlers.
func TestClientCloses(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.newClient("", nil)
		c.Close()
		c.Close()
		w.noted()
	})
	for d := time.Duration(0); d < 12; d++ {
		inWorld(t, nil, func(w *world) {
			w.l.wrap = func(c net.Conn) net.Conn { return &faultconn.Conn{Conn: c} }
			c := w.newClient("", func(o *ClientOptions) {
				o.Auth = func(ctx context.Context) (any, error) { time.Sleep(d); return nil, nil }
			})
			go c.Connect(w.brief())
			for range d {
				synctest.Wait()
			}
			time.Sleep(d)
			c.Close()
		})
	}
	inWorld(t, nil, func(w *world) {
		w.io.OnConnect(func(s *Socket) { s.Emit("now"); s.Emit("never") })
		c := w.newClient("", nil)
		c.On("now", func(struct{}) { c.Close(); w.note("closed") })
		c.On("never", func(struct{}) { w.note("never") })
		w.must(c)
		time.Sleep(time.Second) // the session is moving
		w.noted("connect, recovered false", "closed", "disconnect: io client disconnect")
	})
}
