package adapter

// This file tests Gather, and what Memory keeps, by themselves. Package socketio tests them with sockets.

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a Local that writes down what it is told.
type fake struct {
	Local
	got     []string
	clients int
	ack     func(Answer)
	early   int // answers that come before their number is known
	late    int // those that come afterwards
	done    chan struct{}
	cancels int
}

func (f *fake) Broadcast(p *Packet, _ *Target) { f.got = append(f.got, p.Event+" "+p.Offset) }

func (f *fake) BroadcastWithAck(_ *Packet, _ *Target, ack func(Answer)) (int, func()) {
	f.ack = ack
	for range f.early {
		ack(Answer{})
	}
	go func() {
		defer close(f.done)
		time.Sleep(time.Millisecond)
		for range f.late {
			ack(Answer{})
		}
	}()
	return f.clients, func() { f.cancels++ }
}

func TestGather(t *testing.T) {
	for _, one := range []struct{ clients, early, late int }{{0, 0, 0}, {1, 1, 0}, {3, 3, 0}, {3, 1, 2}, {3, 0, 3}, {3, 1, 1}, {2, 0, 0}} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{clients: one.clients, early: one.early, late: one.late, done: make(chan struct{})}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			answers := 0
			err := Gather(ctx, f, &Packet{}, &Target{}, func(Answer) { answers++ })
			all := one.early+one.late == one.clients
			if answers != one.early+one.late || (err == nil) != all || !all && !errors.Is(err, context.DeadlineExceeded) || f.cancels != 1 {
				t.Errorf("%+v: %d answers, %v", one, answers, err)
			}
			<-f.done
			if f.ack(Answer{}); answers != one.early+one.late {
				t.Errorf("%+v: an answer after the end", one)
			}
		})
	}
}

func TestMemoryKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := new(fake)
		a, _ := Memory(MemoryOptions{Keep: time.Minute, MaxBytes: 1900})(f)
		m := a.(Store)
		emit := func(event string, size int, target Target) {
			m.Broadcast(t.Context(), &Packet{Event: event, Args: make([]byte, size)}, &target)
		}
		take := func(pid, offset string) (got string) {
			m.Take(t.Context(), pid, offset, func(s *Session, missed []*Packet, position string) {
				got = position
				if s != nil {
					got += " " + s.SID
				}
				for _, p := range missed {
					got += " " + p.Event
				}
			})
			return got
		}
		save := func(pid string) {
			m.Save(t.Context(), &Session{SID: "s", PID: pid, Since: "0", Memberships: []Membership{{"r", "1", "3"}, {"r", "4", ""}}}, time.Minute)
		}
		emit("1", 10, Target{})
		for range 4 { // 2 to 5: the socket is not in r for the fourth
			emit("r", 10, Target{Rooms: []string{"r"}})
		}
		emit("x", 10, Target{Except: []string{"r", "s"}})
		emit("own", 10, Target{Rooms: []string{"s", "q"}})
		emit("volatile", 10, Target{Volatile: true})
		save("p")
		if got := take("p", ""); got != "8 s 1 r r r own" {
			t.Error(got)
		}
		if got := take("p", ""); got != "8" { // once
			t.Error(got)
		}
		for offset, want := range map[string]string{"3": "8 s r own", "8": "8 s", "9": "8", "z": "8", "01": "8", "-1": "8", "": "8 s 1 r r r own"} {
			save("p")
			if got := take("p", offset); got != want {
				t.Errorf("%q: %s", offset, got)
			}
		}
		emit("large", 500, Target{}) // drops 1 to 3, each 266
		save("p")
		if got := take("p", "2"); got != "9" {
			t.Error(got)
		}
		save("p")
		if got := take("p", "4"); got != "9 s r own large" {
			t.Error(got)
		}
		save("p")
		time.Sleep(2 * time.Minute)
		if got := take("p", "8"); got != "9" {
			t.Error(got)
		}
		emit("new", 1, Target{}) // what is too old goes
		save("p")
		if got := take("p", "9"); got != "a s new" {
			t.Error(got)
		}
		if n, err := m.Servers(t.Context()); n != 1 || err != nil {
			t.Error(n, err)
		}
		m.Close(t.Context())
		if got := fmt.Sprint(f.got); got != "[1 1 r 2 r 3 r 4 r 5 x 6 own 7 volatile 8 large 9 new a]" {
			t.Error(got)
		}
	})
}
