package socketio

// This file tests random conversations against a model: clients on both transports that join, leave, upgrade, go, come back and answer, and
// broadcasts to any choice of them. Each event comes once, in order, to exactly the right sockets.

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

var (
	modelSeed = flag.Uint64("model.seed", 0, "the one conversation to have")
	modelRuns = flag.Int("model.runs", 60, "how many conversations to have")
)

func TestModel(t *testing.T) {
	first, runs := uint64(1), uint64(*modelRuns)
	if *modelSeed != 0 {
		first, runs = *modelSeed, 1
	}
	for seed := first; seed < first+runs && !t.Failed(); seed++ {
		synctest.Test(t, func(t *testing.T) {
			m := &model{T: t, rand: rand.New(rand.NewPCG(seed, 13)), seed: seed}
			m.converse()
		})
	}
}

// model is one conversation.
type model struct {
	*testing.T
	rand    *rand.Rand
	seed    uint64
	w       *world
	recover bool
	clients []*modelClient
	events  int
}

// modelClient is a client, with what it should have got and what it has.
type modelClient struct {
	m      *model
	name   string
	id     string
	pid    string
	rooms  map[string]bool
	away   bool // it has lost its connection, and may come back
	want   []string
	ws     *peer
	query  string // of its polls; empty on WebSocket
	offset string

	mu   sync.Mutex
	got  []string
	over chan struct{} // closed when it reads no more
	stop bool          // it is to upgrade
}

var modelRooms = []string{"r0", "r1", "r2", "r3"}

// converse has a conversation.
func (m *model) converse() {
	o := testOptions()
	m.recover = m.rand.IntN(2) == 0
	if m.recover {
		o.Recovery = &Recovery{}
	}
	m.w = newWorld(m.T, o, nil)
	m.w.io.OnConnect(func(s *Socket) {
		s.On("join", func(room string) { s.Join(room) })
		s.On("leave", func(room string) { s.Leave(room) })
		s.On2("say", func(room, what string) { s.To(room).Emit("said", what, 0) })
		s.Handle("echo", func(v string) (string, error) { return v, nil })
	})
	defer m.w.end()
	for range 2 + m.rand.IntN(4) {
		m.join()
	}
	for range 60 {
		m.step()
		if m.rand.IntN(3) > 0 {
			m.check()
		}
		if m.Failed() {
			break
		}
	}
	m.check()
	for _, c := range m.clients {
		c.cut()
	}
}

// pick returns a client that is there, or nil.
func (m *model) pick() *modelClient {
	c := m.clients[m.rand.IntN(len(m.clients))]
	if c.away {
		return nil
	}
	return c
}

// step does one thing.
func (m *model) step() {
	c := m.pick()
	room := modelRooms[m.rand.IntN(len(modelRooms))]
	m.events++
	what := fmt.Sprintf("e%d", m.events)
	switch n := m.rand.IntN(100); {
	case n < 40:
		m.broadcast(what)
	case c == nil:
		m.comeBack()
	case n < 50:
		m.settle()
		c.send(fmt.Sprintf(`2["join",%q]`, room))
		c.rooms[room] = true
		m.settle()
	case n < 55:
		m.settle()
		c.send(fmt.Sprintf(`2["leave",%q]`, room))
		delete(c.rooms, room)
		m.settle()
	case n < 65:
		m.settle()
		c.send(fmt.Sprintf(`2["say",%q,%q]`, room, what))
		m.expect(func(o *modelClient) bool { return o != c && o.rooms[room] }, fmt.Sprintf(`2["said",%q,0]`, what))
		m.settle()
	case n < 72:
		m.settle()
		c.send(fmt.Sprintf(`25["echo",%q]`, what))
		c.want = append(c.want, fmt.Sprintf(`35[%q]`, what))
		m.settle()
	case n < 79:
		m.w.io.Socket(c.id).Emit("direct", what, 0)
		c.want = append(c.want, fmt.Sprintf(`2["direct",%q,0]`, what))
	case n < 83:
		m.ask(what)
	case n < 87 && c.query != "":
		m.settle()
		m.log("upgrade %s %s", c.name, c.id)
		c.upgrade()
	case n < 92:
		m.settle()
		c.cut()
		m.settle()
		m.log("cut %s %s", c.name, c.id)
		if c.away = m.recover; !c.away {
			m.drop(c)
		}
	case n < 95:
		m.settle()
		c.send("1")
		m.settle()
		c.cut()
		m.drop(c)
	default:
		m.join()
	}
	if len(m.clients) == 0 {
		m.join()
	}
}

// log tells what is done, in a conversation that is repeated.
func (m *model) log(format string, args ...any) {
	if *modelSeed != 0 {
		m.Logf(format, args...)
	}
}

// settle waits until everything is still.
func (m *model) settle() { synctest.Wait() }

