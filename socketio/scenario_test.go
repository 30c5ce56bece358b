package socketio

// This file tests scenarios with an exact outcome.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// TestHandlerBlocks has a handler that blocks for a minute while 5 MiB of events come: all are delivered, in order, and there is no ping
// timeout, though the client's pongs are not read.
func TestHandlerBlocks(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.noteEnds()
		var got []int
		w.io.On2("x", func(_ *Socket, n int, _ string) {
			if n == 0 {
				time.Sleep(time.Minute)
			}
			got = append(got, n)
		})
		p := w.connect()
		go func() {
			for {
				if _, err := p.next(); err != nil {
					return
				}
			}
		}()
		fill := strings.Repeat("x", 1<<10)
		for n := range 5 << 10 {
			p.send(fmt.Sprintf(`2["x",%d,%q]`, n, fill))
		}
		time.Sleep(time.Minute)
		w.noted()
		for n := range got {
			if got[n] != n {
				t.Fatalf("event %d is %d", n, got[n])
			}
		}
		if len(got) != 5<<10 {
			t.Errorf("%d events", len(got))
		}
		p.CloseNow()
		w.noted("transport close")
	})
}

// TestAckBehindEvents has a handler that waits for an acknowledgement which stands behind events: it arrives behind 1.5 MiB, and fails behind
// 3 MiB, and everything is delivered in either case.
func TestAckBehindEvents(t *testing.T) {
	for events, want := range map[int]error{1536: nil, 3 << 10: ErrQueueFull} {
		for _, broadcast := range []bool{false, true} {
			inWorld(t, nil, func(w *world) {
				var got atomic.Int32
				w.io.On("x", func(*Socket, string) { got.Add(1) })
				w.io.On("ask", func(s *Socket, _ struct{}) {
					var err error
					if broadcast {
						_, err = w.io.All().EmitWithAck[int](context.Background(), "q")
					} else {
						_, err = s.EmitWithAck[int](context.Background(), "q")
					}
					if !errors.Is(err, want) {
						t.Errorf("behind %d KiB: %v", events, err)
					}
					w.note("asked")
				})
				p := w.connect()
				p.send(`2["ask"]`)
				p.expect(`20["q"]`)
				event := fmt.Sprintf(`2["x",%q]`, strings.Repeat("x", 1<<10-itemOverhead-len(`["x",""]`))) // counts for 1 KiB
				for range events {
					p.send(event)
				}
				p.send(`30[1]`)
				w.noted("asked")
				if n := got.Load(); int(n) != events {
					t.Errorf("%d events of %d", n, events)
				}
				p.send(`2["ask"]`) // the next works again
				p.expect(`21["q"]`)
				if want == nil {
					p.send(`31[1]`)
				} else {
					w.io.Socket(p.id).forget(1)(answerError(want))
				}
				w.noted("asked")
			})
		}
	}
}

// TestBlockedReaderAsks has a handler that blocks until its connection is not read, and asks only then.
func TestBlockedReaderAsks(t *testing.T) {
	inWorld(t, func(o *Options) { o.MaxQueued = 1 << 10 }, func(w *world) {
		w.io.On("x", func(s *Socket, n int) {
			if n > 0 {
				return
			}
			time.Sleep(time.Second)
			_, err := s.EmitWithAck[int](context.Background(), "q")
			w.note("%v", err)
			_, err = s.EmitWithAck[int](context.Background(), "q")
			w.note("%v", err)
		})
		p := w.connect()
		go func() {
			for n := range 1000 {
				p.send(fmt.Sprintf(`2["x",%d]`, n))
			}
		}()
		time.Sleep(2 * time.Second)
		w.noted(ErrQueueFull.Error(), ErrQueueFull.Error())
	})
}

// TestBlockedReaderEnds has clients that go, or are sent away, while a handler blocks and their connection is not read.
func TestBlockedReaderEnds(t *testing.T) {
	for name, end := range map[string]func(w *world, p *peer){
		"session": func(w *world, p *peer) { w.io.Socket(p.id).Session().Close() },
		"socket":  func(w *world, p *peer) { w.io.Socket(p.id).Close() },
		"server":  func(w *world, p *peer) { go w.io.Shutdown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(o *Options) { o.MaxQueued = 1 << 10 }, func(w *world) {
				open := make(chan struct{})
				w.io.On("x", func(*Socket, int) { <-open })
				p := w.connect()
				quiet := *p
				quiet.t = new(testing.T)
				go func() {
					for n := range 100 {
						quiet.send(fmt.Sprintf(`2["x",%d]`, n))
					}
				}()
				synctest.Wait()
				s := w.io.Socket(p.id)
				end(w, p)
				synctest.Wait()
				if s.Connected() || w.io.engine.Len() != 0 {
					t.Error("it is still there")
				}
				close(open)
				synctest.Wait()
				p.CloseNow()
			})
		})
	}
}

// TestBlockedReaderKeeps: what has come when the session ends is dealt with, that for which there was no room included.
func TestBlockedReaderKeeps(t *testing.T) {
	inWorld(t, func(o *Options) { o.MaxQueued = 1 << 10 }, func(w *world) {
		open := make(chan struct{})
		w.io.On2("x", func(_ *Socket, n int, _ string) {
			<-open
			w.note("%d", n)
		})
		p := w.connect()
		for n := range 3 { // one in the handler, one that waits, and one that does not fit
			p.send(fmt.Sprintf(`2["x",%d,%q]`, n, strings.Repeat("x", 900)))
			synctest.Wait()
		}
		w.io.Socket(p.id).Session().Close()
		synctest.Wait()
		close(open)
		synctest.Wait()
		w.noted("0", "1", "2")
		p.CloseNow()
	})
}

