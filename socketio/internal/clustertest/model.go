package clustertest

// This file tests random operations of several servers, of whatever kind: each event comes once, in order for each sender, to exactly the right sockets, while
// servers let each other's sockets join rooms and leave them.

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// ModelServer is a server.
type ModelServer struct {
	URL  string
	Emit func(rooms, except []string, args []any)

	// Ask returns what clients of any server acknowledge an event with, and Sockets their identifiers, in any order.
	Ask, Sockets func(rooms, except []string) []string

	// Join and Leave let a socket of any server join a room, or leave it.
	Join, Leave func(id, room string)

	// Follows says that what the server emits after Join and Leave heeds them. Where it does not, that takes a while.
	Follows bool
}

// Model returns the member as a ModelServer.
func (m *Member) Model(t *testing.T) ModelServer {
	return ModelServer{URL: m.URL, Follows: true,
		Emit: func(rooms, except []string, args []any) {
			if err := m.IO.To(rooms...).Except(except...).Emit("e", args...); err != nil {
				t.Error(err)
			}
		},
		Ask: func(rooms, except []string) []string {
			answers, err := m.IO.To(rooms...).Except(except...).EmitWithAck[string](Timed(t, patience), "ask", []byte("x"))
			if err != nil {
				t.Error(err)
			}
			return answers
		},
		Sockets: func(rooms, except []string) (all []string) {
			sockets, err := m.IO.To(rooms...).Except(except...).FetchSockets(Timed(t, patience))
			if err != nil {
				t.Error(err)
			}
			for _, s := range sockets {
				all = append(all, s.ID())
			}
			return all
		},
		Join:  func(id, room string) { m.IO.To(id).SocketsJoin(room) },
		Leave: func(id, room string) { m.IO.To(id).SocketsLeave(room) },
	}
}

// ModelOfOurs is Model with five servers of ours.
func ModelOfOurs(c *Cluster) {
	var servers []ModelServer
	for range 5 {
		servers = append(servers, c.Start(Options{}).Model(c.T))
	}
	Model(c.T, servers, 14)
}

// model is what is known.
type model struct {
	t       *testing.T
	random  *rand.Rand
	servers []ModelServer
	peers   []*Peer
	names   []string
	rooms   [][]string   // of each peer, with its own
	want    [][][]string // packets, by peer and sender
	total   []int        // by peer
	number  int          // of the last event
}

// Model has two clients a server.
func Model(t *testing.T, servers []ModelServer, seed uint64) {
	m := &model{t: t, random: rand.New(rand.NewPCG(seed, 1)), servers: servers, names: []string{"a", "b", "c"}}
	for _, s := range servers {
		for range 2 {
			in := slices.DeleteFunc(slices.Clone(m.names), func(string) bool { return m.random.IntN(2) == 0 })
			p := Connect(t, s.URL, in...)
			p.Acknowledge(fmt.Sprintf(`[%q]`, p.ID))
			m.peers, m.rooms = append(m.peers, p), append(m.rooms, append(in, p.ID))
		}
	}
	for range 6 {
		m.probe()
		for range 100 {
			m.emit(m.random.IntN(len(servers)), m.choose(m.random.IntN(3)), m.choose(m.random.IntN(3)/2))
		}
		m.check() // what others have emitted has come before anything changes
		for from := range servers {
			m.ask(from, m.choose(m.random.IntN(3)), m.choose(m.random.IntN(3)/2))
		}
		m.begin()
		from := m.random.IntN(len(servers))
		for range 4 {
			m.change(from)
		}
		m.check()
	}
}

// begin forgets what has come and what was to come.
func (m *model) begin() {
	m.want, m.total = make([][][]string, len(m.peers)), make([]int, len(m.peers))
	for i, p := range m.peers {
		p.Forget()
		m.want[i] = make([][]string, len(m.servers))
	}
}

// choose chooses rooms, some of which are sockets' own.
func (m *model) choose(n int) (all []string) {
	for range n {
		if m.random.IntN(4) == 0 {
			all = append(all, m.peers[m.random.IntN(len(m.peers))].ID)
		} else {
			all = append(all, m.names[m.random.IntN(len(m.names))])
		}
	}
	return all
}

