package newer

// This file plays the conformance suite over HTTP/2: a bridge, or HAProxy, turns each opening handshake of HTTP/1.1 into a stream.

import (
	"bufio"
	"context"
	"crypto/tls"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/autobahn"
)

// bridge answers opening handshakes of HTTP/1.1 with what the server behind w says to the same over a stream, and carries
// bytes from then on.
type bridge struct {
	w     *world
	l     net.Listener
	conns sync.WaitGroup
}

// newBridge returns a bridge, and its URL.
func newBridge(t *testing.T, w *world) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bridge{w: w, l: l}
	b.conns.Go(b.serve)
	t.Cleanup(func() { l.Close(); b.conns.Wait() })
	return "ws://" + l.Addr().String()
}

func (b *bridge) serve() {
	for {
		nc, err := b.l.Accept()
		if err != nil {
			return
		}
		b.conns.Go(func() {
			defer nc.Close()
			b.carry(nc.(*net.TCPConn))
		})
	}
}

// carry serves one connection.
func (b *bridge) carry(nc *net.TCPConn) {
	br := bufio.NewReader(nc)
	r, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	s, resp, err := b.w.open(context.Background(), b.asStream(r))
	if err != nil {
		return
	}
	defer s.Close()
	if resp.StatusCode != http.StatusOK {
		resp.Write(nc)
		return
	}
	resp.StatusCode, resp.Status, resp.Body = http.StatusSwitchingProtocols, "", nil
	resp.ProtoMajor, resp.ProtoMinor = 1, 1
	resp.Header.Set("Upgrade", "websocket")
	resp.Header.Set("Connection", "Upgrade")
	resp.Header.Set("Sec-WebSocket-Accept", websocket.AcceptKey(r.Header.Get("Sec-WebSocket-Key")))
	if resp.Write(nc) != nil {
		return
	}
	var up sync.WaitGroup
	up.Go(func() {
		io.Copy(s, br)
		s.CloseWrite()
	})
	io.Copy(nc, s)
	nc.CloseWrite()
	up.Wait()
}

// asStream makes an extended CONNECT of an upgrade (RFC 8441, Section 5).
func (b *bridge) asStream(r *http.Request) *http.Request {
	out, err := http.NewRequest(http.MethodConnect, b.w.URL+r.URL.RequestURI(), nil)
	if err != nil {
		panic(err) // of a URL that has been parsed
	}
	for name, values := range r.Header {
		switch name {
		case "Connection", "Upgrade", "Sec-Websocket-Key", "Host":
		default:
			out.Header[name] = values
		}
	}
	out.Header[":protocol"] = []string{"websocket"}
	return out
}

// whole is for the cases that take minutes: those of sizes and of compression, of which there are hundreds.
var whole = flag.Bool("suite", false, "play all cases of the conformance suite over HTTP/2")

// TestHTTP2Suite protects the server over streams by the suite, with TLS and without: nothing but what is informational may be
// other than OK.
func TestHTTP2Suite(t *testing.T) {
	for name, test := range map[string]struct {
		url   func(*testing.T, *world) string
		setUp []func(*world)
	}{
		"bridge":             {newBridge, nil},
		"HAProxy":            {newHAProxy, nil},
		"HAProxy, plaintext": {newHAProxy, []func(*world){plaintext}},
	} {
		t.Run(name, func(t *testing.T) {
			u := &websocket.Upgrader{Options: websocket.Options{
				ReadLimit: 64 << 20, Compression: &websocket.CompressionOptions{},
			}}
			h := u.Handler(func(c *websocket.Conn, r *http.Request) {
				if r.ProtoMajor != 2 {
					t.Errorf("over %s", r.Proto)
				}
				echo(c, r)
			})
			playSuite(t, test.url(t, newWorldOf(t, h, test.setUp...)))
		})
	}
}

// TestH2Suite protects both roles of package h2 in the same way: its client's streams to its server, and HAProxy's.
func TestH2Suite(t *testing.T) {
	serve := func(t *testing.T, config *tls.Config) *world {
		u := &websocket.Upgrader{Options: websocket.Options{ReadLimit: 64 << 20, Compression: &websocket.CompressionOptions{}}}
		addr := serveH2(t, u, echo, config)
		w := elsewhere("https://" + addr)
		w.Listener = listenerAt(addr)
		t.Cleanup(w.client.CloseIdleConnections)
		return w
	}
	t.Run("bridge", func(t *testing.T) {
		certificate := httptest.NewTLSServer(nil)
		defer certificate.Close()
		playSuite(t, newBridge(t, serve(t, &tls.Config{Certificates: certificate.TLS.Certificates, NextProtos: []string{"h2"}})))
	})
	t.Run("HAProxy", func(t *testing.T) { playSuite(t, newHAProxy(t, serve(t, nil))) })
}

// playSuite plays the suite against the server at a URL. What the server is given a second for in the original goes through a bridge or a
// proxy here, on machines that may be busy, and may take longer.
func playSuite(t *testing.T, url string) {
	// S1 is about the opening handshake of HTTP/1.1, which is the bridge's here, S4 about the memory of a process.
	cases := []string{"1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.1.1", "9.2.3", "10.*", "12.1.1", "13.3.1", "S3.*"}
	if *whole {
		cases = []string{"*", "S2.*", "S3.*"}
	}
	verdicts := map[string]int{}
	f := &autobahn.FuzzingClient{
		Spec: autobahn.ClientSpec{
			Servers: []autobahn.ServerSpec{{Agent: "http2", URL: url}},
			Cases:   cases,
			Options: autobahn.ProtocolOptions{OpenHandshakeTimeout: 30, CloseHandshakeTimeout: 30, ServerConnectionDropTimeout: 30},
		},
		Rounds: 20, Parallel: 4,
		Progress: func(r *autobahn.Result) {
			verdicts[string(r.Behavior)]++
			if r.Behavior != autobahn.OK && r.Behavior != autobahn.Informational {
				t.Errorf("%s: %s, %s", r.ID, r.Behavior, r.Result)
			}
		},
	}
	if _, err := f.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(verdicts)
}
