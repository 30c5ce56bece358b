package engineio

// This file tests Queue and Flush.

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket"
)

// counting is a connection that counts its writes.
type counting struct {
	net.Conn
	writes *atomic.Int32
}

func (c counting) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// TestQueue protects that what is queued leaves together at the next Flush, or with the next that is sent, in order; that whoever is first is told;
// and that not much is kept.
func TestQueue(t *testing.T) {
	row, err := Prepare(websocket.Message{Op: websocket.OpText, Data: []byte("row")}, websocket.Message{Op: websocket.OpBinary, Data: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat("x", maxLazy)
	queue := func(s *Session, text string, want bool) {
		t.Helper()
		if first, err := s.Queue(websocket.OpText, []byte(text)); first != want || err != nil {
			t.Errorf("first: %v, %v", first, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var writes atomic.Int32
		w := newWorld(t, testOptions(), func(c net.Conn) net.Conn { return counting{c, &writes} })
		defer w.end()
		p, _ := w.websocket()
		s := w.session()
		wrote := func(want int32) {
			t.Helper()
			synctest.Wait()
			if n := writes.Swap(0); n != want {
				t.Errorf("%d writes, want %d", n, want)
			}
		}
		synctest.Wait()
		writes.Store(0)
		queue(s, "one", true)
		if first, err := s.QueuePrepared(row); first || err != nil {
			t.Error(first, err)
		}
		queue(s, "two", false)
		wrote(0)
		s.Flush()
		s.Flush()
		p.expect("4one", "4row", "\x01", "4two")
		wrote(1)
		queue(s, "three", true)
		s.Send(websocket.OpText, []byte("four"))
		p.expect("4three", "4four")
		wrote(1)
		queue(s, "five", true)
		queue(s, large, false)
		p.expect("4five", "4"+large)
		wrote(1)
		release := s.Hold()
		queue(s, "six", false)
		s.Flush()
		wrote(0)
		release()
		p.expect("4six")
		p.CloseNow()
		synctest.Wait()
		if first, err := s.Queue(websocket.OpText, nil); first || err != s.Err() {
			t.Error(first, err)
		}
	})
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		s, poll := w.session(), w.later("GET", q, "")
		queue(s, "one", true)
		s.QueuePrepared(row)
		queue(s, "two", false)
		synctest.Wait()
		if len(poll) != 0 {
			t.Error("answered before Flush")
		}
		s.Flush()
		w.got(<-poll, 200, "4one\x1e4row\x1ebAQ==\x1e4two")
		poll = w.later("GET", q, "")
		queue(s, large, false)
		w.got(<-poll, 200, "4"+large)
		queue(s, "three", true)
		p := w.probe(q)
		p.send("5")
		p.expect("4three") // it moves with the session
		s.Flush()
		p.CloseNow()
	})
}

// TestQueueIsNoBackpressure protects that a client that reads is not closed because of what is queued and has not been sent yet.
func TestQueueIsNoBackpressure(t *testing.T) {
	o := testOptions()
	o.WriteBuffer = 4 << 10
	inWorld(t, o, func(w *world) {
		p, _ := w.websocket()
		s := w.session()
		got := make(chan int, 99)
		go func() {
			for m, err := range p.Messages(context.Background()) {
				if err != nil {
					return
				}
				got <- len(m.Data)
			}
		}()
		large, err := Prepare(websocket.Message{Op: websocket.OpBinary, Data: make([]byte, 9<<10)})
		if err != nil {
			t.Fatal(err)
		}
		for _, send := range []func() error{
			func() error { return s.Send(websocket.OpBinary, make([]byte, 9<<10)) },
			func() error { return s.SendPrepared(large) },
			func() error { _, err := s.Queue(websocket.OpBinary, make([]byte, 9<<10)); return err },
		} {
			synctest.Wait()
			if _, err := s.Queue(websocket.OpText, []byte("small")); err != nil {
				t.Error(err)
			}
			if err := send(); err != nil {
				t.Error(err)
			}
			if small, size := <-got, <-got; small != 6 || size != 9<<10 {
				t.Error(small, size)
			}
		}
		p.CloseNow()
	})
}
