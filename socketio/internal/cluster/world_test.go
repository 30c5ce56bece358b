package cluster

// This file holds what the tests share: servers whose messages are carried in memory, and namespaces without clients of the network.

import (
	"context"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// hub carries messages in memory: every server has a goroutine that receives them in order.
type hub struct {
	mu      sync.Mutex
	ports   map[string]*port
	carried map[Kind]int // messages that were delivered
	always  bool         // everything is MessagePack
	full    error        // what Send returns
}

// port is a Carrier.
type port struct {
	hub   *hub
	node  *Node
	inbox chan []byte
	mute  atomic.Bool // carries nothing
	once  sync.Once
	over  chan struct{}
	ended sync.WaitGroup
}

func newHub() *hub { return &hub{ports: make(map[string]*port), carried: make(map[Kind]int)} }

func (p *port) Send(m *Message) error {
	if p.mute.Load() {
		return nil
	}
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	if p.hub.full != nil {
		return p.hub.full
	}
	b, err := Encode(m, p.hub.always)
	if err != nil {
		return err
	}
	for id, other := range p.hub.ports {
		if m.To == "" || m.To == id {
			select {
			case other.inbox <- b:
				if other != p {
					p.hub.carried[m.Kind]++
				}
			case <-other.over:
			}
		}
	}
	return nil
}

func (p *port) receive() {
	for {
		select {
		case <-p.over:
			return
		case b := <-p.inbox:
			m, err := Decode(b)
			if err != nil {
				panic(err)
			}
			p.node.Receive(m)
		}
	}
}

func (p *port) Servers(context.Context) (int, error) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	return len(p.hub.ports), p.hub.full
}

func (p *port) Gone(_ context.Context, servers []string) ([]string, error) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(servers), func(id string) bool { return p.hub.ports[id] != nil }), p.hub.full
}

func (p *port) RoomOpened(string) {}
func (p *port) RoomClosed(string) {}

func (p *port) Close(context.Context) error {
	p.kill()
	p.ended.Wait()
	return nil
}

// kill lets the server receive nothing more, and be counted no longer.
func (p *port) kill() {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	delete(p.hub.ports, p.node.ID())
	p.once.Do(func() { close(p.over) })
}

// server is a server of a simulation.
type server struct {
	*Node
	ns   *namespace
	port *port
}

// join adds a server with clients.
func (h *hub) join(conf Config, clients ...*client) *server {
	conf.Logger = slog.New(slog.DiscardHandler)
	l := &namespace{clients: make(map[string]*client)}
	for _, c := range clients {
		l.clients[c.id] = c
	}
	n := New(l, conf)
	p := &port{hub: h, node: n, inbox: make(chan []byte, 10_000), over: make(chan struct{})}
	l.name = "/"
	n.Start(p, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ports[n.ID()] = p
		p.ended.Go(p.receive)
	})
	return &server{n, l, p}
}

// counted returns how many messages have been carried, and forgets them.
func (h *hub) counted() map[Kind]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.carried
	h.carried = make(map[Kind]int)
	return was
}

// client is a client. answer is what it acknowledges with; empty means never.
type client struct {
	id     string
	rooms  []string
	answer string
	delay  time.Duration
	got    []string
}

// namespace is an adapter.Local.
type namespace struct {
	name    string
	handler func(p *adapter.Packet, ack func(adapter.Answer))

	mu      sync.Mutex
	clients map[string]*client
}

func (l *namespace) Namespace() string { return l.name }

// chosen returns the clients that are meant. mu is held.
func (l *namespace) chosen(t *adapter.Target) (all []*client) {
	for _, id := range slices.Sorted(maps.Keys(l.clients)) {
		c := l.clients[id]
		in := func(room string) bool { return room == c.id || slices.Contains(c.rooms, room) }
		if (len(t.Rooms) == 0 || slices.ContainsFunc(t.Rooms, in)) && !slices.ContainsFunc(t.Except, in) {
			all = append(all, c)
		}
	}
	return all
}

func (l *namespace) Broadcast(p *adapter.Packet, t *adapter.Target) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.chosen(t) {
		c.got = append(c.got, fmt.Sprintf("%s%s%q", p.Event, p.Args, p.Attachments))
	}
}

func (l *namespace) BroadcastWithAck(p *adapter.Packet, t *adapter.Target, ack func(adapter.Answer)) (int, func()) {
	l.Broadcast(p, t)
	l.mu.Lock()
	defer l.mu.Unlock()
	var timers []*time.Timer
	all := l.chosen(t)
	for _, c := range all {
		a := adapter.Answer{Args: jsontext.Value("[" + c.answer + "]")}
		switch c.answer {
		case "":
			continue
		case "gone":
			a = adapter.Answer{Err: adapter.ErrDisconnected}
		}
		timers = append(timers, time.AfterFunc(c.delay, func() { ack(a) }))
	}
	return len(all), func() {
		for _, t := range timers {
			t.Stop()
		}
	}
}

func (l *namespace) Join(t *adapter.Target, rooms []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.chosen(t) {
		c.rooms = append(c.rooms, rooms...)
	}
}

func (l *namespace) Leave(t *adapter.Target, rooms []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.chosen(t) {
		c.rooms = slices.DeleteFunc(c.rooms, func(r string) bool { return slices.Contains(rooms, r) })
	}
}

func (l *namespace) Disconnect(t *adapter.Target, _ bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.chosen(t) {
		delete(l.clients, c.id)
	}
}

func (l *namespace) Sockets(t *adapter.Target) (all []adapter.Socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.chosen(t) {
		all = append(all, adapter.Socket{ID: c.id, Rooms: append([]string{c.id}, c.rooms...), Data: jsontext.Value(`{"n":9007199254740993}`)})
	}
	return all
}

func (l *namespace) Rooms() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	rooms := make(map[string]bool)
	for _, c := range l.clients {
		for _, r := range c.rooms {
			rooms[r] = true
		}
	}
	return slices.Sorted(maps.Keys(rooms))
}

func (l *namespace) Yield(pid string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, had := l.clients[pid]
	delete(l.clients, pid)
	return had
}

func (l *namespace) ServerSideEmit(p *adapter.Packet, ack func(adapter.Answer)) {
	if l.handler != nil {
		l.handler(p, ack)
	}
}

// got returns what all clients of servers have got, and forgets it.
func gotBy(servers []*server) map[string][]string {
	all := make(map[string][]string)
	for _, s := range servers {
		s.ns.mu.Lock()
		for id, c := range s.ns.clients {
			if c.got != nil {
				all[id] = c.got
			}
			c.got = nil
		}
		s.ns.mu.Unlock()
	}
	return all
}

// event returns an event.
func event(args string, attachments ...[]byte) *adapter.Packet {
	return &adapter.Packet{Event: "e", Args: jsontext.Value(args), Attachments: attachments}
}

// wantError checks which error it is.
func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || (err != nil) != (want != nil) {
		t.Errorf("error %v, want %v", err, want)
	}
}
