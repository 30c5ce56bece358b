package newer

// This file tests package h2 with real peers: the HTTP/2 of net/http, Node and HAProxy, in both roles.

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/h2"
)

// counting returns c with its connections counted.
func counting(c *h2.Client) (count func() int) {
	var mu sync.Mutex
	n := 0
	c.Dialer.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		mu.Lock()
		n++
		mu.Unlock()
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// TestH2Thousand protects a thousand connections of a client over ten of net/http's, all at once, and their ends.
func TestH2Thousand(t *testing.T) {
	const sockets, each = 1000, 100
	patient := websocket.Options{CloseTimeout: browserTimeout} // a thousand at once take a while on a machine that is busy
	u := &websocket.Upgrader{Options: patient}
	w := newWorld(t, u.Handler(echo))
	w.client.MaxStreams, w.client.Dialer.Options = each, patient
	dialled := counting(w.client)
	conns := make(chan *websocket.Conn, sockets)
	var all sync.WaitGroup
	for i := range sockets {
		all.Go(func() {
			c, _, err := w.client.Dial(t.Context(), w.URL)
			if err != nil {
				t.Error(err)
				return
			}
			exchange(t, c, strings.Repeat("x", i))
			conns <- c
		})
	}
	all.Wait()
	if n := dialled(); n != sockets/each || u.Len() != sockets {
		t.Errorf("%d connections for %d sockets", n, u.Len())
	}
	close(conns)
	for c := range conns {
		all.Go(func() {
			if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.handlers.Wait()
}

// nodeServer returns the URL of a server of Node's.
func nodeServer(t *testing.T) string {
	cmd := exec.Command("node", "../node/http2.js", "server") // which ends with its input
	var stderr strings.Builder
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
			t.Errorf("node: %v, %s", err, &stderr)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "ws://127.0.0.1:" + strings.TrimSpace(line)
}

// TestH2NodeServer protects a client from what Node's server does: echoes, close codes, refusals, resets, a stall, and GOAWAY.
func TestH2NodeServer(t *testing.T) {
	url := nodeServer(t)
	c := newClient(nil)
	dialled := counting(c)
	defer c.CloseIdleConnections()
	dial := func(path string) *websocket.Conn {
		t.Helper()
		conn, _, err := c.Dial(t.Context(), url+path)
		if err != nil {
			t.Fatal(path, err)
		}
		return conn
	}
	end := func(path string) error {
		t.Helper()
		_, err := dial(path).Read(t.Context())
		return err
	}
	first := dial("/refused-once")
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, 900 << 10} {
		exchange(t, first, strings.Repeat("x", size))
	}
	var closed *websocket.CloseError
	if err := end("/close"); !errors.As(err, &closed) || closed.Code != 4001 || closed.Reason != "tired" {
		t.Error(err)
	}
	if err := end("/reset"); websocket.CloseStatus(err) != websocket.StatusAbnormalClosure { // Node sends END_STREAM before
		t.Error(err)
	}
	if _, resp, err := c.Dial(t.Context(), url+"/nothing"); resp == nil || resp.StatusCode != http.StatusNotFound {
		t.Error(resp, err)
	}
	going := dial("/going")
	exchange(t, going, "still here")
	exchange(t, dial("/echo"), "another one")
	if n := dialled(); n != 2 {
		t.Errorf("%d connections", n)
	}
	exchange(t, first, "still here, too")
	if err := first.Close(4000, "bye"); err != nil {
		t.Error(err)
	}
	going.Close(websocket.StatusNormalClosure, "")
}

// TestH2Stall protects the other streams of a connection from one whose peer does not read: its write ends by its timeout, and only it.
func TestH2Stall(t *testing.T) {
	url := nodeServer(t)
	c := newClient(nil)
	c.Dialer.WriteTimeout = 100 * time.Millisecond
	dialled := counting(c)
	defer c.CloseIdleConnections()
	var conns []*websocket.Conn
	for _, path := range []string{"/echo", "/stall"} {
		conn, _, err := c.Dial(t.Context(), url+path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		conns = append(conns, conn)
	}
	var err error
	for err == nil {
		err = conns[1].Write(t.Context(), websocket.OpBinary, make([]byte, 64<<10))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	exchange(t, conns[0], "not affected")
	if n := dialled(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// serveH2 starts a listener whose connections h2.Serve has, and returns its address.
func serveH2(t *testing.T, u *websocket.Upgrader, f func(*websocket.Conn, *http.Request), config *tls.Config) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				if err := h2.Serve(ctx, nc, u, f); err != nil {
					t.Logf("Serve: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		cancel()
		stop, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		u.Shutdown(stop)
		running.Wait()
	})
	return l.Addr().String()
}

// TestH2NodeClient protects Serve from what Node's client does.
func TestH2NodeClient(t *testing.T) {
	addr := serveH2(t, &websocket.Upgrader{CheckOrigin: func(r *http.Request, allowed bool) bool { return r.URL.Path != "/refused" }},
		func(c *websocket.Conn, r *http.Request) {
			if r.URL.Path == "/close" {
				c.Close(4001, "tired")
				return
			}
			echo(c, r)
		}, nil)
	_, port, _ := net.SplitHostPort(addr)
	out, err := exec.CommandContext(t.Context(), "node", "../node/http2.js", "client", port).Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	var result struct {
		Connect bool
		Echoes  int
		Ends    [][]any
		Refused string
	}
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatal(err)
	}
	if !result.Connect || result.Echoes != 200 || fmt.Sprint(result.Ends) != "[[4000 ] [4001 tired]]" || result.Refused != "status 403" {
		t.Errorf("%+v", result)
	}
}

// TestH2HAProxy protects both roles with HAProxy in between, which gets streams from a client, with TLS and without, and opens others at Serve.
func TestH2HAProxy(t *testing.T) {
	for name, front := range map[string]func(*testing.T, *world) string{"plaintext": newHAProxy, "TLS": newHAProxyTLS} {
		t.Run(name, func(t *testing.T) {
			u := &websocket.Upgrader{}
			url := front(t, &world{Server: &httptest.Server{Listener: listenerAt(serveH2(t, u, echo, nil))}})
			c := newClient(&tls.Config{InsecureSkipVerify: true})
			dialled := counting(c)
			defer c.CloseIdleConnections()
			crowd(t, c, url, 100, func() {
				if n := u.Len(); n != 100 || dialled() != 1 {
					t.Errorf("%d connections over %d", n, dialled())
				}
			})
		})
	}
}

// crowd makes n connections, exchanges a message on each, calls there when all are there, and closes them.
func crowd(t *testing.T, c *h2.Client, url string, n int, there func()) {
	conns := make(chan *websocket.Conn, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			conn, _, err := c.Dial(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			exchange(t, conn, strings.Repeat("x", 10*i))
			conns <- conn
		})
	}
	all.Wait()
	there()
	close(conns)
	for conn := range conns {
		if err := conn.Close(4000, "bye"); err != nil {
			t.Error(err)
		}
	}
}

// listenerAt is a listener of which only the address counts.
type listenerAt string

func (l listenerAt) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (l listenerAt) Close() error              { return nil }
func (l listenerAt) Addr() net.Addr            { return addrOf(l) }

type addrOf string

func (addrOf) Network() string  { return "tcp" }
func (a addrOf) String() string { return string(a) }
