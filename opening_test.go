package websocket

// This file tests our client against both our servers, on real sockets.

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
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
