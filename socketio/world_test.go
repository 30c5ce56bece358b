package socketio

// This file holds what the tests share: a server behind net/http, in memory and in the time of a bubble, and clients that are not ours.

import (
	"context"
	"encoding/json/v2"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

var (
	detachPolls = flag.Bool("detach", false, "let polls wait beside net/http in all tests")
	loops       = flag.Int("loops", 0, "have as many event loops serve WebSocket in all tests")
)

// listener accepts connections in memory.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	wrap   func(net.Conn) net.Conn // of the server's end; may be nil
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *listener) dial(context.Context, string, string) (net.Conn, error) {
	client, server := wstest.NetPipe()
	if l.wrap != nil {
		server = l.wrap(server)
	}
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// world is a server with its clients.
type world struct {
	*testing.T
	io     *Server
	http   *http.Server
	l      *listener
	client *http.Client

	mu    sync.Mutex
	notes []string
}

// testOptions are the usual ones, with a log that is quiet.
func testOptions() *Options {
	o := new(Options)
	o.DetachPolls, o.Loops = *detachPolls, *loops
	o.Logger = slog.New(slog.DiscardHandler)
	return o
}

// inWorld runs f in a bubble, with a server of options that edit, which may be nil, has changed.
func inWorld(t *testing.T, edit func(o *Options), f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := testOptions()
		if edit != nil {
			edit(o)
		}
		w := newWorld(t, o, nil)
		defer w.end()
		f(w)
	})
}

// newWorld starts a server.
func newWorld(t *testing.T, o *Options, wrap func(net.Conn) net.Conn) *world {
	w := &world{T: t}
	w.l = &listener{conns: make(chan net.Conn), closed: make(chan struct{}), wrap: wrap}
	w.io = NewServer(o)
	w.http = &http.Server{Handler: w.io, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go w.http.Serve(w.l)
	w.client = &http.Client{Transport: &http.Transport{DialContext: w.l.dial, DisableCompression: true}}
	return w
}

// end stops everything, and checks that nothing is left.
func (w *world) end() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.io.Shutdown(ctx); err != nil {
		w.Errorf("Shutdown: %v", err)
	}
	w.client.CloseIdleConnections()
	w.http.Close()
	w.l.Close()
	w.nothingLeft()
	time.Sleep(time.Minute) // in a bubble, it takes no time: timers fire
}

// nothingLeft checks that there is no client left anywhere.
func (w *world) nothingLeft() {
	w.Helper()
	if n := w.io.engine.Len(); n != 0 {
		w.Errorf("%d sessions are left", n)
	}
	for _, n := range w.io.all(nil) {
		n.mu.RLock()
		if len(n.sockets)+len(n.rooms) > 0 {
			w.Errorf("%s: %d sockets and %d rooms are left", n.name, len(n.sockets), len(n.rooms))
		}
		n.mu.RUnlock()
		w.io.mu.Lock()
		if n.users != 0 {
			w.Errorf("%s: %d users are left", n.name, n.users)
		}
		w.io.mu.Unlock()
	}
}

// note writes down what a handler was told.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// noted waits until everything is still and compares what was written down since the last call.
func (w *world) noted(want ...string) {
	w.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.notes, want) {
		w.Errorf("noted %q, want %q", w.notes, want)
	}
	w.notes = nil
}

// noteEnds writes down every disconnect.
func (w *world) noteEnds() {
	w.io.OnDisconnect(func(_ *Socket, reason Reason) { w.note("%s", reason) })
}

// base is the address of the server.
const base = "http://example.com/socket.io/"

// do sends a request.
func (w *world) do(method, query, body string) (status int, answer string) {
	w.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, base+"?"+query, content)
	if err != nil {
		w.Fatal(err)
	}
	resp, err := w.client.Do(r)
	if err != nil {
		w.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	all, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all)
}

