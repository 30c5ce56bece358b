package redisadapter

// This file holds what the tests share: a Redis of their own, servers with it, and clients.

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// broker is a redis-server on a socket of its own.
type broker struct {
	t      *testing.T
	socket string
	cmd    *exec.Cmd
}

// startBroker starts one, which ends with the test.
func startBroker(t *testing.T) *broker {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server (Debian: redis-server) is needed: ", err)
	}
	dir, err := os.MkdirTemp("", "redis") // t.TempDir is too long for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := &broker{t: t, socket: filepath.Join(dir, "s")}
	b.start(path)
	t.Cleanup(b.stop)
	return b
}

// start starts the process, and waits until it answers.
func (b *broker) start(path string) {
	b.cmd = exec.Command(path, "--port", "0", "--unixsocket", b.socket, "--save", "", "--appendonly", "no", "--maxmemory", "256mb", "--dir", filepath.Dir(b.socket))
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	c := b.client()
	defer c.Close()
	until := time.Now().Add(20 * time.Second)
	for c.Ping(context.Background()).Err() != nil {
		if time.Now().After(until) {
			b.t.Fatal("redis-server does not answer")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// stop ends the process.
func (b *broker) stop() {
	b.signal(syscall.SIGCONT)
	b.cmd.Process.Kill()
	b.cmd.Wait()
}

func (b *broker) signal(s syscall.Signal) { b.cmd.Process.Signal(s) }

// client returns a client of it.
func (b *broker) client() *redis.Client {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: b.socket})
}

// member is a server of a cluster.
type member struct {
	t    *testing.T
	io   *socketio.Server
	http *httptest.Server
	main adapter.Adapter // of the main namespace

	mu     sync.Mutex
	errors []error
}

// makers make adapters, by the format.
var makers = map[string]func(c redis.UniversalClient, o *Options) adapter.New{
	"pubsub": PubSub, "sharded": Sharded, "streams": Streams, "recovering": Streams, // with connection state recovery
}

// eachFormat runs a test with every format.
func eachFormat(t *testing.T, f func(t *testing.T, format string)) {
	for _, format := range slices.Sorted(maps.Keys(makers)) {
		t.Run(format, func(t *testing.T) { f(t, format) })
	}
}

// startMember starts a server.
func startMember(t *testing.T, b *broker, format string, o *Options) *member {
	t.Helper()
	m := &member{t: t}
	if o == nil {
		o = new(Options)
	}
	o.OnError = func(err error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.errors = append(m.errors, err)
	}
	c := b.client()
	maker := makers[format](c, o)
	so := &socketio.Options{Adapter: func(l adapter.Local) (adapter.Adapter, error) {
		a, err := maker(l)
		if l.Namespace() == "/" {
			m.main = a
		}
		return a, err
	}}
	if format == "recovering" {
		so.Recovery = &socketio.Recovery{}
	}
	so.Logger = slog.New(slog.DiscardHandler)
	m.io = socketio.NewServer(so)
	m.io.Handle("join", func(s *socketio.Socket, room string) (bool, error) {
		s.Join(room)
		return true, nil
	})
	m.http = httptest.NewServer(m.io)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		m.io.Shutdown(ctx)
		m.http.Close()
		c.Close()
	})
	return m
}

// told returns what OnError was told, and forgets it.
func (m *member) told() []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.errors
	m.errors = nil
	return was
}

// peer is a client, on WebSocket.
type peer struct {
	*websocket.Conn
	t   *testing.T
	id  string
	pid string // with connection state recovery

	mu     sync.Mutex
	got    []string
	offset string // the last
	change chan struct{}
	ended  bool
	answer func(p *peer, text string) // deals with every text that comes
}

// connect connects a client to a server by its address, and joins rooms.
func connect(t *testing.T, url string, rooms ...string) *peer {
	t.Helper()
	p := open(t, url, "0")
	p.accepted()
	for i, room := range rooms {
		p.send(fmt.Sprintf(`2%d["join",%q]`, i, room))
		p.waitFor(fmt.Sprintf(`3%d[true]`, i))
	}
	return p
}

