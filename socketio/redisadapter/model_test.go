package redisadapter

// This file tests random events in clusters of servers of both kinds: each comes once, in order for each sender, to exactly the right sockets.

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

// modelServer is a server of either kind.
type modelServer struct {
	url  string
	emit func(rooms, except []string, args []any)
}

func TestModel(t *testing.T) {
	for _, format := range []string{"pubsub", "sharded", "streams", "recovering"} {
		t.Run(format, func(t *testing.T) { model(t, format, rand.New(rand.NewPCG(14, 1))) })
	}
}

// model has three servers of ours and two of Node, with two clients each.
func model(t *testing.T, format string, random *rand.Rand) {
	b := startBroker(t)
	var servers []modelServer
	for range 3 {
		m := startMember(t, b, format, new(Options))
		servers = append(servers, modelServer{m.URL, func(rooms, except []string, args []any) {
			if err := m.IO.To(rooms...).Except(except...).Emit("e", args...); err != nil {
				t.Error(err)
			}
		}})
	}
	for range 2 {
		n := startNode(t, b, format)
		servers = append(servers, modelServer{n.url, func(rooms, except []string, args []any) {
			for i := range args {
				if bytes, ok := args[i].([]byte); ok {
					args[i] = binary{bytes}
				}
			}
			n.do(order{Do: "emit", Rooms: rooms, Except: except, Args: append([]any{"e"}, args...)})
		}})
	}
	names := []string{"a", "b", "c"}
	var peers []*clustertest.Peer
	var rooms [][]string // of each
	for _, s := range servers {
		for range 2 {
			in := slices.DeleteFunc(slices.Clone(names), func(string) bool { return random.IntN(2) == 0 })
			p := clustertest.Connect(t, s.url, in...)
			peers, rooms = append(peers, p), append(rooms, append(in, p.ID))
		}
	}
	probe(t, servers, peers, rooms, names)
	want := make([][][]string, len(peers)) // by client and sender
	for i := range want {
		want[i] = make([][]string, len(servers))
	}
	total := make([]int, len(peers))
	choose := func(n int) (all []string) {
		for range n {
			if random.IntN(4) == 0 {
				all = append(all, peers[random.IntN(len(peers))].ID)
			} else {
				all = append(all, names[random.IntN(len(names))])
			}
		}
		return all
	}
	for k := range 600 {
		from := random.IntN(len(servers))
		to, except := choose(random.IntN(3)), choose(random.IntN(3)/2)
		args, packet := []any{from, k}, fmt.Sprintf(`2["e",%d,%d]`, from, k)
		if random.IntN(4) == 0 {
			args, packet = append(args, []byte("x")), fmt.Sprintf(`51-["e",%d,%d,{"_placeholder":true,"num":0}] x`, from, k)
		}
		servers[from].emit(to, except, args)
		for i, in := range rooms {
			isIn := func(room string) bool { return slices.Contains(in, room) }
			if (len(to) == 0 || slices.ContainsFunc(to, isIn)) && !slices.ContainsFunc(except, isIn) {
				want[i][from] = append(want[i][from], packet)
				total[i]++
			}
		}
	}
	for i, p := range peers {
		p.Until("events", func() bool { return len(p.Got) >= total[i] })
	}
	for from, s := range servers { // nothing more comes behind
		s.emit(nil, nil, []any{from, "end"})
	}
	for i, p := range peers {
		p.Until("end", func() bool { return len(p.Got) >= total[i]+len(servers) })
		for from := range servers {
			var got []string
			for _, packet := range p.Got {
				var sender int
				if _, err := fmt.Sscanf(packet[slices.Index([]byte(packet), '['):], `["e",%d,`, &sender); err == nil && sender == from {
					got = append(got, packet)
				}
			}
			if all := append(want[i][from], fmt.Sprintf(`2["e",%d,"end"]`, from)); !slices.Equal(got, all) {
				t.Errorf("client %d has got from %d:\n%q\nwant\n%q", i, from, got, all)
			}
		}
	}
}

// probe emits from every server to every room until all members have heard each: Node does not say when it has subscribed.
func probe(t *testing.T, servers []modelServer, peers []*clustertest.Peer, rooms [][]string, names []string) {
	for round := range 1000 {
		for from, s := range servers {
			for _, room := range names {
				s.emit([]string{room}, nil, []any{from, room, round})
			}
			s.emit(nil, nil, []any{from, "", round})
		}
		heard := true
		for i, p := range peers {
			p.Until("end of probes", func() bool {
				for from := range servers {
					if !slices.Contains(p.Got, fmt.Sprintf(`2["e",%d,"",%d]`, from, round)) {
						return false
					}
				}
				return true
			})
			got := p.Heard()
			for from := range servers {
				for _, room := range names {
					isThere := slices.Contains(got, fmt.Sprintf(`2["e",%d,%q,%d]`, from, room, round))
					heard = heard && isThere == slices.Contains(rooms[i], room)
				}
			}
			p.Forget()
		}
		if heard {
			return
		}
	}
	t.Fatal("not everybody hears everybody")
}
