package clustertest

// This file holds what is to be true where a server is killed, and says goodbye to nobody, or where a client comes back before anybody has noticed that its
// connection is lost.

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// Killed: a server that is killed is noticed while others wait for its clients, and its sockets are not among those of the others, who go on.
func Killed(c *Cluster) {
	t := c.T
	one, two := c.Start(Options{Heartbeat: Beat}), c.Start(Options{Heartbeat: Beat})
	v := c.Spawn()
	p, q := Connect(t, one.URL, "room"), Connect(t, v.URL, "room")
	one.Hears(t, 2)
	two.Hears(t, 2)
	p.Acknowledge(`["here"]`)
	answered := make(chan error)
	go func() {
		answers, err := one.IO.All().EmitWithAck[string](Timed(t, patience), "ask")
		if !slices.Equal(answers, []string{"here"}) {
			t.Errorf("answers %q", answers)
		}
		answered <- err
	}()
	q.Until("question", func() bool { return len(q.Got) > 0 }) // which it does not answer
	v.Stop()
	if err := <-answered; !errors.Is(err, cluster.ErrServerLost) {
		t.Errorf("error %v", err)
	}
	one.Hears(t, 1)
	two.Hears(t, 1)
	one.Await(t, 2)
	two.Await(t, 2)
	p.Forget()
	two.IO.To("room").Emit("e")
	p.Expect(`2["e"]`)
}

// awaitSession waits until a session is kept that has something.
func (c *Cluster) awaitSession(p *Peer, has string) {
	c.T.Helper()
	for late := time.Now().Add(patience); !strings.Contains(c.Session(p.PID), has); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			c.T.Fatalf("the session has no %s: %q", has, c.Session(p.PID))
		}
	}
}

// SurvivesKill: a client of a server that is killed comes back to another one, and has missed nothing. One that has said goodbye does not.
func SurvivesKill(c *Cluster) {
	t := c.T
	v := c.Spawn()
	one := c.Start(Options{Heartbeat: Beat})
	p, gone := Connect(t, v.URL, "room"), Connect(t, v.URL)
	one.Hears(t, 2)
	one.IO.To("room").Emit("seen")
	p.Expect(`2["seen"]`)
	c.awaitSession(p, `"room":"room"`)
	c.awaitSession(gone, `"sid"`)
	gone.send("1")
	for late := time.Now().Add(patience); c.Session(gone.PID) != ""; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("the session of a client that has said goodbye is kept")
		}
	}
	one.IO.To("room").Emit("missed", 1)
	v.Stop()
	p.Until("end", func() bool { return p.Ended })
	one.IO.To("room").Emit("missed", 2)
	one.IO.To("other").Emit("not heard")
	q, ok := p.ComeBack(one.URL)
	one.IO.To("room").Emit("after")
	if !ok {
		t.Fatalf("not recovered: %q", q.Heard())
	}
	// What the server that was killed had given to the connection may have come, or not.
	was := slices.Contains(p.Heard(), `2["missed",1]`)
	if !was {
		q.Expect(`2["missed",1]`)
	}
	q.Expect(`2["missed",2]`, `2["after"]`)
	if s := one.IO.Socket(q.ID); s == nil || !s.Recovered() || !slices.Equal(s.Rooms(), []string{q.ID, "room"}) {
		t.Errorf("%+v", s)
	}
}

// Elsewhere: a client that comes back to another server, while the old one thinks that its connection is good, is recovered, and that connection ends. It is so
// often as it does.
func Elsewhere(c *Cluster) {
	t := c.T
	v := c.Spawn() // saves sessions before their end
	one, two := c.Start(Options{}), c.Start(Options{})
	p := Connect(t, one.URL, "room")
	urls := []string{two.URL, v.URL, one.URL, v.URL, two.URL, one.URL}
	one.Hears(t, 1)
	for i, url := range urls {
		two.IO.To("room").Emit("e", i)
		q, ok := p.ComeBack(url)
		if !ok {
			t.Fatalf("%d: not recovered", i)
		}
		p.Until("end", func() bool { return p.Ended })
		one.IO.To("room").Emit("after", i)
		q.WaitFor(fmt.Sprintf(`2["after",%d]`, i))
		one.Hears(t, 1)
		p = q
	}
}
