package interop

// This file tests our client against the official server in Node, and that of python3-socketio.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// foreign is a server in a process of its own.
type foreign struct {
	url string
	cmd *exec.Cmd
}

// runServer starts a server, which ends with the test, or by kill.
func runServer(t *testing.T, name string, args ...string) *foreign {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	port, notNumber := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || notNumber != nil {
		t.Fatalf("the server said %q, %v", line, err)
	}
	return &foreign{fmt.Sprintf("http://127.0.0.1:%d", port), cmd}
}

// nodeOptions are those of the server in Node.
type nodeOptions struct {
	Msgpack  bool `json:"msgpack"`
	Recovery bool `json:"recovery"`
	Port     int  `json:"port,omitzero"`
}

// runNode starts the official server.
func runNode(t *testing.T, o nodeOptions) *foreign {
	t.Helper()
	argument, _ := json.Marshal(o)
	return runServer(t, "node", "nodeserver/server.js", string(argument))
}

// clientWays are the transports of our client.
var clientWays = map[string][]engineio.Transport{
	"polling": {engineio.Polling}, "websocket": {engineio.WebSocket}, "upgrade": nil,
}

// dialed is our client, with what has happened to it.
type dialed struct {
	*socketio.Client
	t      *testing.T
	ctx    context.Context
	said   chan string
	events chan string // connect, disconnect
}

// dial returns a client that is not connected yet.
func dial(t *testing.T, url string, o *socketio.ClientOptions) *dialed {
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	o.ReconnectDelay = 50 * time.Millisecond
	d := &dialed{Client: socketio.NewClient(url, o), t: t, said: make(chan string, 99), events: make(chan string, 99)}
	var cancel context.CancelFunc
	d.ctx, cancel = context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(func() {
		d.Close()
		cancel()
	})
	d.On2("said", func(text string, b []byte) { d.said <- fmt.Sprintf("%s %x", text, b) })
	d.OnEvent("echo", func(e *socketio.Event) {
		var all socketio.Args
		e.Args().Bind(&all)
		d.said <- show(all)
	})
	d.Handle("question", func(text string) (map[string]any, error) {
		return map[string]any{"answer": text + "!", "data": []byte{1, 2, 3}}, nil
	})
	d.OnConnect(func() { d.events <- fmt.Sprintf("connect %v", d.Recovered()) })
	d.OnDisconnect(func(reason socketio.Reason) { d.events <- "disconnect " + string(reason) })
	d.OnConnectError(func(err error) { t.Logf("connect error: %v", err) })
	return d
}

// show shows arguments: two servers may write the same JSON in two ways.
func show(a socketio.Args) string {
	var all []string
	for i := range a.Len() {
		v := a.Raw(i)
		v.Canonicalize()
		all = append(all, string(v))
	}
	return strings.Join(all, " ")
}

// must connects.
func (d *dialed) must() {
	d.t.Helper()
	if err := d.Connect(d.ctx); err != nil {
		d.t.Fatal(err)
	}
	d.expect(d.events, "connect false")
}

// expect waits for what comes next.
func (d *dialed) expect(ch chan string, want ...string) {
	d.t.Helper()
	for _, one := range want {
		select {
		case got := <-ch:
			if got != one {
				d.t.Errorf("got %q, want %q", got, one)
			}
		case <-d.ctx.Done():
			d.t.Fatalf("%q has not come", one)
		}
	}
}

