package redisadapter

// This file tests servers of ours and official ones in Node as one cluster, in both directions.

import (
	"bufio"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

// nodeServer is an official server.
type nodeServer struct {
	t   *testing.T
	url string
	in  io.WriteCloser
	out *bufio.Reader
}

// startNode starts one, which ends with the test.
func startNode(t *testing.T, b *broker, format string) *nodeServer {
	t.Helper()
	cmd := exec.Command("node", "node/server.js", format, b.socket)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal("Node is needed, and npm ci in the folder node: ", err)
	}
	t.Cleanup(func() {
		in.Close()
		timer := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		defer timer.Stop()
		cmd.Wait()
		if complaints.Len() > 0 {
			t.Log(complaints.String())
		}
	})
	n := &nodeServer{t: t, in: in, out: bufio.NewReader(out)}
	port, err := n.out.ReadString('\n')
	if err != nil {
		t.Fatalf("Node does not start: %v: %s", err, complaints.String())
	}
	n.url = "http://127.0.0.1:" + strings.TrimSpace(port)
	return n
}

// order is what a server is to do.
type order struct {
	Do       string   `json:"do"`
	Rooms    []string `json:"rooms,omitempty"`
	Except   []string `json:"except,omitempty"`
	Volatile bool     `json:"volatile,omitempty"`
	Args     any      `json:"args,omitempty"`
}

// binary is how binary travels in orders.
type binary struct {
	Base64 []byte `json:"$"`
}

// do gives an order and returns what it results in.
func (n *nodeServer) do(o order) string {
	n.t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.in.Write(append(b, '\n')); err != nil {
		n.t.Fatal(err)
	}
	line, err := n.out.ReadBytes('\n')
	if err != nil {
		n.t.Fatal(err)
	}
	var answer struct {
		Value jsontext.Value
		Error string
	}
	if err := json.Unmarshal(line, &answer, json.MatchCaseInsensitiveNames(true)); err != nil || answer.Error != "" {
		n.t.Errorf("%s: %s, %v", o.Do, line, err)
	}
	return string(answer.Value)
}

// nodeFormats are the adapters of Node, and ours for each.
var nodeFormats = map[string]string{"pubsub": "pubsub", "specific": "pubsub", "sharded": "sharded", "streams": "streams", "recovering": "recovering"}

// eachNode runs a test with every format that we have: one server of ours and one of Node, each with a client in "room".
func eachNode(t *testing.T, f func(t *testing.T, c *mixed)) {
	for format, ours := range nodeFormats {
		if makers[ours] == nil {
			continue
		}
		t.Run(format, func(t *testing.T) {
			b := startBroker(t)
			c := &mixed{b: b, node: startNode(t, b, format), goes: startMember(t, b, ours, &Options{ResponseChannel: format == "specific"})}
			c.onGo, c.onNode = clustertest.Connect(t, c.goes.URL, "room"), clustertest.Connect(t, c.node.url, "room")
			for n := 0; n != 2; n, _ = c.goes.Main.Servers(t.Context()) {
			}
			f(t, c)
			if told := c.goes.Told(); told != nil {
				t.Errorf("errors %v", told)
			}
		})
	}
}

// mixed is a cluster of one server of each kind.
type mixed struct {
	b            *broker
	node         *nodeServer
	goes         *clustertest.Member
	onGo, onNode *clustertest.Peer
}

// drop ends the connection of a client without a word, and waits until its session is saved.
func (c *mixed) drop(p *clustertest.Peer) { (&clustertest.Cluster{T: p.T, Broker: c.b}).Drop(p) }

// exact is a whole number above 2^53 that is a float64, too.
const exact = 9007199254740994

