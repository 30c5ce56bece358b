package engineio

// This file tests the Dialer against the Server, and against servers that are not ours, in memory and in the time of a bubble.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// ways are the transports of a Dialer, and that on which a session is in the end.
var ways = []struct {
	name       string
	transports []Transport
	ends       Transport
}{
	{"polling", []Transport{Polling}, Polling},
	{"websocket", []Transport{WebSocket}, WebSocket},
	{"upgrade", nil, WebSocket},
	{"websocket first", []Transport{WebSocket, Polling}, WebSocket},
}

// noEcho returns a notes that echoes nothing.
func noEcho() *notes {
	return &notes{message: func(*Session, websocket.Opcode, []byte) {}}
}

// soFar waits until everything is still and returns what the Handler was told.
func (n *notes) soFar() []string {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.all)
}

// dialer returns a Dialer for the server.
func (w *world) dialer(transports []Transport) *Dialer {
	return &Dialer{
		Transports: transports, WebSocket: &websocket.Dialer{DialContext: w.l.dial}, Logger: slog.New(slog.DiscardHandler),
	}
}

// dialSession opens a session with the server.
func (w *world) dialSession(transports []Transport, h Handler) *Session {
	w.Helper()
	s, err := w.dialer(transports).Dial(context.Background(), base, h)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// shut closes a session and checks that it is over.
func (w *world) shut(s *Session) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		w.Errorf("Shutdown: %v", err)
	}
}

func TestDial(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				n := noEcho()
				s := w.dialSession(way.transports, n)
				for _, text := range []string{"one", "", "zwölf", "three"} {
					if err := s.Send(websocket.OpText, []byte(text)); err != nil {
						t.Error(err)
					}
				}
				s.Send(websocket.OpBinary, []byte{0, 1, 0xff})
				time.Sleep(200 * time.Millisecond)
				n.expect(t, "open", "text one", "text ", "text zwölf", "text three", "binary \x00\x01\xff")
				if s.Transport() != way.ends || w.session().Transport() != way.ends || s.ID() != w.session().ID() {
					t.Errorf("on %v and %v, as %q and %q", s.Transport(), w.session().Transport(), s.ID(), w.session().ID())
				}
				large := strings.Repeat("x", 900_000)
				s.Send(websocket.OpText, []byte(large))
				n.expect(t, "text "+large)
				time.Sleep(time.Hour) // pings and pongs
				if err := s.Err(); err != nil {
					t.Error(err)
				}
				w.shut(s)
				n.expect(t, "close: forced close")
				if got := w.notes.soFar()[len(w.notes.soFar())-1]; got != "close: transport close" {
					t.Errorf("the server was told %q", got)
				}
			})
		})
	}
}

// TestDialOrder sends in both directions while the session moves.
func TestDialOrder(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		const messages = 500
		done := make(chan struct{})
		w.notes.message = func(s *Session, op websocket.Opcode, data []byte) { s.Send(op, data) }
		at := 0
		n := &notes{message: func(_ *Session, op websocket.Opcode, data []byte) {
			want, kind := fmt.Sprint(at), websocket.OpText
			if at%3 == 0 {
				kind = websocket.OpBinary
			}
			if string(data) != want || op != kind {
				t.Errorf("got %v %q, want %q", op, data, want)
			}
			if at++; at == messages {
				close(done)
			}
		}}
		s := w.dialSession(nil, n)
		for i := range messages {
			op := websocket.OpText
			if i%3 == 0 {
				op = websocket.OpBinary
			}
			if err := s.Send(op, fmt.Append(nil, i)); err != nil {
				t.Error(err)
			}
			if i%50 == 0 {
				time.Sleep(10 * time.Millisecond)
			}
		}
		<-done
		if s.Transport() != WebSocket {
			t.Error("the session has not moved")
		}
		w.shut(s)
	})
}

// TestDialEnds ends a session from the other side, and by faults of this one.
func TestDialEnds(t *testing.T) {
	for _, way := range ways[:3] {
		t.Run(way.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				n := noEcho()
				s := w.dialSession(way.transports, n)
				time.Sleep(200 * time.Millisecond)
				w.session().Send(websocket.OpText, []byte("last words"))
				w.session().Close()
				n.expect(t, "open", "text last words", "close: transport close")
				w.shut(s)
				var closed *CloseError
				if err := s.Send(websocket.OpText, nil); !errors.As(err, &closed) || closed.Reason != TransportClose {
					t.Errorf("Send: %v", err)
				}
				if context.Cause(s.Context()) != error(closed) {
					t.Errorf("the cause of the context is %v", context.Cause(s.Context()))
				}
			})
		})
	}
}

// TestDialAtOnce closes a session before anything has happened on it.
func TestDialAtOnce(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				n := noEcho()
				n.open = func(s *Session) { s.Send(websocket.OpText, []byte("hello")); s.Close() }
				w.shut(w.dialSession(way.transports, n))
				n.expect(t, "open", "close: forced close")
				w.notes.expect(t, "open", "text hello", "close: transport close")
			})
		})
	}
}

// silent is a server that opens sessions and sends nothing more.
func silent(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsUpgrade(r) {
		if r.URL.Query().Get("sid") == "" {
			w.Write([]byte(openPacket))
			return
		}
		<-r.Context().Done()
		return
	}
	c, err := new(websocket.Upgrader).Upgrade(w, r)
	if err != nil {
		return
	}
	c.Write(context.Background(), websocket.OpText, []byte(openPacket))
	c.Read(context.Background())
}

// serveInstead lets something else serve the requests of the world.
func (w *world) serveInstead(h http.Handler) { w.serveBy(&http.Server{Handler: h}) }

// TestDialPingTimeout waits for a ping that does not come: for the interval and the timeout, and no longer.
func TestDialPingTimeout(t *testing.T) {
	for _, way := range ways[:2] {
		t.Run(way.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.serveInstead(http.HandlerFunc(silent))
				n := noEcho()
				s := w.dialSession(way.transports, n)
				time.Sleep(45*time.Second - 1)
				n.expect(t, "open")
				time.Sleep(2 * time.Nanosecond)
				n.expect(t, "close: ping timeout")
				w.shut(s)
			})
		})
	}
}