// basics is what every server can do, with values of at most that many bytes.
func (d *dialed) basics(namespace string, most int) {
	t := d.t
	t.Helper()
	for _, args := range []struct {
		in   []any
		want string
	}{
		{[]any{"text"}, `"text"`},
		{[]any{"<zwölf> & \u2028 😀"}, `"<zwölf> & ` + "\u2028" + ` 😀"`},
		{[]any{1, -1.5, true, nil, "a"}, `1 -1.5 true null "a"`},
		{[]any{map[string]any{"a": []int{1, 2}}}, `{"a":[1,2]}`},
	} {
		d.Emit("echo", args.in...)
		select {
		case got := <-d.said:
			if got != args.want {
				t.Errorf("%v came back as %s, want %s", args.in, got, args.want)
			}
		case <-d.ctx.Done():
			t.Fatalf("%v has not come back", args.in)
		}
	}
	type file struct {
		Name string
		Data []byte
	}
	got, err := d.EmitWithAck[file](d.ctx, "ack", map[string]any{"name": "x", "data": []byte{0, 1, 0xff}})
	if err != nil || got.Name != "x" || !bytes.Equal(got.Data, []byte{0, 1, 0xff}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := d.EmitWithAck[string](d.ctx, "where"); err != nil || got != namespace {
		t.Errorf("in %q, %v", got, err)
	}
	var answer string
	var n int
	all, err := d.EmitWithAck[socketio.Args](d.ctx, "question me", "why")
	if err == nil {
		err = all.Bind(&answer, &n)
	}
	if err != nil || answer != "why!" || n != 3 {
		t.Errorf("%q, %d, %v", answer, n, err)
	}
	for i := range 100 {
		d.Emit("echo", i)
	}
	for i := range 100 {
		d.expect(d.said, strconv.Itoa(i))
	}
	large := strings.Repeat("x", most)
	if got, err := d.EmitWithAck[string](d.ctx, "ack", large); err != nil || got != large {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	data := bytes.Repeat([]byte{0, 0x1e, 0xff}, most/4)
	if got, err := d.EmitWithAck[[]byte](d.ctx, "ack", data); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	short, cancel := context.WithTimeout(d.ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := d.EmitWithAck[int](short, "never"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// namespaces joins others over the same connection, is refused, and sent away.
func (d *dialed) namespaces() {
	t := d.t
	other := d.Of("/other", nil)
	if err := other.Connect(d.ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := other.EmitWithAck[string](d.ctx, "where"); err != nil || got != "/other" {
		t.Errorf("in %q, %v", got, err)
	}
	var e *socketio.Error
	admin := d.Of("/admin", nil)
	if err := admin.Connect(d.ctx); !errors.As(err, &e) || e.Message != "unauthorized" {
		t.Errorf("%v", err)
	}
	admin.Close()
	admin = d.Of("/admin", func(context.Context) (any, error) { return map[string]string{"token": "secret"}, nil })
	if err := admin.Connect(d.ctx); err != nil {
		t.Errorf("%v", err)
	}
	admin.Close()
	other.Close()
	d.Emit("send me away")
	d.expect(d.events, "disconnect io server disconnect")
	d.must()
}

func TestClientNode(t *testing.T) {
	for name, transports := range clientWays {
		for _, msgpack := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, msgpack %v", name, msgpack), func(t *testing.T) {
				t.Parallel()
				srv := runNode(t, nodeOptions{Msgpack: msgpack})
				o := &socketio.ClientOptions{Msgpack: msgpack}
				o.Transports = transports
				d := dial(t, srv.url, o)
				d.must()
				d.basics("/", 400_000)
				if _, err := d.EmitWithAck[struct{}](d.ctx, "join"); err != nil {
					t.Error(err)
				}
				if got, err := d.EmitWithAck[string](d.ctx, "say", "hello"); err != nil || got != "hello" {
					t.Errorf("%q, %v", got, err)
				}
				d.expect(d.said, "hello 0102ff")
				d.namespaces()
				d.Emit("cut")
				d.expect(d.events, "disconnect transport close", "connect false")
				d.basics("/", 400_000)
				d.Close()
				d.expect(d.events, "disconnect io client disconnect")
			})
		}
	}
}

// TestClientNodeIdle answers pings for longer than it would live without.
func TestClientNodeIdle(t *testing.T) {
	for name, transports := range clientWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := new(socketio.ClientOptions)
			o.Transports = transports
			d := dial(t, runNode(t, nodeOptions{}).url, o)
			d.must()
			select {
			case <-time.After(9 * time.Second): // the interval is 2 seconds, the timeout 5
			case got := <-d.events:
				t.Errorf("%s", got)
			}
			if got, err := d.EmitWithAck[int](d.ctx, "ack", 1); err != nil || got != 1 {
				t.Errorf("%d, %v", got, err)
			}
		})
	}
}

// TestClientNodeRecovers comes back as the socket that it was, with what it has missed.
func TestClientNodeRecovers(t *testing.T) {
	for name, transports := range clientWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := new(socketio.ClientOptions)
			o.Transports = transports
			d := dial(t, runNode(t, nodeOptions{Recovery: true}).url, o)
			d.must()
			if _, err := d.EmitWithAck[struct{}](d.ctx, "join"); err != nil {
				t.Error(err)
			}
			d.EmitWithAck[string](d.ctx, "say", "before") // Node recovers nobody before the first event
			d.expect(d.said, "before 0102ff")
			id := d.ID()
			d.Emit("later")
			d.expect(d.events, "disconnect transport close", "connect true")
			d.expect(d.said, "missed 1 01", "missed 2 0102")
			if d.ID() != id {
				t.Error("recovered as somebody else")
			}
		})
	}
}

// TestClientNodeDies kills the server, and starts another at its place: the client comes back by itself, with what it has kept.
func TestClientNodeDies(t *testing.T) {
	for name, transports := range clientWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := runNode(t, nodeOptions{})
			o := new(socketio.ClientOptions)
			o.Transports = transports
			d := dial(t, srv.url, o)
			d.must()
			srv.cmd.Process.Kill()
			select {
			case got := <-d.events:
				if got != "disconnect transport close" && got != "disconnect transport error" {
					t.Errorf("got %q", got)
				}
			case <-d.ctx.Done():
				t.Fatal("not noticed")
			}
			d.Emit("echo", "kept")
			port, _ := strconv.Atoi(srv.url[strings.LastIndex(srv.url, ":")+1:])
			runNode(t, nodeOptions{Port: port})
			d.expect(d.events, "connect false")
			d.expect(d.said, `"kept"`)
		})
	}
}

func TestClientPython(t *testing.T) {
	// On polling its server for aiohttp (python-engineio 4.3) takes what has come of a request for all of it.
	sizes := map[string]int{"polling": 2000, "websocket": 400_000, "upgrade": 2000}
	for name, transports := range clientWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := new(socketio.ClientOptions)
			o.Transports = transports
			d := dial(t, runServer(t, "/usr/bin/python3", "-I", "python/server.py").url, o)
			d.must()
			d.basics("/", sizes[name])
			d.namespaces()
			d.Close()
			d.expect(d.events, "disconnect io client disconnect")
		})
	}
}
