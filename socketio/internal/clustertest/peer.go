package clustertest

// This file holds clients.

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// Peer is a client, on WebSocket.
type Peer struct {
	*websocket.Conn
	T   *testing.T
	ID  string
	PID string // with connection state recovery

	Unordered bool // Expect does not mind the order

	mu     sync.Mutex
	Got    []string // packets; guarded by mu
	Offset string   // the last; guarded by mu
	Ended  bool     // guarded by mu
	change chan struct{}
	answer func(p *Peer, text string) // deals with every text that comes
}

// Connect connects a client to a server by its address, and joins rooms.
func Connect(t *testing.T, url string, rooms ...string) *Peer {
	t.Helper()
	p := Open(t, url, "0")
	p.accepted()
	for i, room := range rooms {
		p.send(fmt.Sprintf(`2%d["join",%q]`, i, room))
		p.WaitFor(fmt.Sprintf(`3%d[true]`, i))
	}
	return p
}

// accepted waits until the client is accepted, and notes who it is. What has come before stays in got.
func (p *Peer) accepted() {
	p.T.Helper()
	at := -1
	p.Until("acceptance", func() bool {
		at = slices.IndexFunc(p.Got, func(s string) bool { return strings.HasPrefix(s, "0") && strings.Contains(s, `{"sid"`) })
		return at >= 0
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	var o struct{ SID, PID string }
	if err := json.Unmarshal([]byte(p.Got[at][strings.IndexByte(p.Got[at], '{'):]), &o, json.MatchCaseInsensitiveNames(true)); err != nil {
		p.T.Fatalf("%s: %v", p.Got[at], err)
	}
	p.ID, p.PID = o.SID, o.PID
	p.Got = slices.Delete(p.Got, at, at+1)
}

// Open opens a session and asks for the main namespace.
func Open(t *testing.T, url, ask string) *Peer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		t.Fatal(err)
	}
	p := &Peer{Conn: c, T: t, change: make(chan struct{})}
	t.Cleanup(func() { c.CloseNow() })
	if _, err := c.Read(ctx); err != nil { // the session's opening
		t.Fatal(err)
	}
	p.send(ask)
	go p.read()
	return p
}

func (p *Peer) send(text string) {
	p.T.Helper()
	if err := p.Write(p.T.Context(), websocket.OpText, []byte("4"+text)); err != nil {
		p.T.Error(err)
	}
}

// offsets are what events end with, with connection state recovery.
var offsets = regexp.MustCompile(`,"([0-9]+-[0-9]+)"\]`)

// read notes packets as they are complete, with a blank before each attachment, and without their offsets.
func (p *Peer) read() {
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
		p.Ended = err != nil
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
func (p *Peer) take(packet string) string {
	if m := offsets.FindStringSubmatch(packet); m != nil {
		p.Offset, packet = m[1], strings.Replace(packet, m[0], "]", 1)
	}
	p.Got = append(p.Got, packet)
	return packet
}

// Until waits until f, which is called with mu held, returns true, for as long as something comes.
func (p *Peer) Until(what string, f func() bool) {
	p.T.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		p.mu.Lock()
		ok, change := f(), p.change
		p.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-change:
			late.Reset(patience)
		case <-late.C:
			p.mu.Lock()
			defer p.mu.Unlock()
			p.T.Fatalf("no %s: got %d: %.1000s", what, len(p.Got), fmt.Sprintf("%q", p.Got))
		}
	}
}

// WaitFor waits for a packet, and forgets what has come up to it.
func (p *Peer) WaitFor(text string) {
	p.T.Helper()
	p.Until(text, func() bool {
		i := slices.Index(p.Got, text)
		if i >= 0 {
			p.Got = p.Got[i+1:]
		}
		return i >= 0
	})
}

// Expect waits for packets, and that nothing else has come before them.
func (p *Peer) Expect(want ...string) {
	p.T.Helper()
	p.Until(fmt.Sprint(want), func() bool { return len(p.Got) >= len(want) })
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.Got[:len(want)]
	if p.Unordered {
		slices.Sort(got)
		slices.Sort(want)
	}
	if !slices.Equal(got, want) {
		p.T.Errorf("got %q, want %q", got, want)
	}
	p.Got = p.Got[len(want):]
}

// Acknowledge lets the client answer every event that asks for it.
func (p *Peer) Acknowledge(with string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = func(p *Peer, text string) {
		head, _, _ := strings.Cut(text, "[")
		id, ok := strings.CutPrefix(head, "51-")
		if !ok {
			id, ok = strings.CutPrefix(head, "2")
		}
		if ok && id != "" {
			p.send("3" + id + with)
		}
	}
}

// WaitForAll waits until that many packets have come, and checks that there are no more.
func (p *Peer) WaitForAll(n int) {
	p.T.Helper()
	p.Until("all packets", func() bool { return len(p.Got) >= n })
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.Got) > n {
		p.T.Errorf("%d packets, want %d", len(p.Got), n)
	}
}

// ComeBack opens a new connection as who the client was, and waits until it is accepted. What it has missed is in got.
func (p *Peer) ComeBack(url string) (q *Peer, recovered bool) {
	p.T.Helper()
	p.mu.Lock()
	offset := p.Offset
	p.mu.Unlock()
	q = Open(p.T, url, fmt.Sprintf(`0{"pid":%q,"offset":%q}`, p.PID, offset))
	q.accepted()
	return q, q.ID == p.ID && q.PID == p.PID
}

// Forget forgets what has come.
func (p *Peer) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Got = nil
}

// Heard returns what has come and not been forgotten.
func (p *Peer) Heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.Got)
}
