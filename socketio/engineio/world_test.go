package engineio

// This file holds what the tests share: a server behind net/http, or bare, in memory and in the time of a bubble, a Handler that
// writes down what it is told, and clients that are not ours.

import (
	"context"
	"encoding/json/v2"
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

// notes is a Handler that echoes, and writes down what it is told.
type notes struct {
	mu      sync.Mutex
	all     []string
	last    *Session
	err     error
	open    func(s *Session)                                   // nil does nothing
	message func(s *Session, op websocket.Opcode, data []byte) // nil echoes
	closed  func(s *Session)
}

func (n *notes) note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, fmt.Sprintf(format, args...))
}

func (n *notes) Open(s *Session) {
	n.mu.Lock()
	n.last = s
	n.mu.Unlock()
	n.note("open")
	if n.open != nil {
		n.open(s)
	}
}

func (n *notes) Message(s *Session, op websocket.Opcode, data []byte) {
	n.note("%v %s", op, data)
	if n.message != nil {
		n.message(s, op, data)
		return
	}
	s.Send(op, data)
}

func (n *notes) Close(s *Session, reason Reason, err error) {
	n.mu.Lock()
	n.err = err
	n.mu.Unlock()
	n.note("close: %s", reason)
	if n.closed != nil {
		n.closed(s)
	}
}

func (n *notes) session() *Session {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last
}

// expect waits until everything is still and compares what the Handler was told since the last call.
func (n *notes) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Equal(n.all, want) {
		t.Errorf("the Handler was told %q, want %q", n.all, want)
	}
	n.all = nil
}

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
	*notes
	srv     *Server
	http    *http.Server
	l       *listener
	client  *http.Client
	refused []string
	mu      sync.Mutex
}

// base is the address of the server.
const base = "http://example.com/engine.io/"

// testOptions are those of the protocol's own test suite, with a log that is quiet.
func testOptions() *Options {
	return &Options{
		DetachPolls: *detachPolls, Loops: *loops,
		PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond, MaxPayload: 1e6,
		Logger: slog.New(slog.DiscardHandler),
	}
}

// inWorld runs f in a bubble. What it leaves open is closed.
func inWorld(t *testing.T, o *Options, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, o, nil)
		defer w.end()
		f(w)
	})
}

// newWorld starts a server.
func newWorld(t *testing.T, o *Options, wrap func(net.Conn) net.Conn) *world {
	if o == nil {
		o = testOptions()
	}
	copied := *o
	w := &world{T: t, notes: new(notes)}
	copied.OnRefuse = func(r *http.Request, err error) {
		w.mu.Lock()
		w.refused = append(w.refused, err.Error())
		w.mu.Unlock()
	}
	w.l = &listener{conns: make(chan net.Conn), closed: make(chan struct{}), wrap: wrap}
	w.srv = NewServer(w.notes, &copied)
	w.http = &http.Server{Handler: w.srv, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go w.http.Serve(w.l)
	w.client = &http.Client{Transport: &http.Transport{DialContext: w.l.dial, DisableCompression: true}}
	return w
}

// serveBy lets another http.Server serve the requests.
func (w *world) serveBy(web *http.Server) {
	w.http.Close()
	w.l, w.http = &listener{conns: make(chan net.Conn), closed: make(chan struct{})}, web
	w.client = &http.Client{Transport: &http.Transport{DialContext: w.l.dial, DisableCompression: true}}
	go web.Serve(w.l)
}

// end stops everything.
func (w *world) end() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.srv.Shutdown(ctx); err != nil {
		w.Errorf("Shutdown: %v", err)
	}
	w.client.CloseIdleConnections()
	w.http.Close()
	w.l.Close()
	if n := w.srv.Len(); n != 0 {
		w.Errorf("%d sessions are left", n)
	}
	time.Sleep(time.Minute) // in a bubble, it takes no time: timers fire
}

// refusals returns what OnRefuse was told since the last call.
func (w *world) refusals() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.refused
	w.refused = nil
	return r
}

// answer is a response.
type answer struct {
	status int
	body   string
	header http.Header
}

