package engineio

// This file tests what a Dialer does when things fail: I/O at whatever point, requests that are refused, probes, and servers that take
// nothing.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
)

// TestDialFaults lets the n-th operation of the client's n-th connection fail, for every n. Each Open has its Close, and nothing is left.
func TestDialFaults(t *testing.T) {
	for _, way := range ways[:3] {
		t.Run(way.name, func(t *testing.T) {
			for at := int64(1); at <= 30; at++ {
				for which := int32(1); which <= 3; which++ {
					inWorld(t, nil, func(w *world) { w.failDial(way.transports, at, which) })
				}
			}
		})
	}
}

// failDial opens a session, talks and closes it, where an operation of a connection fails.
func (w *world) failDial(transports []Transport, at int64, which int32) {
	var conns atomic.Int32
	d := w.dialer(transports)
	d.WebSocket.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := w.l.dial(ctx, network, addr)
		if conns.Add(1) == which && err == nil {
			c = &faultconn.Conn{Conn: c, FailAt: at, Err: errors.New("on purpose")}
		}
		return c, err
	}
	n := noEcho()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s, err := d.Dial(ctx, base, n)
	if err == nil {
		for i := range 20 {
			s.Send(websocket.OpText, fmt.Append(nil, i))
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Second)
		if got := len(n.soFar()); s.Err() == nil && got != 1+20 {
			w.Errorf("operation %d of connection %d: the session goes on, and has lost %d messages", at, which, 21-got)
		}
		w.shut(s)
	}
	all := n.soFar()
	opened, closed := 0, 0
	for _, one := range all {
		switch {
		case one == "open":
			opened++
		case strings.HasPrefix(one, "close"):
			closed++
		}
	}
	if opened != closed || err == nil && opened != 1 {
		w.Errorf("operation %d of connection %d: %v, %q", at, which, err, all)
	}
}

// losing is a connection that loses what the n-th read would return, and all that follows.
type losing struct {
	net.Conn
	at, reads int
}

func (l *losing) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if l.reads++; l.reads >= l.at && err == nil {
		return 0, errors.New("on purpose")
	}
	return n, err
}

// TestDialLosesResponse loses responses that the server has sent: the messages in them are gone, so that the session must end. (net/http would
// send such a GET again, by itself.)
func TestDialLosesResponse(t *testing.T) {
	for at := 1; at <= 12; at++ {
		for which := 1; which <= 2; which++ {
			inWorld(t, nil, func(w *world) {
				conns := 0
				d := w.dialer([]Transport{Polling})
				d.WebSocket.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					c, err := w.l.dial(ctx, network, addr)
					if conns++; conns == which && err == nil {
						c = &losing{Conn: c, at: at}
					}
					return c, err
				}
				n := noEcho()
				s, err := d.Dial(context.Background(), base, n)
				if err != nil {
					return
				}
				for i := range 20 {
					s.Send(websocket.OpText, fmt.Append(nil, i))
					time.Sleep(20 * time.Millisecond)
				}
				time.Sleep(time.Second)
				if got := len(n.soFar()); s.Err() == nil && got != 1+20 {
					t.Errorf("read %d of connection %d: the session goes on, and has lost %d messages", at, which, 21-got)
				}
				w.shut(s)
			})
		}
	}
}

