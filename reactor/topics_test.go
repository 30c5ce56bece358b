package reactor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// subscribers returns connections of a simulated loop that have shaken hands.
func (m *sim) subscribers(n int) (fds []int32, conns []*Conn) {
	for range n {
		fd, s := m.connect(nil)
		m.arrive(fd, []byte(request))
		s.out, s.sends = nil, 0
		fds, conns = append(fds, fd), append(conns, m.conn(fd))
	}
	return fds, conns
}

// simServer makes Publish of a server go to a simulated loop.
func (m *sim) simServer() *Server {
	s := m.loop.server
	s.once.Do(func() {})
	s.loops = []*loop{m.loop}
	return s
}

// TestPublish protects who gets what is published: subscribers, once each, in order, until they unsubscribe or end; all but the one that
// publishes itself; and that what is published at once is one send for each.
func TestPublish(t *testing.T) {
	m := newSim(t, &Server{Handler: echo})
	s := m.simServer()
	fds, conns := m.subscribers(4)
	for _, c := range conns {
		c.Subscribe("a")
		c.Subscribe("a")
	}
	conns[1].Subscribe("b")
	for i := range 8 {
		if err := s.Publish("a", websocket.OpText, []byte(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	conns[2].Publish("a", websocket.OpText, []byte("mine"))
	s.Publish("b", websocket.OpText, []byte("b"))
	s.Publish("nobody", websocket.OpText, nil)
	m.settle()
	if s.Subscribers("a") != 4 || s.Subscribers("b") != 1 || s.Subscribers("nobody") != 0 {
		t.Errorf("%d, %d, %d subscribers", s.Subscribers("a"), s.Subscribers("b"), s.Subscribers("nobody"))
	}
	for i, fd := range fds {
		want := []string{}
		for n := range 8 {
			want = append(want, fmt.Sprintf(`text 1 "%d"`, n))
		}
		if i != 2 {
			want = append(want, `text 4 "mine"`)
		}
		if i == 1 {
			want = append(want, `text 1 "b"`)
		}
		if got := received(t, m.socks[fd].out, nil); !slices.Equal(got, want) || m.socks[fd].sends != 1 {
			t.Errorf("subscriber %d got %q in %d sends, want %q in one", i, got, m.socks[fd].sends, want)
		}
		m.socks[fd].out = nil
	}
	conns[0].Unsubscribe("a")
	conns[0].Unsubscribe("never")
	m.end(fds[3])
	conns[3].Subscribe("a") // has ended
	s.Publish("a", websocket.OpText, []byte("last"))
	m.settle()
	for i, want := range []int{0, 1, 1} {
		if got := received(t, m.socks[fds[i]].out, nil); len(got) != want {
			t.Errorf("subscriber %d got %q", i, got)
		}
	}
	for _, fd := range fds[:3] {
		m.end(fd)
	}
	if n := &m.loop.topics; len(n.numbers) != 0 || len(n.unused) != len(n.list) || len(n.spare) != len(n.subs)-1 || s.Subscribers("a") != 0 || len(s.topics.subscribers) != 0 {
		t.Errorf("left: %+v, %v", m.loop.topics, s.topics.subscribers)
	}
	if err := s.Publish("a", websocket.OpText, []byte("\xff")); err == nil {
		t.Error("published text that is not UTF-8")
	}
}

// TestPublishFull protects what becomes of a subscriber that does not read: what waits for it is bounded, and it loses messages, which are
// counted, or the connection; the others lose nothing.
func TestPublishFull(t *testing.T) {
	for _, policy := range []FullPolicy{DropMessage, CloseConn} {
		var errs []*websocket.CloseError
		h := &funcs{open: func(*Conn) {}, message: echo, close: func(_ *Conn, err *websocket.CloseError) { errs = append(errs, err) }}
		m := newSim(t, &Server{Handler: h, WhenFull: policy})
		s := m.simServer()
		fds, conns := m.subscribers(2)
		m.socks[fds[0]].room = 0
		conns[0].Subscribe("a")
		conns[1].Subscribe("a")
		const messages = 200
		for range messages {
			s.Publish("a", websocket.OpBinary, make([]byte, 1000))
			m.settle()
		}
		if got := received(t, m.socks[fds[1]].out, nil); len(got) != messages {
			t.Errorf("the one that reads got %d", len(got))
		}
		if n := conns[0].Buffered(); n > websocket.DefaultWriteBuffer {
			t.Errorf("%d bytes wait", n)
		}
		if policy == DropMessage {
			m.socks[fds[0]].room = -1
			m.happens(fds[0], writable)
			m.settle()
			if got := received(t, m.socks[fds[0]].out, nil); len(got)+int(s.Dropped()) != messages || s.Dropped() == 0 || len(errs) > 0 {
				t.Errorf("%d arrived, %d were dropped, %v", len(got), s.Dropped(), errs)
			}
		} else if len(errs) != 1 || !errors.Is(errs[0], websocket.ErrBackpressure) || !errs[0].Local || !m.socks[fds[0]].closed || s.Dropped() > 0 {
			t.Errorf("%v, closed %v", errs, m.socks[fds[0]].closed)
		}
		for _, fd := range fds {
			if !m.socks[fd].closed {
				m.end(fd)
			}
		}
	}
}

// TestPublishEverywhere protects that publishing reaches connections of all loops and of both pollers, from handlers and from elsewhere, in
// the order in which one goroutine publishes, while others come and go.
func TestPublishEverywhere(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		const conns, messages = 12, 50
		h := &funcs{
			open: func(c *Conn) {
				c.Subscribe("all")
				c.Subscribe("other")
			},
			message: func(c *Conn, _ websocket.Opcode, p []byte) { c.Publish("all", websocket.OpText, p) },
			close:   echo.Close,
		}
		s := &Server{Handler: h, Loops: 3}
		addr := start(t, s, wrap)
		var clients []*websocket.Conn
		for range conns {
			clients = append(clients, dial(t, addr, websocket.Options{}))
		}
		for s.Subscribers("all") < conns {
			exchangeNothing(t, clients[0])
		}
		var all sync.WaitGroup
		all.Go(func() {
			for i := range messages {
				s.Publish("all", websocket.OpText, fmt.Appendf(nil, "s%d", i))
			}
		})
		all.Go(func() {
			for i := range messages {
				clients[0].Write(bounded(t), websocket.OpText, fmt.Appendf(nil, "c%d", i))
			}
		})
		all.Go(func() {
			for range 10 {
				p := meet(t, addr)
				p.Close()
			}
		})
		for i, c := range clients {
			all.Go(func() {
				next := map[byte]int{}
				for next['s'] < messages || next['c'] < messages && i > 0 {
					m, err := c.Read(bounded(t))
					if err != nil {
						t.Errorf("%d: %v after %v", i, err, next)
						return
					}
					if want := fmt.Sprintf("%c%d", m.Data[0], next[m.Data[0]]); string(m.Data) != want || i == 0 && m.Data[0] == 'c' {
						t.Errorf("%d got %q, want %q", i, m.Data, want)
					}
					next[m.Data[0]]++
				}
			})
		}
		all.Wait()
	})
}

// exchangeNothing waits until a server has answered, and so has dealt with something.
func exchangeNothing(t testing.TB, c *websocket.Conn) {
	t.Helper()
	read, cancel := context.WithCancel(bounded(t))
	done := make(chan struct{})
	go func() {
		c.Read(read)
		close(done)
	}()
	if _, err := c.Ping(bounded(t)); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-done
}

// TestTopics protects the numbers that subscriptions are: after any subscribing, unsubscribing and ending, in any order, each topic has the
// members that a map has, and nothing is left of those without any.
func TestTopics(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l := &loop{server: new(Server)}
	want := map[string]map[uint32]bool{}
	for range 20_000 {
		slot, name := uint32(1+r.IntN(20)), fmt.Sprint(r.IntN(10))
		had := want[name][slot]
		switch op := r.IntN(20); {
		case op == 0:
			l.unsubscribeAll(slot)
			for name := range want {
				delete(want[name], slot)
			}
		case op < 11:
			if want[name] == nil {
				want[name] = map[uint32]bool{}
			}
			want[name][slot] = true
			if added := l.topics.add(slot, name); added == had {
				t.Fatalf("added: %v, was there: %v", added, had)
			} else if added {
				l.server.count(name, 1)
			}
		default:
			delete(want[name], slot)
			if removed := l.topics.remove(slot, name); removed != had {
				t.Fatalf("removed: %v, was there: %v", removed, had)
			} else if removed {
				l.server.count(name, -1)
			}
		}
		topics := 0
		for name, members := range want {
			if len(members) > 0 {
				topics++
			}
			got := map[uint32]bool{}
			if n, ok := l.topics.numbers[name]; ok {
				for _, sub := range l.topics.list[n].members {
					got[l.topics.subs[sub].slot] = true
				}
				if len(got) != len(l.topics.list[n].members) {
					t.Fatal("a member twice")
				}
			}
			if !maps.Equal(got, members) || l.server.Subscribers(name) != len(members) {
				t.Fatalf("topic %s has %v and counts %d, want %v", name, got, l.server.Subscribers(name), members)
			}
		}
		if len(l.topics.numbers) != topics {
			t.Fatalf("%d topics, want %d", len(l.topics.numbers), topics)
		}
	}
}

// BenchmarkPublish measures a delivery: eight messages of 100 bytes at once to 200 connections, whose peers are read by the kernel only; and
// beside it what one send for each of eight such messages costs, by the delivery.
func BenchmarkPublish(b *testing.B) {
	const conns, batch = 200, 8
	s := &Server{Loops: 1, Handler: &funcs{open: func(c *Conn) { c.Subscribe("all") }, message: echo, close: echo.Close}}
	addr := start(b, s, func(ln net.Listener) net.Listener { return ln })
	payload := []byte(strings.Repeat("x", 100))
	var drained sync.WaitGroup
	var peers []*peer
	for range conns {
		p := meet(b, addr)
		peers = append(peers, p)
		p.SetDeadline(time.Time{})
	}
	for s.Subscribers("all") < conns {
		runtime.Gosched()
	}
	counts := make(chan int, conns)
	for _, p := range peers {
		drained.Go(func() {
			buf := make([]byte, 64<<10)
			for {
				n, err := p.Read(buf)
				if err != nil {
					return
				}
				counts <- n
			}
		})
	}
	deliver := func() {
		for got := 0; got < conns*batch*(len(payload)+2); {
			got += <-counts
		}
	}
	b.Run("publish", func(b *testing.B) {
		for range b.N/(conns*batch) + 1 {
			for range batch {
				s.Publish("all", websocket.OpBinary, payload)
			}
			deliver()
		}
	})
	b.Run("eight writes to each", func(b *testing.B) {
		for range b.N/(conns*batch) + 1 {
			for _, l := range s.loops {
				for _, c := range l.conns {
					for range batch {
						if c != nil {
							c.Write(context.Background(), websocket.OpBinary, payload)
						}
					}
				}
			}
			deliver()
		}
	})
	for _, p := range peers {
		p.Close()
	}
	drained.Wait()
}