// do sends a request.
func (w *world) do(method, query, body string, header ...string) answer {
	w.Helper()
	a, err := w.try(context.Background(), method, query, body, header...)
	if err != nil {
		w.Error(err)
	}
	return a
}

// try is do, whose error is the caller's.
func (w *world) try(ctx context.Context, method, query, body string, header ...string) (answer, error) {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, base+"?"+query, content)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := w.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(all), resp.Header}, err
}

// later sends a request and returns where its answer will be, when everything is still.
func (w *world) later(method, query, body string) <-chan answer {
	ch := make(chan answer, 1)
	go func() {
		a, _ := w.try(context.Background(), method, query, body)
		ch <- a
	}()
	synctest.Wait()
	return ch
}

// got checks an answer.
func (w *world) got(a answer, status int, body string) {
	w.Helper()
	if a.status != status || a.body != body {
		w.Errorf("got %d %q, want %d %q", a.status, a.body, status, body)
	}
}

// opening is the packet that opens a session.
type opening struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

// parseOpening parses it.
func (w *world) parseOpening(text string) (o opening) {
	w.Helper()
	data, ok := strings.CutPrefix(text, "0")
	if err := json.Unmarshal([]byte(data), &o, json.RejectUnknownMembers(true)); !ok || err != nil {
		w.Fatalf("no opening packet: %q, %v", text, err)
	}
	return o
}

// polling opens a session on polling and returns the query of its requests.
func (w *world) polling() string {
	w.Helper()
	a := w.do("GET", "EIO=4&transport=polling", "")
	if a.status != 200 {
		w.Fatalf("%d %s", a.status, a.body)
	}
	return "EIO=4&transport=polling&sid=" + w.parseOpening(a.body).SID
}

// peer is a WebSocket client.
type peer struct {
	*websocket.Conn
	t *testing.T
}

// dial opens a WebSocket connection.
func (w *world) dial(query string, header ...string) (*peer, *http.Response, error) {
	d := &websocket.Dialer{DialContext: w.l.dial, Header: make(http.Header)}
	for i := 0; i+1 < len(header); i += 2 {
		d.Header.Add(header[i], header[i+1])
	}
	c, resp, err := d.Dial(context.Background(), "ws://example.com/engine.io/?"+query)
	if err != nil {
		return nil, resp, err
	}
	return &peer{c, w.T}, resp, nil
}

// websocket opens a session on WebSocket and reads its opening.
func (w *world) websocket() (*peer, opening) {
	w.Helper()
	p, _, err := w.dial("EIO=4&transport=websocket")
	if err != nil {
		w.Fatal(err)
	}
	return p, w.parseOpening(p.read())
}

// probe opens a second transport and has its probe answered.
func (w *world) probe(query string) *peer {
	w.Helper()
	p, _, err := w.dial(strings.Replace(query, "polling", "websocket", 1))
	if err != nil {
		w.Fatal(err)
	}
	p.send("2probe")
	p.expect("3probe")
	return p
}

func (p *peer) send(text string) {
	p.t.Helper()
	if err := p.Write(context.Background(), websocket.OpText, []byte(text)); err != nil {
		p.t.Error(err)
	}
}

func (p *peer) binary(b ...byte) {
	p.t.Helper()
	if err := p.Write(context.Background(), websocket.OpBinary, b); err != nil {
		p.t.Error(err)
	}
}

func (p *peer) read() string {
	p.t.Helper()
	m, err := p.Read(context.Background())
	if err != nil {
		p.t.Error(err)
	}
	return string(m.Data)
}

func (p *peer) expect(want ...string) {
	p.t.Helper()
	for _, text := range want {
		if got := p.read(); got != text {
			p.t.Errorf("got %q, want %q", got, text)
		}
	}
}

// closed checks that the server closes the connection, with a code.
func (p *peer) closed(code websocket.StatusCode) {
	p.t.Helper()
	for {
		m, err := p.Read(context.Background())
		if err == nil {
			p.t.Errorf("got %q", m.Data)
			continue
		}
		if got := websocket.CloseStatus(err); got != code {
			p.t.Errorf("closed with %v, want %v: %v", got, code, err)
		}
		return
	}
}

// read reads the body of a response.
func read(resp *http.Response) answer {
	all, _ := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(all), resp.Header}
}
