package clustertest

// This file holds what is to be true of clusters with connection state recovery.

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exact is a whole number above 2^53 that is a float64, too.
const exact = 9007199254740994

// Drop ends the connection of a client without a word, and waits until its session is saved.
func (c *Cluster) Drop(p *Peer) {
	c.T.Helper()
	p.CloseNow()
	c.awaitSession(p, `"sid"`)
}

// Recovery: a client that comes back, to the same server or another one, gets what it has missed, each event once and in order.
func Recovery(c *Cluster) {
	for _, where := range []string{"same", "other"} {
		c.T.Run(where, func(t *testing.T) {
			one, two := c.Start(Options{}), c.Start(Options{})
			p := missed(c, t, one, two)
			back, elsewhere := one, two
			if where == "other" {
				back, elsewhere = two, one
			}
			q, ok := p.ComeBack(back.URL)
			if !ok {
				t.Fatalf("not recovered: got %d", len(q.Got))
			}
			one.IO.Emit("after")
			two.IO.To("room").Emit("after in room")
			q.WaitForAll(many + 5)
			checkMissed(t, q)
			s := back.IO.Socket(q.ID)
			if s == nil || !s.Recovered() || s.Data() != "mine" || !slices.Equal(s.Rooms(), []string{q.ID, "room"}) {
				t.Errorf("%+v", s)
			}
			p.ComeBack(elsewhere.URL) // as whoever has the secret may
			q.Until("end", func() bool { return q.Ended })
		})
	}
}

// many is how many events of a kind a client misses: more than are read at once.
const many = 2500

// missed returns a client of one that was dropped, and for which both have had events meanwhile, and others that are not for it.
func missed(c *Cluster, t *testing.T, one, two *Member) *Peer {
	p := Connect(t, one.URL, "room", "left")
	one.IO.Socket(p.ID).SetData("mine")
	two.IO.Emit("first")
	p.Expect(`2["first"]`)
	one.IO.To("left").Emit("left")
	one.IO.Socket(p.ID).Leave("left")
	p.Expect(`2["left"]`)
	two.IO.To("left").Emit("not heard")
	c.Drop(p)
	two.IO.To("room").Emit("room", exact, []byte("bytes"))
	two.IO.Except("room").Emit("not heard")
	two.IO.Volatile().Emit("not heard")
	one.IO.To(p.ID).Emit("own")
	one.IO.Of("other").Emit("not heard")
	two.IO.To("left").Emit("not heard")
	for i := range many {
		two.IO.Emit("many", i)
	}
	two.IO.Emit("end of many", "text")
	witness := Connect(t, two.URL)
	two.IO.To(witness.ID).Emit("read") // everything before stands in the stream
	witness.WaitFor(`2["read"]`)
	return p
}

// checkMissed checks what the client of missed has got, and the two events behind.
func checkMissed(t *testing.T, q *Peer) {
	events := slices.DeleteFunc(slices.Clone(q.Got), func(s string) bool { return strings.HasPrefix(s, `2["many"`) })
	slices.Sort(events) // there is no order between servers
	if want := []string{`2["after in room"]`, `2["after"]`, `2["end of many","text"]`, `2["own"]`,
		`51-["room",9007199254740994,{"_placeholder":true,"num":0}] bytes`}; !slices.Equal(events, want) {
		t.Errorf("got %q, want %q", events, want)
	}
	next := 0
	for _, s := range q.Got {
		if s == fmt.Sprintf(`2["many",%d]`, next) {
			next++
		}
	}
	if next != many {
		t.Errorf("%d of many in order", next)
	}
}

// NoRecovery: what is not known any more, or never was, is not recovered.
func NoRecovery(c *Cluster) {
	m := c.Start(Options{MaxLen: 10})
	for _, test := range []struct {
		name  string
		spoil func(p *Peer)
	}{
		{"another pid", func(p *Peer) { p.PID = "x" + p.PID }},
		{"a pid that is none", func(p *Peer) { p.PID = strings.Repeat("x", 1<<10) }},
		{"no place", func(p *Peer) { p.Offset = "x" }},
		{"a place that is none", func(p *Peer) { p.Offset = "1-1" }},
		{"a place to come", func(p *Peer) { p.Offset = "99999999999999-0" }},
		{"a stream that was cut", func(p *Peer) {
			for i := range 1000 {
				m.IO.To("none").Emit("e", i)
			}
			for c.Holds(p.Offset) {
				time.Sleep(time.Millisecond)
			}
		}},
	} {
		c.T.Run(test.name, func(t *testing.T) {
			p := Connect(t, m.URL, "room")
			p.T = t
			m.IO.Emit("first")
			p.Expect(`2["first"]`)
			c.Drop(p)
			m.IO.To(p.ID).Emit("missed")
			was := p.ID
			test.spoil(p)
			q, ok := p.ComeBack(m.URL)
			if ok || q.ID == was || len(q.Got) > 0 {
				t.Errorf("recovered: %q", q.Got)
			}
		})
	}
}

// Flush: what must not be overtaken is not.
func Flush(c *Cluster) {
	t := c.T
	m := c.Start(Options{})
	p, other := Connect(t, m.URL, "room"), Connect(t, m.URL)
	s := m.IO.Socket(p.ID)
	for range 100 {
		m.IO.To("room").Emit("before")
		s.Leave("room")
		m.IO.To("room").Emit("not heard")
		s.Join("room")
		m.IO.To("room").Emit("after")
		p.Expect(`2["before"]`, `2["after"]`)
	}
	m.IO.Emit("last")
	other.Expect(`2["last"]`)
	s.Emit("bye")
	s.Disconnect()
	p.Expect(`2["last"]`, `2["bye"]`, `1`)
	c.Signal(syscall.SIGSTOP)
	other.Forget()
	m.IO.Emit("while the broker is stopped")
	m.IO.Socket(other.ID).Emit("own")
	other.Expect(`2["while the broker is stopped"]`, `2["own"]`)
	c.Signal(syscall.SIGCONT)
}

// BeforeTheFirstEvent: a client comes back that has had no event, also in a namespace that came later than others.
func BeforeTheFirstEvent(c *Cluster) {
	m := c.Start(Options{})
	for _, namespace := range []string{"/", "/later"} {
		c.T.Run(namespace, func(t *testing.T) {
			n := m.IO.Of(namespace)
			p := Connect(t, m.URL) // the server reads the log
			p.CloseNow()
			p = Open(t, m.URL, "0"+namespace+",")
			p.accepted()
			c.Drop(p)
			n.Emit("missed")
			q := Open(t, m.URL, fmt.Sprintf(`0%s,{"pid":%q,"offset":""}`, namespace, p.PID))
			q.accepted()
			if got := q.Heard(); q.ID != p.ID || len(got) != 1 || !strings.Contains(got[0], `["missed"]`) {
				t.Errorf("got %q, recovered %v", got, q.ID == p.ID)
			}
		})
	}
}

// Borrowed: attachments belong to whoever emits them as soon as Emit has returned.
func Borrowed(c *Cluster) {
	one, two := c.Start(Options{}), c.Start(Options{})
	near, far := Connect(c.T, one.URL), Connect(c.T, two.URL)
	for range 100 {
		data := []byte("bytes")
		one.IO.Emit("e", data)
		copy(data, "other")
	}
	for range 100 {
		for _, p := range []*Peer{near, far} {
			p.Expect(`51-["e",{"_placeholder":true,"num":0}] bytes`)
		}
	}
}