// emit lets a server emit an event, sometimes with an attachment.
func (m *model) emit(from int, to, except []string) {
	m.number++
	args, packet := []any{from, m.number}, fmt.Sprintf(`2["e",%d,%d]`, from, m.number)
	if m.random.IntN(4) == 0 {
		args, packet = append(args, []byte("x")), fmt.Sprintf(`51-["e",%d,%d,{"_placeholder":true,"num":0}] x`, from, m.number)
	}
	m.servers[from].Emit(to, except, args)
	for i := range m.peers {
		if m.isMeant(i, to, except) {
			m.want[i][from] = append(m.want[i][from], packet)
			m.total[i]++
		}
	}
}

// ask lets a server ask clients, and look for their sockets: those who are meant answer, each once.
func (m *model) ask(from int, to, except []string) {
	m.t.Helper()
	var want []string
	for i, p := range m.peers {
		if m.isMeant(i, to, except) {
			want = append(want, p.ID)
		}
	}
	slices.Sort(want)
	for what, f := range map[string]func(rooms, except []string) []string{"Ask": m.servers[from].Ask, "Sockets": m.servers[from].Sockets} {
		if got := f(to, except); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			m.t.Errorf("%s of %d to %q except %q: %q, want %q", what, from, to, except, got, want)
		}
	}
}

// isMeant reports whether an event is for a client.
func (m *model) isMeant(peer int, to, except []string) bool {
	isIn := func(room string) bool { return slices.Contains(m.rooms[peer], room) }
	return (len(to) == 0 || slices.ContainsFunc(to, isIn)) && !slices.ContainsFunc(except, isIn)
}

// change lets a server put a socket into a room, or take it out, and emit to it.
func (m *model) change(from int) {
	i, room := m.random.IntN(len(m.peers)), m.names[m.random.IntN(len(m.names))]
	s, p := m.servers[from], m.peers[i]
	if at := slices.Index(m.rooms[i], room); at < 0 {
		s.Join(p.ID, room)
		m.rooms[i] = append(m.rooms[i], room)
	} else {
		s.Leave(p.ID, room)
		m.rooms[i] = slices.Delete(m.rooms[i], at, at+1)
	}
	for range 5 {
		if s.Follows {
			m.emit(from, []string{room}, m.choose(m.random.IntN(2)))
		}
	}
}

// check waits for all events, and for marks behind them from every server, and compares.
func (m *model) check() {
	m.t.Helper()
	for i, p := range m.peers {
		p.Until("events", func() bool { return len(p.Got) >= m.total[i] })
	}
	for from, s := range m.servers { // nothing more comes behind
		s.Emit(nil, nil, []any{from, "end"})
	}
	for i, p := range m.peers {
		p.Until("end", func() bool { return len(p.Got) >= m.total[i]+len(m.servers) })
		all := p.Heard()
		for from := range m.servers {
			var got []string
			for _, packet := range all {
				var sender int
				if _, err := fmt.Sscanf(packet[slices.Index([]byte(packet), '['):], `["e",%d,`, &sender); err == nil && sender == from {
					got = append(got, packet)
				}
			}
			if want := append(m.want[i][from], fmt.Sprintf(`2["e",%d,"end"]`, from)); !slices.Equal(got, want) {
				m.t.Errorf("client %d has got from %d:\n%q\nwant\n%q", i, from, got, want)
			}
		}
	}
}

// probe emits from every server to every room until exactly the members have heard each: Node does not say when it has subscribed, nor any server when an order of
// another has been followed.
func (m *model) probe() {
	m.t.Helper()
	m.begin()
	for round := range 1000 {
		if m.probed(round) {
			m.begin()
			return
		}
	}
	m.t.Fatal("not everybody hears everybody")
}

// probed emits once, and reports whether everybody has heard what they should.
func (m *model) probed(round int) bool {
	for from, s := range m.servers {
		for _, room := range m.names {
			s.Emit([]string{room}, nil, []any{from, room, round})
		}
		s.Emit(nil, nil, []any{from, "", round})
	}
	heard := true
	for i, p := range m.peers {
		p.Until("end of probes", func() bool {
			for from := range m.servers {
				if !slices.Contains(p.Got, fmt.Sprintf(`2["e",%d,"",%d]`, from, round)) {
					return false
				}
			}
			return true
		})
		got := p.Heard()
		for from := range m.servers {
			for _, room := range m.names {
				isThere := slices.Contains(got, fmt.Sprintf(`2["e",%d,%q,%d]`, from, room, round))
				heard = heard && isThere == slices.Contains(m.rooms[i], room)
			}
		}
		p.Forget()
	}
	return heard
}
