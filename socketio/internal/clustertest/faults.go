package clustertest

// This file holds what is to be true of a cluster where something fails, or comes in another order.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// BeforeTheBroker: servers that start while there is no broker serve their clients at once, and are one when it is there.
func BeforeTheBroker(c *Cluster) {
	t := c.T
	c.Stop()
	one, two := c.Start(Options{RequestTimeout: time.Second}), c.Start(Options{RequestTimeout: time.Second})
	near, far := Connect(t, one.URL, "room"), Connect(t, two.URL, "room")
	one.IO.To("room").Emit("alone")
	near.Expect(`2["alone"]`)
	c.Broker.Start()
	one.Hears(t, 2)
	two.Hears(t, 2)
	two.IO.Socket(far.ID).Join("new")
	one.IO.To("new").Emit("together")
	far.WaitFor(`2["together"]`)
}

// CutOff: a server whose network is cut goes on alone, the others go on without it, and afterwards they are one.
func CutOff(c *Cluster) {
	t := c.T
	var w Wire
	alone, one, two := c.Start(Options{Wire: &w, RequestTimeout: time.Second}), c.Start(Options{RequestTimeout: time.Second}), c.Start(Options{RequestTimeout: time.Second})
	p, q, r := Connect(t, alone.URL, "room"), Connect(t, one.URL, "room"), Connect(t, two.URL, "room")
	for _, m := range []*Member{alone, one, two} {
		m.Hears(t, 3)
	}
	alone.IO.To("room").Emit("before")
	for _, one := range []*Peer{p, q, r} {
		one.WaitFor(`2["before"]`)
	}
	w.Cut()
	alone.IO.To("room").Emit("alone")
	p.Expect(`2["alone"]`)
	one.IO.To("room").Emit("others")
	q.WaitFor(`2["others"]`)
	r.WaitFor(`2["others"]`)
	if sockets, err := alone.IO.All().FetchSockets(t.Context()); len(sockets) != 1 || err == nil {
		t.Errorf("%d sockets, %v", len(sockets), err)
	}
	w.Mend()
	for _, m := range []*Member{alone, one, two} {
		m.Hears(t, 3)
	}
	alone.IO.To("room").Emit("after")
	for _, p := range []*Peer{p, q, r} {
		p.WaitFor(`2["after"]`)
	}
	one.IO.To("room").Emit("after, too")
	p.WaitFor(`2["after, too"]`)
	if told := alone.Told(); !slices.ContainsFunc(told, func(err error) bool { return errors.Is(err, cluster.ErrLost) }) {
		t.Errorf("told %v", told)
	}
}

// OneWay: a network that carries nothing in one direction keeps nobody waiting. It is noticed, the others go on, and when it carries again, all are one.
func OneWay(c *Cluster) {
	for name, d := range map[string]Direction{"in": In, "out": Out} {
		c.T.Run(name, func(t *testing.T) {
			w := Wire{OneWayed: true}
			alone, one := c.Start(Options{Wire: &w, RequestTimeout: time.Second, Patience: 3 * time.Second}), c.Start(Options{RequestTimeout: time.Second})
			p, q := Connect(t, alone.URL, "room"), Connect(t, one.URL, "room")
			alone.Hears(t, 2)
			one.Hears(t, 2)
			mend := w.Stall(d)
			for i := range 100 {
				alone.IO.To("room").Emit("alone", i)
			}
			p.WaitFor(`2["alone",99]`)
			q.Forget()
			one.IO.Local().Emit("others")
			q.WaitFor(`2["others"]`)
			if sockets, err := alone.IO.All().FetchSockets(t.Context()); len(sockets) != 1 || err == nil {
				t.Errorf("%d sockets, %v", len(sockets), err)
			}
			for late := time.Now().Add(patience); alone.Lost() == nil; time.Sleep(5 * time.Millisecond) {
				alone.IO.To("room").Emit("nobody knows")
				if time.Now().After(late) {
					t.Fatal("it is not noticed")
				}
			}
			mend()
			alone.Hears(t, 2)
			one.Hears(t, 2)
			alone.IO.To("room").Emit("after")
			one.IO.To("room").Emit("after, too")
			for _, r := range []*Peer{p, q} {
				r.Until("events", func() bool { return slices.Contains(r.Got, `2["after"]`) && slices.Contains(r.Got, `2["after, too"]`) })
			}
			p.CloseNow()
			q.CloseNow()
		})
	}
}