// TestLargeBroadcast sends 5 MB with an attachment to 100 clients that read, on both transports: all get it.
func TestLargeBroadcast(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		const clients = 50
		payload := bytes.Repeat([]byte{1, 2, 3, 4, 5}, 1e6)
		var got, polled atomic.Int32
		var done sync.WaitGroup
		for range clients {
			p := w.connect()
			done.Go(func() {
				if text := p.read(); text != `51-["file","name",{"_placeholder":true,"num":0}]` {
					t.Errorf("got %.100q", text)
				}
				if p.read() == string(payload) {
					got.Add(1)
				}
			})
			q := w.polling()
			w.poll(q, "40")
			done.Go(func() {
				if body := w.poll(q); strings.HasPrefix(body, `451-["file","name",{"_placeholder":true,"num":0}]`+"\x1eb") && len(body) > 6_600_000 {
					polled.Add(1)
				}
			})
		}
		synctest.Wait()
		w.io.Emit("file", "name", payload)
		done.Wait()
		if got.Load() != clients || polled.Load() != clients {
			t.Errorf("%d and %d of %d", got.Load(), polled.Load(), clients)
		}
	})
}

// TestVolatile emits 100 events in one handler to a client that reads: all arrive. For one that does not, at most 64 KiB wait.
func TestVolatile(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.On("go", func(s *Socket, _ struct{}) {
			for n := range 100 {
				s.Volatile().Emit("x", n)
			}
		})
		p, stuck, q := w.connect(), w.connect(), w.polling()
		w.poll(q, "40")
		p.send(`2["go"]`)
		for n := range 100 {
			p.expect(fmt.Sprintf(`2["x",%d]`, n))
		}
		for s := range w.io.Sockets() {
			if s.ID() == p.id {
				continue
			}
			most, fill := 0, strings.Repeat("x", 1000)
			for range 1000 {
				s.Volatile().Emit("x", fill)
				if synctest.Wait(); s.Session().Buffered() > 0 { // one of any size is taken when nothing waits
					s.Volatile().Emit("x", make([]byte, 100_000))
				}
				s.Broadcast().Volatile().Emit("nobody waits for this")
				w.io.To(s.ID()).Volatile().Emit("x", fill)
				most = max(most, s.Session().Buffered())
			}
			if most > 64<<10 || most < 60<<10 {
				t.Errorf("%s: %d bytes wait", s.Session().Transport(), most)
			}
		}
		stuck.CloseNow()
		p.CloseNow()
	})
}

// TestShutdownWithPolls has 100 polls and 100 sockets: open polls are answered at once, and http.Server.Shutdown returns within a second.
func TestShutdownWithPolls(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		var ends, answered atomic.Int32
		w.io.OnDisconnect(func(_ *Socket, r Reason) {
			if r == ServerShuttingDown {
				ends.Add(1)
			}
		})
		for range 100 {
			p := w.connect()
			go func() { // as a client does
				for {
					if _, err := p.next(); err != nil {
						return
					}
				}
			}()
			q := w.polling()
			w.poll(q, "40")
			go func() {
				if body := w.poll(q); body == "1" {
					answered.Add(1)
				}
			}()
		}
		synctest.Wait()
		start := time.Now()
		if err := w.io.Shutdown(w.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if d := time.Since(start); ends.Load() != 200 || answered.Load() != 100 || d > 0 {
			t.Errorf("%d of 200 were told, %d of 100 polls answered, in %v", ends.Load(), answered.Load(), d)
		}
		w.client.CloseIdleConnections()
		if err := w.http.Shutdown(w.Context()); err != nil || time.Since(start) > time.Second {
			t.Error(err, time.Since(start))
		}
	})
}

// TestConnectWithTheUpgrade sends the upgrade and CONNECT in one segment, 1,000 times: none is lost.
func TestConnectWithTheUpgrade(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		var connects atomic.Int32
		w.io.OnConnect(func(*Socket) { connects.Add(1) })
		const request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n" +
			"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
		const connect = "\x81\x82\x00\x00\x00\x0040" // masked with zeros
		var done sync.WaitGroup
		for range 1000 {
			done.Go(func() {
				nc, _ := w.l.dial(context.Background(), "", "")
				defer nc.Close()
				io.WriteString(nc, request+connect)
				var got []byte
				for buf := make([]byte, 4096); !bytes.Contains(got, []byte(`40{"sid":"`)); {
					n, err := nc.Read(buf)
					if got = append(got, buf[:n]...); err != nil {
						t.Errorf("%v: %q", err, got)
						return
					}
				}
			})
		}
		done.Wait()
		if n := connects.Load(); n != 1000 {
			t.Errorf("%d of 1000", n)
		}
	})
}

// TestSlowUpload has an event of 900 kB that comes at 20 kB/s, which takes longer than a ping timeout: it survives.
func TestSlowUpload(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.noteEnds()
		w.io.On("x", func(_ *Socket, text string) { w.note("%d", len(text)) })
		p := w.connect()
		wr, err := p.Writer(w.Context(), websocket.OpText)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(wr, `42["x","`)
		for range 900 {
			time.Sleep(50 * time.Millisecond)
			io.WriteString(wr, strings.Repeat("x", 1000))
		}
		io.WriteString(wr, `"]`)
		if err := wr.Close(); err != nil {
			t.Error(err)
		}
		w.noted("900000")
	})
}

// answerError is an acknowledgement that will not come.
func answerError(err error) adapter.Answer { return adapter.Answer{Err: err} }
