// Package clustertest holds what the tests of adapters for several servers share: a broker that is started, stopped and halted, servers with adapters to it,
// clients of them, and what is to be true of all of them, whatever the adapter.
package clustertest

import (
	"cmp"
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// Broker is what carries messages between servers: a process.
type Broker interface {
	Start()                  // starts it, and waits until it answers
	Stop()                   // kills it
	Signal(s syscall.Signal) // halts it, and lets it go on

	Session(pid string) string // what connection state recovery keeps, as JSON, or empty
	Logged() int               // how many messages stand in the log
	Holds(offset string) bool  // one of them stands there
}

// Cluster is a broker, and servers with one adapter.
type Cluster struct {
	T *testing.T
	Broker
	Recovers  bool                                  // with connection state recovery
	Adapter   func(o Options) (adapter.New, func()) // and what ends it, behind its servers
	Unordered bool                                  // what a server emits to rooms and to all may come in another order
	Program   string                                // what a server in a process of its own makes its adapter of: see Program
}

// patience is how long anything is waited for, on a machine that is busy with others.
const patience = time.Minute

// Options are those that adapters have in common.
type Options struct {
	RequestTimeout time.Duration
	Heartbeat      time.Duration // where there are any
	MaxQueued      int
	MaxLen         int64
	Wire           *Wire         // what the server is connected by; nil means a good one
	Patience       time.Duration // how long the broker may be silent before its connection counts as broken
	OnError        func(error)
}

// Member is a server of a cluster.
type Member struct {
	IO   *socketio.Server
	URL  string
	Main adapter.Adapter // of the main namespace

	http *httptest.Server

	mu     sync.Mutex
	errors []error
}

// Start starts a server, which ends with the test.
func (c *Cluster) Start(o Options) *Member {
	c.T.Helper()
	m := new(Member)
	o.OnError = m.Note
	o.RequestTimeout = cmp.Or(o.RequestTimeout, patience) // the machine may be busy
	a, end := c.Adapter(o)
	m.Serve(c.T, a, c.Recovers, end)
	return m
}

// Note notes an error that OnError is told.
func (m *Member) Note(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.errors = append(m.errors, err)
}

// Serve starts the server, which ends with the test, and then end is called. Its clients may ask it to "join" a room.
func (m *Member) Serve(t *testing.T, a adapter.New, recovers bool, end func()) {
	m.IO = newServer(func(l adapter.Local) (adapter.Adapter, error) {
		one, err := a(l)
		if l.Namespace() == "/" {
			m.Main = one
		}
		return one, err
	}, recovers, socketio.Recovery{})
	m.http = httptest.NewServer(m.IO)
	m.URL = m.http.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		m.IO.Shutdown(ctx)
		m.http.Close()
		end()
	})
}

// newServer returns a server whose clients may ask it to "join" a room.
func newServer(a adapter.New, recovers bool, r socketio.Recovery) *socketio.Server {
	o := &socketio.Options{Logger: slog.New(slog.DiscardHandler), Adapter: a}
	if recovers {
		o.Recovery = &r
	}
	io := socketio.NewServer(o)
	io.Handle("join", func(s *socketio.Socket, room string) (bool, error) {
		s.Join(room)
		return true, nil
	})
	return io
}

// Stop ends the server of HTTP, after Shutdown.
func (m *Member) Stop() { m.http.Close() }

// Told returns what OnError was told, and forgets it.
func (m *Member) Told() []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.errors
	m.errors = nil
	return was
}

// Await waits until the server knows of n servers.
func (m *Member) Await(t *testing.T, n int) {
	t.Helper()
	for got, late := 0, time.Now().Add(patience); got != n; {
		if time.Now().After(late) {
			t.Fatalf("%d servers, want %d", got, n)
		}
		time.Sleep(time.Millisecond)
		got, _ = m.Main.Servers(t.Context())
	}
}

// Hears waits until the server gets the sockets of all servers: others hear it, and it hears them.
func (m *Member) Hears(t *testing.T, sockets int) {
	t.Helper()
	for late := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		all, err := m.IO.All().FetchSockets(t.Context())
		if err == nil && len(all) == sockets {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%d sockets, %v", len(all), err)
		}
	}
}

// Process is a broker's.
type Process struct{ cmd *exec.Cmd }

// Run starts a process, which ends with the test at the latest.
func (p *Process) Run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.cmd = cmd
}

// Stop kills the process.
func (p *Process) Stop() {
	p.Signal(syscall.SIGCONT)
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// Signal sends the process a signal.
func (p *Process) Signal(s syscall.Signal) { p.cmd.Process.Signal(s) }

// Timed returns a context that ends after a while.
func Timed(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
