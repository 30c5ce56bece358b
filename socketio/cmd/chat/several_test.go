package main

// This file runs several chats as one, each a process, with an embedded NATS server. With Redis, see redis_test.go.

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// asChat is the variable of the environment that lets the test be the command.
const asChat = "CHAT_TEST_IS_CHAT"

func TestMain(m *testing.M) {
	if os.Getenv(asChat) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a chat.
type process struct {
	url string
	cmd *exec.Cmd
}

// startProcess starts one, which ends with the test.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], append([]string{"-addr", "127.0.0.1:0"}, args...)...)}
	p.cmd.Env = append(os.Environ(), asChat+"=1")
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "http://") {
			p.url = lines.Text()
			return p
		}
	}
	t.Fatal("the chat says no address")
	return nil
}

// stop ends the process.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGINT)
	p.cmd.Wait()
}

// guest is somebody in the chat.
type guest struct {
	*socketio.Client
	t *testing.T

	mu     sync.Mutex
	people []string
	heard  []message
	change chan struct{}
}

// visit lets somebody join the lobby.
func visit(t *testing.T, p *process, name string) (*guest, joined) {
	t.Helper()
	g := &guest{t: t, change: make(chan struct{})}
	g.Client = socketio.NewClient(p.url, &socketio.ClientOptions{Auth: func(context.Context) (any, error) { return map[string]string{"name": name}, nil }})
	t.Cleanup(func() { g.Close() })
	g.On2("people", func(_ string, people []string) { g.note(func() { g.people = people }) })
	g.On2("message", func(_ string, m message) { g.note(func() { g.heard = append(g.heard, m) }) })
	ctx := g.soon()
	if err := g.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	j, err := g.EmitWithAck[joined](ctx, "join", lobby)
	if err != nil {
		t.Fatal(err)
	}
	return g, j
}

// soon returns a context that ends in a while.
func (g *guest) soon() context.Context {
	ctx, cancel := context.WithTimeout(g.t.Context(), 20*time.Second)
	g.t.Cleanup(cancel)
	return ctx
}

// note notes what has come.
func (g *guest) note(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
	close(g.change)
	g.change = make(chan struct{})
}

// until waits until f, which is called with mu held, returns true.
func (g *guest) until(what string, f func() bool) {
	g.t.Helper()
	ctx := g.soon()
	for {
		g.mu.Lock()
		ok, change := f(), g.change
		g.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-change:
		case <-ctx.Done():
			g.mu.Lock()
			defer g.mu.Unlock()
			g.t.Fatalf("no %s: people %q, heard %+v", what, g.people, g.heard)
		}
	}
}

// sees waits until those people are there.
func (g *guest) sees(people ...string) {
	g.t.Helper()
	g.until(strings.Join(people, ", "), func() bool { return slices.Equal(g.people, people) })
}

// say says something.
func (g *guest) say(text string) {
	g.t.Helper()
	if _, err := g.EmitWithAck[any](g.soon(), "say", text); err != nil {
		g.t.Error(err)
	}
}

// hears waits for a message.
func (g *guest) hears(from, text string) (m message) {
	g.t.Helper()
	g.until(text, func() bool {
		i := slices.IndexFunc(g.heard, func(m message) bool { return m.From == from && m.Text == text })
		if i >= 0 {
			m = g.heard[i]
		}
		return i >= 0
	})
	return m
}

// several protects that several chats are one: who is there, what is said, what was said, and files; also of one that came later, and when one has gone.
func several(t *testing.T, args ...string) {
	a, b := startProcess(t, args...), startProcess(t, args...)
	ada, _ := visit(t, a, "Ada")
	linus, _ := visit(t, b, "Linus")
	ada.sees("Ada", "Linus")
	linus.sees("Ada", "Linus")
	ada.say("Hello")
	linus.hears("Ada", "Hello")
	linus.say("Hello, Ada")
	ada.hears("Linus", "Hello, Ada")
	if _, err := ada.EmitWithAck[any](ada.soon(), "upload", map[string]any{"name": "notes.txt", "data": []byte("some notes")}); err != nil {
		t.Fatal(err)
	}
	id := linus.hears("Ada", "").ID
	if data, err := linus.EmitWithAck[[]byte](linus.soon(), "file", id); string(data) != "some notes" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if data, _ := linus.EmitWithAck[[]byte](linus.soon(), "file", "no such"); len(data) > 0 {
		t.Errorf("%q", data)
	}
	c := startProcess(t, args...)
	grace, j := visit(t, c, "Grace")
	if h := j.History; len(h) != 3 || h[0].Text != "Hello" || h[1].Text != "Hello, Ada" || h[2].File == nil || h[2].File.Name != "notes.txt" {
		t.Errorf("history %+v", h)
	}
	ada.sees("Ada", "Grace", "Linus")
	grace.sees("Ada", "Grace", "Linus")
	a.stop()
	grace.sees("Grace", "Linus")
	linus.sees("Grace", "Linus")
	grace.say("Where is Ada?")
	linus.hears("Grace", "Where is Ada?")
}

func TestSeveralByNATS(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	several(t, "-nats", s.ClientURL())
}

// TestOneOnly protects that what cannot work is said at once.
func TestOneOnly(t *testing.T) {
	for _, urls := range [][2]string{{"redis://localhost", "nats://localhost"}, {"http://x", ""}} {
		if _, err := connect(urls[0], urls[1]); err == nil {
			t.Errorf("%q", urls)
		}
	}
}