// polling opens a session on polling and returns the query of its requests.
func (w *world) polling() string {
	w.Helper()
	status, body := w.do("GET", "EIO=4&transport=polling", "")
	var o struct {
		SID string `json:"sid"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &o); status != 200 || err != nil {
		w.Fatalf("%d %s", status, body)
	}
	return "EIO=4&transport=polling&sid=" + o.SID
}

// poll sends a POST request with packets of Engine.IO, if there are any, and returns what a GET request gets.
func (w *world) poll(query string, packets ...string) string {
	w.Helper()
	if len(packets) > 0 {
		if status, body := w.do("POST", query, strings.Join(packets, "\x1e")); body != "ok" {
			w.Errorf("POST: %d %s", status, body)
		}
	}
	_, body := w.do("GET", query, "")
	return body
}

// peer is a client on WebSocket.
type peer struct {
	*websocket.Conn
	t    testing.TB
	id   string // of its socket in the main namespace
	pid  string
	last string // the last offset
}

// open opens a session on WebSocket.
func (w *world) open() *peer {
	w.Helper()
	d := &websocket.Dialer{DialContext: w.l.dial}
	d.WriteBuffer, d.WriteTimeout = 16<<20, time.Hour
	d.ReadLimit = 64 << 20
	c, _, err := d.Dial(context.Background(), "ws://example.com/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		w.Fatal(err)
	}
	p := &peer{Conn: c, t: w.T}
	if text := p.raw(); !strings.HasPrefix(text, "0{") {
		w.Fatalf("no opening: %q", text)
	}
	return p
}

// connect opens a session on WebSocket and joins the main namespace.
func (w *world) connect() *peer {
	w.Helper()
	p := w.open()
	p.send("0")
	p.id = p.accepted("")
	return p
}

// accepted reads that the client is accepted in a namespace, and returns its identifier.
func (p *peer) accepted(namespace string) string {
	p.t.Helper()
	text := p.read()
	var o struct {
		SID string `json:"sid"`
		PID string `json:"pid"`
	}
	data, ok := strings.CutPrefix(text, "0"+namespace)
	if err := json.Unmarshal([]byte(data), &o); !ok || err != nil || len(o.SID) != 20 {
		p.t.Fatalf("not accepted in %q: %q", namespace, text)
	}
	p.pid = o.PID
	return o.SID
}

// send sends a packet of Socket.IO.
func (p *peer) send(text string) {
	p.t.Helper()
	if err := p.Write(context.Background(), websocket.OpText, []byte("4"+text)); err != nil {
		p.t.Error(err)
	}
}

// binary sends a binary message.
func (p *peer) binary(b ...byte) {
	p.t.Helper()
	if err := p.Write(context.Background(), websocket.OpBinary, b); err != nil {
		p.t.Error(err)
	}
}

// raw reads a message.
func (p *peer) raw() string {
	p.t.Helper()
	m, err := p.Conn.Read(context.Background())
	if err != nil {
		p.t.Errorf("read: %v", err)
	}
	return string(m.Data)
}

// next reads a message, and answers pings before it, for five minutes. err is the end.
func (p *peer) next() (websocket.Message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for {
		m, err := p.Conn.Read(ctx)
		if err != nil || string(m.Data) != "2" {
			return m, err
		}
		if err := p.Write(context.Background(), websocket.OpText, []byte("3")); err != nil {
			return m, err
		}
	}
}

// read reads a packet of Socket.IO, or an attachment.
func (p *peer) read() string {
	p.t.Helper()
	m, err := p.next()
	if err != nil {
		p.t.Errorf("read: %v", err)
		return ""
	}
	if m.Op == websocket.OpBinary {
		return string(m.Data)
	}
	text, ok := strings.CutPrefix(string(m.Data), "4")
	if !ok {
		p.t.Errorf("read %q", m.Data)
	}
	return text
}

// expect reads packets.
func (p *peer) expect(want ...string) {
	p.t.Helper()
	for _, text := range want {
		if got := p.read(); got != text {
			p.t.Errorf("got %.200q, want %q", got, text)
		}
	}
}

// silent checks that nothing comes but pings, for a second.
func (p *peer) silent() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for {
		m, err := p.Conn.Read(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return
		case err != nil:
			p.t.Errorf("closed: %v", err)
			return
		case string(m.Data) == "2":
			p.Write(ctx, websocket.OpText, []byte("3"))
		default:
			p.t.Errorf("got %q", m.Data)
		}
	}
}

// closed checks that the server closes the connection, perhaps after a close packet of Engine.IO.
func (p *peer) closed() {
	p.t.Helper()
	for {
		m, err := p.next()
		if err != nil {
			return
		}
		if string(m.Data) != "1" {
			p.t.Errorf("got %q", m.Data)
		}
	}
}