// TestDialRefused checks the errors of servers that open no session.
func TestDialRefused(t *testing.T) {
	answer := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
	}
	for _, test := range []struct {
		name    string
		way     Transport
		handler http.Handler
		want    string
		code    int // of an *Error; -1 if it is none
	}{
		{"a code", Polling, answer(400, `{"code":5,"message":"Unsupported protocol version"}`),
			"engineio: refused with status 400: Unsupported protocol version", UnsupportedVersion},
		{"no code", Polling, answer(502, "<html>"), "engineio: refused with status 502", -1},
		{"another server", Polling, answer(200, "<html>"), errOpening.Error(), -1},
		{"no identifier", Polling, answer(200, "0{}"), errOpening.Error(), -1},
		{"nothing", Polling, answer(200, ""), errOpening.Error(), -1},
		{"no upgrade", WebSocket, answer(400, ""), "websocket: handshake refused with status 400", -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.serveInstead(test.handler)
				n := noEcho()
				_, err := w.dialer([]Transport{test.way}).Dial(context.Background(), base, n)
				var e *Error
				if err == nil || !strings.HasPrefix(err.Error(), strings.Split(test.want, " refused with status 400")[0]) {
					t.Errorf("got %v, want %s", err, test.want)
				}
				if errors.As(err, &e) != (test.code >= 0) || e != nil && e.Code != test.code {
					t.Errorf("got %#v", e)
				}
				n.expect(t)
			})
		})
	}
	for url, want := range map[string]error{"ftp://example.com/": errScheme, "://": nil, "example.com": errScheme} {
		if _, err := new(Dialer).Dial(context.Background(), url, noEcho()); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, none := range [][]Transport{{}, {"webtransport"}} {
		if _, err := (&Dialer{Transports: none}).Dial(context.Background(), base, noEcho()); !errors.Is(err, errTransport) {
			t.Errorf("%v: %v", none, err)
		}
	}
}

// TestDialNext goes on to the next transport where one is refused.
func TestDialNext(t *testing.T) {
	o := testOptions()
	o.Transports = []Transport{WebSocket}
	inWorld(t, o, func(w *world) {
		s := w.dialSession(nil, noEcho())
		if s.Transport() != WebSocket {
			t.Errorf("on %v", s.Transport())
		}
		w.shut(s)
	})
}

// TestDialContext ends the opening by its context, on either transport, and with it nothing but the opening.
func TestDialContext(t *testing.T) {
	for _, way := range ways[:2] {
		inWorld(t, nil, func(w *world) {
			hang := make(chan struct{})
			defer close(hang)
			w.serveInstead(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if websocket.IsUpgrade(r) {
					new(websocket.Upgrader).Upgrade(w, r)
				}
				<-hang
			}))
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			began := time.Now()
			_, err := w.dialer(way.transports).Dial(ctx, base, noEcho())
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
				t.Errorf("%s: %v after %v", way.name, err, time.Since(began))
			}
		})
		inWorld(t, nil, func(w *world) {
			ctx, cancel := context.WithCancel(context.Background())
			s, err := w.dialer(way.transports).Dial(ctx, base, noEcho())
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			time.Sleep(time.Minute)
			if s.Err() != nil {
				t.Errorf("%s: %v", way.name, s.Err())
			}
			w.shut(s)
		})
	}
}

// TestDialNoUpgrade lets probes fail in every way: the session stays on polling, and works.
func TestDialNoUpgrade(t *testing.T) {
	for name, probe := range map[string]func(w http.ResponseWriter, r *http.Request){
		"refused": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(400) },
		"closed": func(w http.ResponseWriter, r *http.Request) {
			c, _ := new(websocket.Upgrader).Upgrade(w, r)
			c.Close(websocket.StatusNormalClosure, "")
		},
		"answered wrongly": func(w http.ResponseWriter, r *http.Request) {
			c, _ := new(websocket.Upgrader).Upgrade(w, r)
			c.Write(context.Background(), websocket.OpText, []byte("3prob"))
			c.Read(context.Background())
		},
		"not answered": func(w http.ResponseWriter, r *http.Request) {
			c, _ := new(websocket.Upgrader).Upgrade(w, r)
			c.CloseRead(context.Background())
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				srv := w.srv
				w.serveInstead(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if websocket.IsUpgrade(r) {
						probe(w, r)
						return
					}
					srv.ServeHTTP(w, r)
				}))
				n := noEcho()
				s := w.dialSession(nil, n)
				for range 30 {
					s.Send(websocket.OpText, []byte("x"))
					time.Sleep(time.Second)
				}
				if s.Transport() != Polling || s.Err() != nil {
					t.Errorf("on %v, %v", s.Transport(), s.Err())
				}
				if got := len(n.soFar()); got != 31 {
					t.Errorf("%d messages have come back", got-1)
				}
				w.shut(s)
			})
		})
	}
}

