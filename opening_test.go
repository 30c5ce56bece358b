//go:build !js

package websocket

// This file tests our client against both our servers, on real sockets.

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// TestBothRoles protects the agreement of Dialer, Upgrade and UpgradeConn: they must make a connection, on which both
// sides know the same subprotocol.
func TestBothRoles(t *testing.T) {
	u := &Upgrader{Subprotocols: []string{"b", "a"}}
	subprotocol := make(chan string, 1)

	s := httptest.NewServer(u.Handler(func(c *Conn, r *http.Request) { subprotocol <- c.Subprotocol() }))
	defer s.Close()

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			c, err := u.UpgradeConn(t.Context(), nc, nil)
			if err != nil {
				t.Error(err)
				return
			}
			subprotocol <- c.Subprotocol()
			c.CloseNow()
		}
	}()

	for name, addr := range map[string]string{"Upgrade": s.Listener.Addr().String(), "UpgradeConn": ln.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			d := Dialer{Subprotocols: []string{"a", "b"}}
			c, resp, err := d.Dial(context.Background(), "ws://"+addr+"/path?query")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if resp.StatusCode != 101 || resp.Body != http.NoBody {
				t.Errorf("response %v with body %v", resp.Status, resp.Body)
			}
			if server := <-subprotocol; server != "b" || c.Subprotocol() != "b" {
				t.Errorf("subprotocol %q at the server, %q at the client, want b", server, c.Subprotocol())
			}
		})
	}
}

// TestAgreement protects what ServerConn and ClientConn are told about a handshake that was made elsewhere: the
// subprotocol, the compression, with options that say nothing about it too, and what was read behind the head.
func TestAgreement(t *testing.T) {
	for _, o := range []*Options{nil, {}, {Compression: &compress.Options{Level: compress.Fastest}}} {
		for _, client := range []bool{false, true} {
			p := compress.Params{ServerMaxWindowBits: 15, ClientMaxWindowBits: 12}
			agreed := Agreement{Subprotocol: "chat", Compression: &p}
			make1, make2 := ServerConn, ClientConn
			if client {
				make1, make2 = make2, make1
			}
			frame := []byte{0x81, 2, 'h', 'i'}
			if !client {
				frame = []byte{0x81, 0x82, 0, 0, 0, 0, 'h', 'i'}
			}
			a, b := tcpPair(t)
			c, other := make1(a, o, agreed, frame), make2(b, o, agreed, nil)
			clear(frame) // it was copied
			if got, ok := c.Compression(); !ok || got != p || c.Subprotocol() != "chat" {
				t.Errorf("client %v: compression %+v, %v, subprotocol %q", client, got, ok, c.Subprotocol())
			}
			m, err := c.Read(t.Context())
			wantMessage(t, m.Op, m.Data, err, "hi")
			long := strings.Repeat("squeeze ", 100)
			if err := other.Write(t.Context(), OpText, []byte(long)); err != nil {
				t.Fatal(err)
			}
			m, err = c.Read(t.Context())
			wantMessage(t, m.Op, m.Data, err, long)
			if got := other.Stats().BytesOut; got > 100 {
				t.Errorf("client %v: %d bytes travelled for %d", client, got, len(long))
			}
			c.CloseNow()
			other.CloseNow()
		}
	}
}

// TestStreamBothRoles protects the agreement of DialStream and AcceptStream: what one sends the other accepts, and both know
// the same of it; and a refusal arrives with its body.
func TestStreamBothRoles(t *testing.T) {
	compression := Options{Compression: &compress.Options{}}
	for name, u := range map[string]*Upgrader{
		"accepts": {Options: compression, Subprotocols: []string{"chat"}},
		"refuses": {CheckOrigin: func(*http.Request, bool) bool { return false }},
	} {
		served := make(chan *Conn, 1)
		open := func(_ context.Context, r *http.Request) (stream net.Conn, resp *http.Response, _ error) {
			near, far := netpipe.New(pipeSize)
			c, _ := u.AcceptStream(r, r.Header.Get(":protocol"), func(answer *http.Response) (net.Conn, error) {
				resp = answer
				return far, nil
			})
			served <- c
			return near, resp, nil
		}
		d := Dialer{Options: compression, Subprotocols: []string{"other", "chat"}}
		c, resp, err := d.DialStream(t.Context(), "wss://example.com/chat", open)
		server := <-served
		if name == "refuses" {
			body, _ := io.ReadAll(resp.Body)
			if err == nil || resp.StatusCode != 403 || !strings.Contains(string(body), "Origin") {
				t.Errorf("%v, %v, %q", err, resp.Status, body)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		params, ok := c.Compression()
		other, _ := server.Compression()
		if !ok || params != other || c.Subprotocol() != "chat" || server.Subprotocol() != "chat" {
			t.Errorf("the client has %+v and %q, the server %+v and %q", params, c.Subprotocol(), other, server.Subprotocol())
		}
		c.CloseNow()
		server.CloseNow()
	}
}