func TestGoToNode(t *testing.T) {
	eachNode(t, func(t *testing.T, c *mixed) {
		io, ctx := c.goes.IO, clustertest.Timed(t, 20*time.Second)
		both := func(want ...string) {
			t.Helper()
			c.onGo.Expect(want...)
			c.onNode.Expect(want...)
		}
		io.Emit("all", exact, map[string]any{"a": []int{1}}, "é", nil)
		both(`2["all",9007199254740994,{"a":[1]},"é",null]`)
		io.To("room").Emit("room", exact, []byte("bytes"))
		both(`51-["room",9007199254740994,{"_placeholder":true,"num":0}] bytes`)
		io.To("room", "none").Except(c.onGo.ID).Emit("node only")
		c.onNode.Expect(`2["node only"]`)
		io.To(c.onNode.ID).Volatile().Emit("own")
		c.onNode.Expect(`2["own"]`)
		io.Local().Emit("local")
		c.onGo.Expect(`2["local"]`)

		c.onGo.Acknowledge(`[1]`)
		c.onNode.Acknowledge(`[9007199254740994]`)
		answers, err := io.To("room").EmitWithAck[int](ctx, "ask", []byte("b"))
		if slices.Sort(answers); !slices.Equal(answers, []int{1, exact}) || err != nil {
			t.Errorf("answers %v, %v", answers, err)
		}
		c.onNode.Until("question", func() bool {
			return len(c.onNode.Got) == 1 && strings.HasSuffix(c.onNode.Got[0], `["ask",{"_placeholder":true,"num":0}] b`)
		})
		c.onNode.Got = nil

		sockets, err := io.All().FetchSockets(ctx)
		i := slices.IndexFunc(sockets, func(s socketio.RemoteSocket) bool { return s.ID() == c.onNode.ID })
		if err != nil || len(sockets) != 2 || i < 0 {
			t.Fatalf("%d sockets, %v", len(sockets), err)
		}
		if s := sockets[i]; string(s.Data) != `{"from":"node","n":9007199254740994}` || !slices.Equal(s.Rooms, []string{s.ID(), "room"}) ||
			s.Handshake.Query["EIO"] != "4" || s.Handshake.Headers["upgrade"] != "websocket" || s.Handshake.Issued == 0 {
			t.Errorf("%+v", s)
		}
		io.To(c.onNode.ID).SocketsJoin("new")
		for len(sockets) != 1 { // Node subscribes to the room behind the order
			sockets, _ = io.To("new").FetchSockets(ctx)
		}
		io.To("new").Emit("new")
		c.onNode.Expect(`2["new"]`)
		io.To("new").SocketsLeave("new")
		io.To("new").Emit("not heard")
		io.Emit("left")
		c.onNode.Expect(`2["left"]`)

		sums, err := io.ServerSideEmitWithAck[int](ctx, "sum", exact)
		if !slices.Equal(sums, []int{exact + 2}) || err != nil {
			t.Errorf("answers %v, %v", sums, err)
		}
		io.ServerSideEmit(ctx, "hello", exact, []byte("bin"))
		heard := ""
		for ; heard == "" || heard == "[]"; heard = c.node.do(order{Do: "heard"}) {
		}
		if heard != `[[9007199254740994,{"$":"Ymlu"}]]` {
			t.Errorf("heard %s", heard)
		}
		io.To(c.onNode.ID).DisconnectSockets(true)
		c.onNode.Until("end", func() bool { return c.onNode.Ended })
	})
}