// TestDialCloseAmidMove protects the farewell of a session that is closed when its probe has been answered and a poll is still under way: no
// request is made then any more, but for that.
func TestDialCloseAmidMove(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		srv := w.srv
		w.serveInstead(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !websocket.IsUpgrade(r) {
				srv.ServeHTTP(w, r)
				return
			}
			c, _ := new(websocket.Upgrader).Upgrade(w, r) // and lets the poll wait, unlike the server
			c.Write(context.Background(), websocket.OpText, []byte("3probe"))
			c.CloseRead(context.Background())
		}))
		s := w.dialSession(nil, noEcho())
		synctest.Wait()
		start := time.Now()
		s.Close()
		synctest.Wait()
		if left, waited := srv.Len(), time.Since(start); left != 0 || waited != 0 {
			t.Errorf("the server has %d sessions after %v", left, waited)
		}
		w.shut(s)
	})
}

// TestDialFull sends to a server that takes nothing: the session goes on, and Send fails when WriteBuffer is full.
func TestDialFull(t *testing.T) {
	for _, way := range ways[:2] {
		t.Run(way.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				let := make(chan struct{})
				w.notes.message = func(s *Session, op websocket.Opcode, data []byte) { <-let }
				d := w.dialer(way.transports)
				d.WriteBuffer = 10_000
				s, err := d.Dial(context.Background(), base, noEcho())
				if err != nil {
					t.Fatal(err)
				}
				taken := 0
				for {
					if err = s.Send(websocket.OpText, make([]byte, 1000)); err != nil {
						break
					}
					taken++
					synctest.Wait()
				}
				if !errors.Is(err, ErrFull) || s.Err() != nil {
					t.Errorf("%v, %v", err, s.Err())
				}
				close(let)
				time.Sleep(100 * time.Millisecond)
				if err := s.Send(websocket.OpText, []byte("again")); err != nil {
					t.Error(err)
				}
				if got := len(w.notes.soFar()); got != 1+taken+1 {
					t.Errorf("%d of %d messages have come", got-2, taken)
				}
				w.shut(s)
			})
		})
	}
}

// TestCutPayload splits what a request may not hold.
func TestCutPayload(t *testing.T) {
	for _, test := range []struct {
		payload string
		most    int
		want    []string
	}{
		{"4a|4b|4c", 0, []string{"4a|4b|4c"}},
		{"4a|4b|4c", 8, []string{"4a|4b|4c"}},
		{"4a|4b|4c", 7, []string{"4a|4b", "4c"}},
		{"4a|4b|4c", 5, []string{"4a|4b", "4c"}},
		{"4a|4b|4c", 4, []string{"4a", "4b", "4c"}},
		{"4a|4b|4c", 1, []string{"4a", "4b", "4c"}},
		{"4aaaa|4b", 3, []string{"4aaaa", "4b"}},
		{"4aaaa", 3, []string{"4aaaa"}},
		{"4", 1, []string{"4"}},
		{"4|4|4", 1, []string{"4", "4", "4"}},
		{strings.Repeat("4|", 16) + "4x", 0, []string{strings.Repeat("4|", 15) + "4", "4x"}},
		{strings.Repeat("4|", 15) + "4", 0, []string{strings.Repeat("4|", 15) + "4"}},
	} {
		rest := []byte(strings.ReplaceAll(test.payload, "|", "\x1e"))
		var got []string
		for len(rest) > 0 {
			var one []byte
			one, rest = cutPayload(rest, test.most)
			got = append(got, strings.ReplaceAll(string(one), "\x1e", "|"))
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s, %d: %q, want %q", test.payload, test.most, got, test.want)
		}
	}
}

// TestDialSplits sends more than the server takes in one request.
func TestDialSplits(t *testing.T) {
	o := testOptions()
	o.MaxPayload = 1000
	inWorld(t, o, func(w *world) {
		s := w.dialSession([]Transport{Polling}, noEcho())
		release := s.Hold()
		for range 50 {
			s.Send(websocket.OpText, make([]byte, 300))
		}
		release()
		time.Sleep(100 * time.Millisecond)
		if got := len(w.notes.soFar()); got != 51 || s.Err() != nil {
			t.Errorf("%d messages have come, %v", got-1, s.Err())
		}
		w.shut(s)
	})
}