// expect notes that clients should get a packet.
func (m *model) expect(who func(*modelClient) bool, packet ...string) {
	for _, c := range m.clients {
		if who(c) {
			c.want = append(c.want, packet...)
		}
	}
}

// broadcast emits an event to a choice of clients.
func (m *model) broadcast(what string) {
	rooms, except := m.names(2), m.names(1)
	b := m.w.io.To(rooms...).Except(except...)
	var from *modelClient
	if from = m.pick(); from != nil && m.rand.IntN(2) == 0 {
		b = m.w.io.Socket(from.id).To(rooms...).Except(except...)
	} else {
		from = nil
	}
	chosen := func(c *modelClient) bool { return c != from && c.chosen(rooms, except) }
	if m.rand.IntN(5) == 0 {
		b.Emit("binary", []byte(what), 0)
		m.expect(chosen, `51-["binary",{"_placeholder":true,"num":0},0]`, what)
		return
	}
	m.log("broadcast %s to %v except %v from %v", what, rooms, except, from != nil)
	b.Emit("event", what, 0)
	m.expect(chosen, fmt.Sprintf(`2["event",%q,0]`, what))
}

// ask has a choice of clients acknowledge an event, or one: an answer comes from exactly those who are meant, and are there.
func (m *model) ask(what string) {
	m.settle()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if c := m.pick(); c != nil && m.rand.IntN(2) == 0 {
		answer, err := m.w.io.Socket(c.id).EmitWithAck[string](ctx, "ask", what, 0)
		if answer != c.name || err != nil {
			m.Errorf("seed %d: %s answers %q, %v", m.seed, c.name, answer, err)
		}
		c.want = append(c.want, "asked "+what)
		return
	}
	rooms, except := m.names(2), m.names(1)
	meant := func(c *modelClient) bool { return !c.away && c.chosen(rooms, except) }
	m.expect(meant, "asked "+what)
	var want []string
	for _, c := range m.clients {
		if meant(c) {
			want = append(want, c.name)
		}
	}
	answers, err := m.w.io.To(rooms...).Except(except...).EmitWithAck[string](ctx, "ask", what, 0)
	slices.Sort(answers)
	slices.Sort(want)
	if !slices.Equal(answers, want) || err != nil {
		m.Errorf("seed %d: to %v except %v: %q answer, want %q, %v", m.seed, rooms, except, answers, want, err)
	}
}

// names returns up to that many rooms, some of which are sockets' own.
func (m *model) names(most int) (all []string) {
	for range m.rand.IntN(most + 1) {
		if m.rand.IntN(4) == 0 {
			all = append(all, m.clients[m.rand.IntN(len(m.clients))].id)
		} else {
			all = append(all, modelRooms[m.rand.IntN(len(modelRooms))])
		}
	}
	return all
}

// chosen reports whether a client is meant.
func (c *modelClient) chosen(rooms, except []string) bool {
	in := func(room string) bool { return room == c.id || c.rooms[room] }
	return (len(rooms) == 0 || slices.ContainsFunc(rooms, in)) && !slices.ContainsFunc(except, in)
}

// check compares what every client has got.
func (m *model) check() {
	m.settle()
	for _, c := range m.clients {
		c.mu.Lock()
		if !c.away && !slices.Equal(c.got, c.want) {
			m.Errorf("seed %d: %s has got %q, want %q", m.seed, c.name, c.got, c.want)
		}
		if !c.away {
			c.got, c.want = nil, nil
		}
		c.mu.Unlock()
	}
}

// join adds a client.
func (m *model) join() {
	m.settle()
	c := &modelClient{m: m, name: fmt.Sprint("client ", m.events), rooms: make(map[string]bool), over: make(chan struct{})}
	if m.rand.IntN(2) == 0 {
		c.ws = m.w.open()
	} else {
		c.query = m.w.polling()
	}
	go c.read()
	c.send("0")
	m.settle()
	c.accepted()
	m.clients = append(m.clients, c)
}

// accepted takes the reply to a packet that asks for the namespace out of what has come.
func (c *modelClient) accepted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.got, func(text string) bool { return strings.HasPrefix(text, "0{") })
	if i < 0 {
		c.m.Fatalf("seed %d: not accepted: %q", c.m.seed, c.got)
	}
	id := c.got[i][len(`0{"sid":"`):][:20]
	if c.id != "" && c.id != id {
		c.m.Fatalf("seed %d: not resumed", c.m.seed)
	}
	if c.id = id; c.m.recover {
		c.pid = c.got[i][len(`0{"sid":"","pid":"`)+20:][:24]
	}
	c.got = slices.Delete(c.got, i, i+1)
}

// drop removes a client from the model.
func (m *model) drop(c *modelClient) {
	m.clients = slices.DeleteFunc(m.clients, func(o *modelClient) bool { return o == c })
}