func TestNodeToGo(t *testing.T) {
	eachNode(t, func(t *testing.T, c *mixed) {
		both := func(want ...string) {
			t.Helper()
			c.onGo.Expect(want...)
			c.onNode.Expect(want...)
		}
		bytes := binary{[]byte("bytes")}
		c.node.do(order{Do: "emit", Args: []any{"all", exact, map[string]any{"a": []int{1}}, "é", nil, 1.5, true}})
		both(`2["all",9007199254740994,{"a":[1]},"é",null,1.5,true]`)
		c.node.do(order{Do: "emit", Rooms: []string{"room"}, Args: []any{"room", exact, bytes}})
		both(`51-["room",9007199254740994,{"_placeholder":true,"num":0}] bytes`)
		c.node.do(order{Do: "emit", Rooms: []string{"room", "none"}, Except: []string{c.onNode.ID}, Args: []any{"go only"}})
		c.onGo.Expect(`2["go only"]`)
		c.node.do(order{Do: "emit", Rooms: []string{c.onGo.ID}, Volatile: true, Args: []any{"own"}})
		c.onGo.Expect(`2["own"]`)

		c.onGo.Acknowledge(`[9007199254740994]`)
		c.onNode.Acknowledge(`[1]`)
		if got := c.node.do(order{Do: "ask", Rooms: []string{"room"}, Args: []any{"ask", bytes}}); got != `[9007199254740994,1]` && got != `[1,9007199254740994]` {
			t.Errorf("answers %s", got)
		}
		c.onGo.Until("question", func() bool {
			return len(c.onGo.Got) == 1 && strings.HasSuffix(c.onGo.Got[0], `["ask",{"_placeholder":true,"num":0}] bytes`)
		})
		c.onGo.Got = nil

		c.goes.IO.Socket(c.onGo.ID).SetData(map[string]any{"n": int64(exact)})
		var sockets []struct {
			ID        string
			Rooms     []string
			Data      jsontext.Value
			Handshake struct {
				Headers map[string]string
				Query   map[string]string
				Issued  int64
				Auth    jsontext.Value
			}
		}
		if err := json.Unmarshal([]byte(c.node.do(order{Do: "sockets"})), &sockets, json.MatchCaseInsensitiveNames(true)); err != nil || len(sockets) != 2 {
			t.Fatalf("%v %v", sockets, err)
		}
		for _, s := range sockets {
			if s.ID == c.onGo.ID && (string(s.Data) != `{"n":9007199254740994}` || !slices.Equal(s.Rooms, []string{s.ID, "room"}) ||
				s.Handshake.Query["EIO"] != "4" || s.Handshake.Headers["upgrade"] != "websocket" || s.Handshake.Issued == 0 || string(s.Handshake.Auth) != "{}") {
				t.Errorf("%+v", s)
			}
		}
		c.node.do(order{Do: "join", Rooms: []string{c.onGo.ID}, Args: []string{"new"}})
		s := c.goes.IO.Socket(c.onGo.ID)
		for !s.In("new") {
			time.Sleep(time.Millisecond)
		}
		c.goes.Main.(adapter.Waiter).Await(t.Context(), "new") // Node has no way to know
		c.node.do(order{Do: "emit", Rooms: []string{"new"}, Args: []any{"new"}})
		c.onGo.Expect(`2["new"]`)
		if strings.HasSuffix(t.Name(), "pubsub") {
			if got := c.node.do(order{Do: "allRooms"}); !strings.Contains(got, `"new"`) || !strings.Contains(got, c.onGo.ID) {
				t.Errorf("rooms %s", got)
			}
		}
		c.node.do(order{Do: "leave", Rooms: []string{"new"}, Args: []string{"new"}})
		for s.In("new") {
			time.Sleep(time.Millisecond)
		}

		c.goes.IO.HandleServer("sum", func(n int) (int, error) { return n + 2, nil })
		if got := c.node.do(order{Do: "serverAsk", Args: []any{"sum", exact}}); got != `[9007199254740996]` {
			t.Errorf("answers %s", got)
		}
		heard := make(chan int, 1)
		c.goes.IO.OnServer("hello", func(n int) { heard <- n })
		c.node.do(order{Do: "serverEmit", Args: []any{"hello", exact}})
		if n := <-heard; n != exact {
			t.Errorf("heard %d", n)
		}
		if n := c.node.do(order{Do: "servers"}); n != "2" {
			t.Errorf("%s servers", n)
		}
		c.node.do(order{Do: "disconnect", Rooms: []string{c.onGo.ID}})
		c.onGo.Until("end", func() bool { return c.onGo.Ended })
	})
}