// accepted waits until the client is accepted, and notes who it is. What has come before stays in got.
func (p *peer) accepted() {
	p.t.Helper()
	at := -1
	p.until("acceptance", func() bool {
		at = slices.IndexFunc(p.got, func(s string) bool { return strings.HasPrefix(s, "0{") })
		return at >= 0
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	var o struct{ SID, PID string }
	if err := json.Unmarshal([]byte(p.got[at][1:]), &o, json.MatchCaseInsensitiveNames(true)); err != nil {
		p.t.Fatalf("%s: %v", p.got[at], err)
	}
	p.id, p.pid = o.SID, o.PID
	p.got = slices.Delete(p.got, at, at+1)
}

// open opens a session and asks for the main namespace.
func open(t *testing.T, url, ask string) *peer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{Conn: c, t: t, change: make(chan struct{})}
	t.Cleanup(func() { c.CloseNow() })
	if _, err := c.Read(ctx); err != nil { // the session's opening
		t.Fatal(err)
	}
	p.send(ask)
	go p.read()
	return p
}

func (p *peer) send(text string) {
	p.t.Helper()
	if err := p.Write(p.t.Context(), websocket.OpText, []byte("4"+text)); err != nil {
		p.t.Error(err)
	}
}

// offsets are what events end with, with connection state recovery.
var offsets = regexp.MustCompile(`,"([0-9]+-[0-9]+)"\]`)

// read notes packets as they are complete, with a blank before each attachment, and without their offsets.
func (p *peer) read() {
	packet, missing := "", 0
	for {
		m, err := p.Conn.Read(context.Background())
		if string(m.Data) == "2" {
			p.Write(context.Background(), websocket.OpText, []byte("3"))
			continue
		}
		if m.Op == websocket.OpBinary {
			packet += " " + string(m.Data)
			missing--
		} else {
			packet = strings.TrimPrefix(string(m.Data), "4")
			fmt.Sscanf(packet, "5%d-", &missing)
		}
		p.mu.Lock()
		p.ended = err != nil
		if err == nil && missing == 0 {
			packet = p.take(packet)
			if p.answer != nil {
				p.answer(p, packet)
			}
		}
		close(p.change)
		p.change = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// take notes a packet, without its offset.
func (p *peer) take(packet string) string {
	if m := offsets.FindStringSubmatch(packet); m != nil {
		p.offset, packet = m[1], strings.Replace(packet, m[0], "]", 1)
	}
	p.got = append(p.got, packet)
	return packet
}

// until waits until f, which is called with mu held, returns true.
func (p *peer) until(what string, f func() bool) {
	p.t.Helper()
	late := time.After(20 * time.Second)
	for {
		p.mu.Lock()
		ok, change := f(), p.change
		p.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-change:
		case <-late:
			p.mu.Lock()
			defer p.mu.Unlock()
			p.t.Fatalf("no %s: got %d: %.1000s", what, len(p.got), fmt.Sprintf("%q", p.got))
		}
	}
}

// waitFor waits for a packet, and forgets what has come up to it.
func (p *peer) waitFor(text string) {
	p.t.Helper()
	p.until(text, func() bool {
		i := slices.Index(p.got, text)
		if i >= 0 {
			p.got = p.got[i+1:]
		}
		return i >= 0
	})
}

// expect waits for packets, and that nothing else has come before them.
func (p *peer) expect(want ...string) {
	p.t.Helper()
	p.until(fmt.Sprint(want), func() bool { return len(p.got) >= len(want) })
	p.mu.Lock()
	defer p.mu.Unlock()
	if got := p.got[:len(want)]; !slices.Equal(got, want) {
		p.t.Errorf("got %q, want %q", got, want)
	}
	p.got = p.got[len(want):]
}

// acknowledge lets the client answer every event that asks for it.
func (p *peer) acknowledge(with string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = func(p *peer, text string) {
		text, _, _ = strings.Cut(strings.TrimPrefix(text, "51-"), "[")
		if id := strings.TrimPrefix(text, "2"); id != "" {
			p.send("3" + id + with)
		}
	}
}

// timed returns a context that ends after a while.
func timed(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