// comeBack lets a client that is away come back.
func (m *model) comeBack() {
	m.settle()
	for _, c := range m.clients {
		if !c.away {
			continue
		}
		c.away, c.over, c.stop = false, make(chan struct{}), false
		c.ws, c.query = nil, ""
		if m.rand.IntN(2) == 0 {
			c.ws = m.w.open()
		} else {
			c.query = m.w.polling()
		}
		go c.read()
		if c.offset == "" {
			c.send(fmt.Sprintf(`0{"pid":%q}`, c.pid))
		} else {
			c.send(fmt.Sprintf(`0{"pid":%q,"offset":%q}`, c.pid, c.offset))
		}
		m.settle()
		c.accepted()
		m.log("back %s %s", c.name, c.id)
		return
	}
}

// send sends a packet.
func (c *modelClient) send(text string) {
	if c.query == "" {
		c.ws.send(text)
	} else if status, body := c.m.w.do("POST", c.query, "4"+text); status != 200 {
		c.m.Errorf("seed %d: POST: %d %s", c.m.seed, status, body)
	}
}

// take notes a packet that has come, and acknowledges one that asks for that.
func (c *modelClient) take(text string) {
	if id, rest, ok := strings.Cut(text, `["ask","`); ok {
		what, _, _ := strings.Cut(rest, `"`)
		text = "asked " + what
		defer c.send(fmt.Sprintf(`3%s[%q]`, id[1:], c.name))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := strings.LastIndex(text, `,"`); c.m.recover && i > 0 && (text[0] == '2' || text[0] == '5') {
		c.offset = strings.TrimSuffix(text[i+2:], `"]`)
		text = text[:i] + "]"
	}
	c.got = append(c.got, text)
}

// read reads until the end, or until the client is to upgrade.
func (c *modelClient) read() {
	defer close(c.over)
	if c.query == "" {
		c.readWebSocket()
	} else {
		c.poll()
	}
}

func (c *modelClient) readWebSocket() {
	for {
		msg, err := c.ws.next()
		switch {
		case err != nil || string(msg.Data) == "1":
			return
		case msg.Op == websocket.OpBinary:
			c.take(string(msg.Data))
		default:
			c.take(strings.TrimPrefix(string(msg.Data), "4"))
		}
	}
}

func (c *modelClient) poll() {
	for {
		c.mu.Lock()
		stop := c.stop
		c.mu.Unlock()
		if stop {
			return
		}
		resp, err := c.m.w.client.Get(base + "?" + c.query)
		if err != nil {
			return
		}
		body := readAll(resp)
		if resp.StatusCode != 200 {
			return
		}
		for one := range strings.SplitSeq(body, "\x1e") {
			switch one[0] {
			case '1':
				return
			case '2':
				c.m.w.do("POST", c.query, "3")
			case '4':
				c.take(one[1:])
			case 'b':
				c.take(decode64(one[1:]))
			}
		}
	}
}

// upgrade moves a client on polling to WebSocket, amid what is sent to it.
func (c *modelClient) upgrade() {
	d := &websocket.Dialer{DialContext: c.m.w.l.dial}
	conn, _, err := d.Dial(context.Background(), "ws://example.com/socket.io/?"+strings.Replace(c.query, "polling", "websocket", 1))
	if err != nil {
		c.m.Fatal(err)
	}
	ws := &peer{Conn: conn, t: c.m.T}
	c.mu.Lock()
	c.stop = true // the poll that is pending is the last
	c.mu.Unlock()
	ws.Write(context.Background(), websocket.OpText, []byte("2probe"))
	if m, err := conn.Read(context.Background()); err != nil || string(m.Data) != "3probe" {
		c.m.Fatalf("seed %d: probe: %q, %v", c.m.seed, m.Data, err)
	}
	<-c.over
	for range c.m.rand.IntN(3) { // neither the poll nor the new connection takes it
		c.m.events++
		what := fmt.Sprintf("e%d", c.m.events)
		c.m.w.io.Socket(c.id).Emit("direct", what, 0)
		c.want = append(c.want, fmt.Sprintf(`2["direct",%q,0]`, what))
	}
	ws.Write(context.Background(), websocket.OpText, []byte("5"))
	c.ws, c.query, c.over, c.stop = ws, "", make(chan struct{}), false
	go c.read()
	c.m.settle()
}

// cut ends a client's connection.
func (c *modelClient) cut() {
	if c.away {
		return
	}
	if c.query == "" {
		c.ws.CloseNow()
	} else {
		c.m.w.do("POST", c.query, "1")
	}
	<-c.over
	time.Sleep(time.Second) // what is left for its next poll is forgotten
}

func readAll(resp *http.Response) string {
	defer resp.Body.Close()
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := resp.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

func decode64(text string) string {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