// NothingIsMissed: what others emit while a server's network is cut reaches its clients later, in order and each event once.
func NothingIsMissed(c *Cluster) {
	t := c.T
	var w Wire
	alone, one := c.Start(Options{Wire: &w}), c.Start(Options{})
	p := Connect(t, alone.URL, "room")
	alone.Hears(t, 1)
	one.IO.To("room").Emit("e", 0)
	p.Expect(`2["e",0]`)
	w.Cut()
	for i := range 500 {
		one.IO.To("room").Emit("e", i+1)
	}
	alone.IO.Emit("alone")
	p.WaitFor(`2["alone"]`)
	w.Mend()
	for i := range 500 {
		p.Expect(fmt.Sprintf(`2["e",%d]`, i+1))
	}
}

// CloseWithoutBroker: without a broker, an adapter ends at once, and says what has not left.
func CloseWithoutBroker(c *Cluster) {
	t := c.T
	m := c.Start(Options{})
	m.Hears(t, 0)
	c.Stop()
	for m.Lost() == nil {
		m.IO.Emit("e") // until it is noticed
		time.Sleep(time.Millisecond)
	}
	m.IO.Emit("e")
	began := time.Now()
	m.Main.Close(context.Background())
	if took := time.Since(began); took > patience/2 { // pauses between attempts are at most 2 s, and attempts fail at once
		t.Errorf("it took %v", took)
	}
	if !slices.ContainsFunc(m.Told(), func(err error) bool { _, ok := errors.AsType[*cluster.DroppedError](err); return ok }) {
		t.Error("nobody is told what has not left")
	}
}

// Lost returns the error that the connection is lost, or nil. It is not forgotten.
func (m *Member) Lost() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.errors, func(err error) bool { return errors.Is(err, cluster.ErrLost) })
	if i < 0 {
		return nil
	}
	return m.errors[i]
}

// CloseInTheMiddle: an adapter that is closed while others use it returns from everything, and does so again.
func CloseInTheMiddle(c *Cluster) {
	t := c.T
	m, other := c.Start(Options{}), c.Start(Options{})
	p := Connect(t, m.URL, "room")
	other.Hears(t, 1)
	m.Hears(t, 1)
	over := make(chan error, 4)
	for i := range 3 {
		go func() {
			for {
				var err error
				switch i {
				case 0:
					err = m.IO.To("room").Emit("e")
				case 1:
					_, err = m.IO.All().FetchSockets(context.Background())
				case 2:
					m.IO.Socket(p.ID).Join("another")
					m.IO.Socket(p.ID).Leave("another")
					err = m.IO.All().SocketsJoin("all")
				}
				if err != nil {
					over <- err
					return
				}
			}
		}()
	}
	p.Until("events", func() bool { return len(p.Got) > 100 })
	for range 2 {
		if err := m.Main.Close(Timed(t, patience)); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for range 3 {
		if err := <-over; !errors.Is(err, cluster.ErrClosed) {
			t.Errorf("error %v", err)
		}
	}
	m.IO.Socket(p.ID).Join("late") // does not wait for what will not come
}

// ShutDown: a client of a server that shuts down comes back to another one.
func ShutDown(c *Cluster) {
	t := c.T
	one, two := c.Start(Options{}), c.Start(Options{})
	p := Connect(t, one.URL, "room")
	two.IO.Emit("first")
	p.Expect(`2["first"]`)
	if err := one.IO.Shutdown(Timed(t, patience)); err != nil {
		t.Error(err)
	}
	two.IO.To("room").Emit("missed")
	if q, ok := p.ComeBack(two.URL); !ok || !slices.Equal(q.Heard(), []string{`2["missed"]`}) {
		t.Errorf("recovered %v: %q", ok, q.Heard())
	}
}
