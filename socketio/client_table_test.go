package socketio

// This file tests what survives a lost connection: what happens, written as a table, has to be the table in doc.go.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// network is what lies between clients and the server. It can swallow what the clients, or the server, send, and be cut.
type network struct {
	w *world

	mu        sync.Mutex
	swallows  bool // what clients send
	withholds bool // what the server sends
	isDown    bool
	conns     []net.Conn
}

// plug is a connection over it.
type plug struct {
	net.Conn
	n *network
}

func (p *plug) Write(b []byte) (int, error) {
	p.n.mu.Lock()
	swallows := p.n.swallows
	p.n.mu.Unlock()
	if swallows {
		return len(b), nil
	}
	return p.Conn.Write(b)
}

func (p *plug) Read(b []byte) (int, error) {
	for {
		k, err := p.Conn.Read(b)
		p.n.mu.Lock()
		withholds := p.n.withholds
		p.n.mu.Unlock()
		if err != nil || !withholds {
			return k, err
		}
	}
}

func (n *network) dial(ctx context.Context, name, addr string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isDown {
		return nil, errors.New("no network")
	}
	c, err := n.w.l.dial(ctx, name, addr)
	if err == nil {
		n.conns = append(n.conns, c)
		c = &plug{c, n}
	}
	return c, err
}

// swallow swallows what clients send from now on.
func (n *network) swallow() { n.mute(true, false) }

// mute swallows what clients, or the server, send from now on.
func (n *network) mute(clients, server bool) {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.swallows, n.withholds = clients, server
}

// cut ends all connections.
func (n *network) cut() {
	synctest.Wait()
	n.mu.Lock()
	for _, c := range n.conns {
		c.Close()
	}
	n.conns, n.isDown = nil, true
	n.mu.Unlock()
	synctest.Wait()
}

// restore lets connections be made again, and waits until clients have had time for it.
func (n *network) restore() {
	n.mu.Lock()
	n.isDown, n.swallows, n.withholds = false, false, false
	n.mu.Unlock()
	time.Sleep(10 * time.Second)
}

// loss is a server and a client that lose their connection.
type loss struct {
	*world
	*network
	c   *Client
	got []string // by the server, in order
	saw []string // by the client
}

func (l *loss) add(to *[]string, text string) {
	l.world.mu.Lock()
	defer l.world.mu.Unlock()
	*to = append(*to, text)
}

func (l *loss) has(in *[]string, want ...string) bool {
	synctest.Wait()
	l.world.mu.Lock()
	defer l.world.mu.Unlock()
	return fmt.Sprint(*in) == fmt.Sprint(want)
}

// survivors are the rows of the table: whether something survives.
var survivors = []struct {
	what string
	run  func(l *loss) bool
}{
	{"what is registered on the Client", func(l *loss) bool {
		l.cut()
		l.restore()
		l.io.Emit("news", "1")
		return l.has(&l.saw, "1")
	}},
	{"events emitted while disconnected", func(l *loss) bool {
		l.cut()
		l.c.Emit("say", "1")
		l.c.Emit("say", "2")
		l.restore()
		l.c.Emit("say", "3")
		return l.has(&l.got, "1", "2", "3")
	}},
	{"volatile events emitted while disconnected", func(l *loss) bool {
		l.cut()
		l.c.Volatile().Emit("say", "1")
		l.restore()
		return l.has(&l.got, "1")
	}},
	{"EmitWithAck called while disconnected", func(l *loss) bool {
		l.cut()
		done := l.ask()
		l.restore()
		return <-done == nil
	}},
	{"events emitted that the server has not got", func(l *loss) bool {
		l.swallow()
		l.c.Emit("say", "1")
		l.c.Emit("say", "2")
		l.cut()
		l.restore()
		return l.has(&l.got, "1", "2")
	}},
	{"EmitWithAck that waits", func(l *loss) bool {
		l.swallow()
		done := l.ask()
		l.cut()
		l.restore()
		return <-done == nil
	}},
	{"events that have come and wait for handlers", func(l *loss) bool {
		l.c.On("wait", func(struct{}) { time.Sleep(5 * time.Second) })
		l.io.Emit("wait")
		l.io.Emit("news", "1")
		l.cut()
		l.restore()
		return l.has(&l.saw, "1")
	}},
	{"acknowledgements of such events", func(l *loss) bool {
		l.c.Handle("question", func(struct{}) (int, error) { time.Sleep(5 * time.Second); return 1, nil })
		done := make(chan error, 1)
		s := l.io.Socket(l.c.ID())
		go func() {
			_, err := s.EmitWithAck[int](context.Background(), "question")
			done <- err
		}()
		l.cut()
		l.restore()
		return <-done == nil
	}},
	{"events that the server emits meanwhile", func(l *loss) bool {
		l.cut()
		l.io.Emit("news", "1")
		l.io.To("room").Emit("news", "2")
		l.restore()
		l.io.Emit("news", "3")
		return l.has(&l.saw, "1", "2", "3")
	}},
	{"volatile events that the server emits meanwhile", func(l *loss) bool {
		l.cut()
		l.io.Volatile().Emit("news", "1")
		l.restore()
		return l.has(&l.saw, "1")
	}},
	{"the ID, rooms and Data", func(l *loss) bool {
		id := l.c.ID()
		s := l.io.Socket(id)
		s.Join("room")
		s.SetData("data")
		l.cut()
		l.restore()
		now := l.io.Socket(l.c.ID())
		same := l.c.ID() == id && now.In("room") && now.Data() == "data"
		if same != l.c.Recovered() {
			l.Error("recovered, and not the same")
		}
		return same
	}},
	{"Client.Context", func(l *loss) bool {
		l.cut()
		l.restore()
		return l.c.Context().Err() == nil
	}},
}

// ask calls EmitWithAck.
func (l *loss) ask() chan error {
	done := make(chan error, 1)
	go func() {
		_, err := l.c.EmitWithAck[string](context.Background(), "say", "question")
		done <- err
	}()
	synctest.Wait()
	return done
}

// survives runs a row for a column.
func survives(t *testing.T, recovery, retries bool, transport string, run func(l *loss) bool) (ok bool) {
	inWorld(t, func(o *Options) {
		if recovery {
			o.Recovery = &Recovery{}
		}
	}, func(w *world) {
		l := &loss{world: w, network: &network{w: w}}
		w.io.Handle("say", func(_ *Socket, text string) (string, error) { l.add(&l.got, text); return "", nil })
		w.io.OnConnect(func(s *Socket) {
			if !s.Recovered() {
				s.Join("room")
			}
		})
		l.c = w.newClient("", func(o *ClientOptions) {
			o.Transports = ways[transport]
			o.WebSocket.DialContext = l.dial
			if retries {
				o.Retries = 3
			}
		})
		l.c.On("news", func(text string) { l.add(&l.saw, text) })
		w.must(l.c)
		time.Sleep(time.Second)
		ok = run(l)
		l.c.Close()
	})
	return ok
}

// TestSurvival makes the table, on every transport.
func TestSurvival(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	word := map[bool]string{false: "no", true: "yes"}
	for transport := range ways {
		for _, row := range survivors {
			line := fmt.Sprintf("//\t%-48s %-6s %-9s %s", row.what, word[survives(t, false, false, transport, row.run)],
				word[survives(t, true, false, transport, row.run)], word[survives(t, false, true, transport, row.run)])
			if !strings.Contains(string(doc), line+"\n") {
				t.Errorf("%s: doc.go does not say\n%s", transport, line)
			}
		}
	}
}
