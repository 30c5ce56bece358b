package socketio

// This file tests that sessions are kept while their sockets are connected.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// ledger is the adapter in memory as a Keeper, and notes what it is told.
type ledger struct {
	adapter.Store
	w *world

	mu   sync.Mutex
	fail error
}

func (l *ledger) Save(ctx context.Context, s *adapter.Session, keep time.Duration) error {
	l.w.note("save %s %s %v %v", strings.Join(s.Rooms, "+"), s.Data, s.Live, keep)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	return l.Store.Save(ctx, s, keep)
}

func (l *ledger) Forget(context.Context, string) error {
	l.w.note("forget")
	return nil
}

// withLedger has sessions kept by a ledger.
func withLedger(t *testing.T, f func(w *world, l *ledger)) {
	l := new(ledger)
	memory := adapter.Memory(adapter.MemoryOptions{})
	inWorld(t, func(o *Options) {
		o.Recovery = &Recovery{MaxDisconnection: time.Minute, SurviveKill: true}
		o.PingInterval = time.Hour
		o.Adapter = func(local adapter.Local) (adapter.Adapter, error) {
			a, err := memory(local)
			l.Store = a.(adapter.Store)
			return l, err
		}
	}, func(w *world) {
		l.w = w
		f(w, l)
	})
}

// TestKeeps protects when the session of a socket that is connected is saved: once for what changes together, and again before it is forgotten; nothing
// follows its end.
func TestKeeps(t *testing.T) {
	withLedger(t, func(w *world, l *ledger) {
		w.io.OnConnect(func(s *Socket) {
			for i := range 50 {
				s.Join(fmt.Sprint("room", i))
			}
			s.Join("b")
			for i := range 50 {
				s.Leave(fmt.Sprint("room", i))
			}
			s.SetData(1)
		})
		p := w.connect()
		time.Sleep(time.Second)
		w.noted("save b 1 true 1m30s")
		s := w.io.Socket(p.id)
		s.SetData(2)
		time.Sleep(time.Second)
		w.noted("save b 2 true 1m30s")
		s.Leave("none")
		s.Join("b")
		time.Sleep(20 * time.Second)
		w.noted() // nothing has changed
		time.Sleep(time.Minute)
		w.noted("save b 2 true 1m30s", "save b 2 true 1m30s") // half a minute after the last, each
		s.Join("c")
		p.CloseNow()
		time.Sleep(time.Hour)
		w.noted("save b+c 2 false 1m0s")

		q := w.connect()
		q.send("1")
		time.Sleep(time.Hour)
		w.noted("forget")
		r := w.connect()
		time.Sleep(time.Second)
		w.io.Socket(r.id).Disconnect()
		time.Sleep(time.Hour)
		w.noted("save b 1 true 1m30s", "forget")
	})
}

// TestKeepsMany protects that sessions which are old are saved again a thousand a tenth of a second, and not all at once.
func TestKeepsMany(t *testing.T) {
	withLedger(t, func(w *world, l *ledger) {
		for range 1500 {
			w.connect()
		}
		time.Sleep(time.Second)
		w.taken()
		time.Sleep(29*time.Second + 150*time.Millisecond)
		if n := w.taken(); n != 1000 {
			t.Errorf("%d were saved at once", n)
		}
		time.Sleep(200 * time.Millisecond)
		if n := w.taken(); n != 500 {
			t.Errorf("%d were saved behind them", n)
		}
	})
}

// TestKeepsNot protects that a store which does not take a session changes nothing else.
func TestKeepsNot(t *testing.T) {
	withLedger(t, func(w *world, l *ledger) {
		l.fail = errors.New("away")
		p := w.connect()
		w.io.Emit("e")
		p.event(`2["e"]`)
		time.Sleep(time.Minute)
		l.mu.Lock()
		l.fail = nil
		l.mu.Unlock()
		w.taken()
		time.Sleep(time.Minute)
		if w.taken() == 0 {
			t.Error("it is not tried again")
		}
	})
}

// taken waits until everything is still and returns how much was written down since the last call.
func (w *world) taken() int {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.notes)
	w.notes = nil
	return n
}
