//go:build more

package interop

// This file runs the exchanges with further peers, in Python and Node, and connections through real proxies of SOCKS5 and CONNECT:
// make interop-more. Each peer's file says what it is.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// python is that of Debian, which has its packages.
const python = "/usr/bin/python3"

// furtherPeer is a peer, and what it cannot be asked to do.
type furtherPeer struct {
	name    string
	program processPeer
	client  bool     // it is no server
	never   []string // exchanges that it cannot have, by the beginning of their names
	closes  []string // close codes that it cannot begin with
	streams bool     // it can send fragments
}

var furtherPeers = []furtherPeer{
	{name: "websockets", program: processPeer{python, "python/peer_websockets.py"}, streams: true},
	{name: "aiohttp", program: processPeer{python, "python/peer_aiohttp.py"}, closes: []string{"close without"}},
	{name: "tornado", program: processPeer{python, "python/peer_tornado.py"}},
	{name: "faye", program: processPeer{"node", "node/faye.js"}, never: []string{"close without"}, // for it that is 1000
		closes: []string{"close 1001", "close 1011"}},
	{name: "undici", program: processPeer{"node", "node/undici.js"}, client: true, never: []string{"ping"},
		closes: []string{"close 1001", "close 1011"}},
}

// beginsAny reports whether a name begins with one of some.
func beginsAny(name string, beginnings []string) bool {
	return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(name, b) })
}

// TestMorePeers protects the promise that the library and every peer understand each other, with and without compression,
// whoever is the server.
func TestMorePeers(t *testing.T) {
	for _, p := range furtherPeers {
		for _, o := range openings {
			if o.subprotocol == "" { // the others have shown that they are agreed on
				o.subprotocol = "interop.v1"
				for _, x := range exchanges {
					p.exchange(t, o, x)
				}
			}
		}
	}
}

// exchange runs an exchange with p in both roles.
func (p furtherPeer) exchange(t *testing.T, o opening, x exchange) {
	closes := strings.HasPrefix(x.name, "close")
	if beginsAny(x.name, p.never) || strings.HasPrefix(x.name, "fragmented") && !p.streams {
		return
	}
	turned := func(ctx context.Context, client, server endpoint) error { return x.run(ctx, server, client) }
	name := p.name + "/" + o.name + "/" + x.name
	if !closes || !beginsAny(x.name, p.closes) {
		t.Run(name+"/it is the client", func(t *testing.T) { runExchange(t, p.program, ownPeer{}, o, x.run) })
	}
	if closes {
		t.Run(name+" by us/it is the client", func(t *testing.T) { runExchange(t, p.program, ownPeer{}, o, turned) })
	}
	if p.client {
		return
	}
	t.Run(name+"/it is the server", func(t *testing.T) { runExchange(t, ownPeer{}, p.program, o, x.run) })
	if closes && !beginsAny(x.name, p.closes) {
		t.Run(name+" by it/it is the server", func(t *testing.T) { runExchange(t, ownPeer{}, p.program, o, turned) })
	}
}

// TestMoreProxies protects that connections go through proxies that others have written, with and without a password, and that a
// wrong one is an error that says so.
func TestMoreProxies(t *testing.T) {
	up := new(websocket.Upgrader)
	server := httptest.NewServer(up.Handler(func(c *websocket.Conn, r *http.Request) {
		for m, err := range c.Messages(r.Context()) {
			if err == nil {
				c.Write(r.Context(), m.Op, m.Data)
			}
		}
	}))
	t.Cleanup(server.Close)
	for _, test := range []struct {
		scheme, user, right string // user is what the proxy wants, right what it is given
		works               bool
	}{
		{"socks5", "", "", true}, {"socks5", "me:secret", "me:secret", true}, {"socks5", "me:secret", "me:wrong", false},
		{"http", "", "", true}, {"http", "me:secret", "me:secret", true}, {"http", "me:secret", "me:wrong", false},
	} {
		t.Run(fmt.Sprint(test.scheme, " ", test.user, " ", test.right), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), exchangeTimeout)
			t.Cleanup(cancel)
			addr := startProxy(ctx, t, test.scheme, test.user)
			via := &url.URL{Scheme: test.scheme, Host: addr}
			if name, password, ok := strings.Cut(test.right, ":"); ok {
				via.User = url.UserPassword(name, password)
			}
			d := &websocket.Dialer{Proxy: func(*http.Request) (*url.URL, error) { return via, nil }}
			c, _, err := d.Dial(ctx, server.URL)
			var refused *websocket.ProxyError
			if !test.works {
				if !errors.As(err, &refused) || strings.Contains(err.Error(), "wrong") {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			for _, size := range []int{0, 1, 65536, 1 << 20} {
				sent := strings.Repeat("x", size)
				go c.Write(ctx, websocket.OpText, []byte(sent))
				if m, err := c.Read(ctx); err != nil || string(m.Data) != sent {
					t.Fatalf("%d bytes came back as %d: %v", size, len(m.Data), err)
				}
			}
			if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// startProxy starts microsocks or tinyproxy, and returns the address.
func startProxy(ctx context.Context, t *testing.T, scheme, user string) (addr string) {
	addr = freeAddr(t)
	host, port, _ := strings.Cut(addr, ":")
	name, password, protected := strings.Cut(user, ":")
	if scheme == "socks5" {
		command := []string{"microsocks", "-i", host, "-p", port}
		if protected {
			command = append(command, "-u", name, "-P", password)
		}
		run(ctx, t, command, addr)
		return addr
	}
	text := "Port " + port + "\nListen " + host + "\nTimeout 600\nMaxClients 10\nAllow 127.0.0.1\n"
	if protected {
		text += "BasicAuth " + name + " " + password + "\n"
	}
	file := filepath.Join(t.TempDir(), "tinyproxy.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(ctx, t, []string{"tinyproxy", "-d", "-c", file}, addr)
	return addr
}
