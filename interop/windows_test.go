package interop

// This file tests what can be agreed on about permessage-deflate with Node's ws package, which has an option for each of
// its parameters: windows of 8 to 15 bits and context takeover, in both directions.

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/chromium"
)

// deflate is what ws wants of compression, field by field as in compress.Params; 0 bits mean what it wants by itself.
type deflate struct {
	ServerNoContextTakeover bool `json:"serverNoContextTakeover,omitempty"`
	ClientNoContextTakeover bool `json:"clientNoContextTakeover,omitempty"`
	ServerMaxWindowBits     int  `json:"serverMaxWindowBits,omitempty"`
	ClientMaxWindowBits     int  `json:"clientMaxWindowBits,omitempty"`
}

// bits are all sizes of windows.
var bits = []int{8, 9, 10, 11, 12, 13, 14, 15}

// TestWindowsForNode protects that the library does what ws asks for, with every pair of windows, with and without
// context takeover, in both roles.
func TestWindowsForNode(t *testing.T) {
	for _, server := range bits {
		for _, client := range bits {
			for _, alone := range []bool{false, true} {
				want := compress.Params{ServerMaxWindowBits: server, ClientMaxWindowBits: client, ServerNoContextTakeover: alone, ClientNoContextTakeover: alone}
				runWindows(t, opening{compress: true, peer: deflate(want)}, want)
			}
		}
	}
}

// TestWindowsForUs protects that ws understands what the library asks for.
func TestWindowsForUs(t *testing.T) {
	for i, server := range bits {
		for _, alone := range []bool{false, true} {
			client := bits[len(bits)-1-i]
			want := compress.Params{ServerMaxWindowBits: server, ClientMaxWindowBits: client, ServerNoContextTakeover: alone, ClientNoContextTakeover: alone}
			runWindows(t, opening{compress: true, own: compress.Options{
				FromServer: compress.Direction{MaxWindowBits: server, NoContextTakeover: alone}, FromClient: compress.Direction{MaxWindowBits: client, NoContextTakeover: alone},
			}}, want)
		}
	}
}

// runWindows exchanges messages with ws in both roles, and requires that want was agreed on.
func runWindows(t *testing.T, o opening, want compress.Params) {
	for name, peers := range map[string][2]peer{"node is the client": {nodePeer, ownPeer{}}, "node is the server": {ownPeer{}, nodePeer}} {
		t.Run(fmt.Sprintf("%s/%d,%d,%v", name, want.ServerMaxWindowBits, want.ClientMaxWindowBits, want.ServerNoContextTakeover), func(t *testing.T) {
			runExchange(t, peers[0], peers[1], o, func(ctx context.Context, client, server endpoint) error {
				for _, e := range []endpoint{client, server} {
					if own, ok := e.(*ownEndpoint); ok {
						if got, _ := own.conn.Compression(); got != want {
							return fmt.Errorf("agreed on %+v, want %+v", got, want)
						}
					}
				}
				return windows(ctx, client, server)
			})
		})
	}
}

// windows carries messages that refer as far back as any window reaches: sizes below and above each of them, repeated,
// and some that do not compress between.
func windows(ctx context.Context, client, server endpoint) error {
	phrase := "the same words come back after a while; "
	for _, n := range []int{10, 250, 260, 1000, 5000, 40_000} {
		text := []byte(strings.Repeat(phrase, n/len(phrase)+1)[:n])
		for _, run := range []func(context.Context, endpoint, endpoint) error{
			carry(websocket.OpBinary, noise(n)), carry(websocket.OpText, text), carry(websocket.OpBinary, append(noise(n), text...)),
		} {
			if err := run(ctx, client, server); err != nil {
				return fmt.Errorf("%d bytes: %w", n, err)
			}
		}
	}
	return nil
}

// TestWindowsForOthers protects that servers which cannot limit their window are asked by a client that insists to do
// without context takeover instead. One that does not insist makes one offer, which coder's server declines, and gets a
// connection in any case; without takeover it is compressed.
func TestWindowsForOthers(t *testing.T) {
	window := compress.Options{FromServer: compress.Direction{MaxWindowBits: 10}, FromClient: compress.Direction{MaxWindowBits: 9}}
	insisting := window
	insisting.Strict = true
	alone := compress.Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 15}
	for name, row := range map[string]struct {
		server peer
		own    compress.Options
		want   compress.Params // but for what the client does
	}{
		"gorilla strict":     {gorillaPeer{}, insisting, alone},
		"gorilla":            {gorillaPeer{}, window, alone},
		"coder strict":       {coderPeer{}, insisting, alone},
		"coder":              {coderPeer{}, window, compress.Params{}},
		"coder, no takeover": {coderPeer{}, compress.Options{FromServer: compress.Direction{NoContextTakeover: true}}, alone},
	} {
		t.Run(name, func(t *testing.T) {
			o := opening{compress: true, declined: row.want == compress.Params{}, own: row.own}
			runExchange(t, ownPeer{}, row.server, o, func(ctx context.Context, client, server endpoint) error {
				got, _ := client.(*ownEndpoint).conn.Compression()
				got.ClientNoContextTakeover, got.ClientMaxWindowBits = false, 0
				if got != row.want {
					return fmt.Errorf("agreed on %+v, want %+v", got, row.want)
				}
				return windows(ctx, client, server)
			})
		})
	}
}

// TestWindowsForBrowser protects that Chromium obeys what the library tells it, and that each reads what the other has
// compressed by it.
func TestWindowsForBrowser(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	t.Cleanup(cancel)
	page := startServe(ctx, t, buildTool(ctx, t))
	b := chromium.Start(ctx, t)
	text := strings.Repeat("the same words come back after a while; ", 100)
	for _, want := range []compress.Params{
		{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15},
		{ServerMaxWindowBits: 8, ClientMaxWindowBits: 8},
		{ServerMaxWindowBits: 9, ClientMaxWindowBits: 11},
		{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15, ServerNoContextTakeover: true, ClientNoContextTakeover: true},
		{ServerMaxWindowBits: 10, ClientMaxWindowBits: 9, ClientNoContextTakeover: true},
	} {
		t.Run(fmt.Sprintf("%+v", want), func(t *testing.T) {
			u := &websocket.Upgrader{Origins: []string{page.host}, Options: websocket.Options{Compression: &compress.Options{
				FromServer: compress.Direction{MaxWindowBits: want.ServerMaxWindowBits, NoContextTakeover: want.ServerNoContextTakeover}, FromClient: compress.Direction{MaxWindowBits: want.ClientMaxWindowBits, NoContextTakeover: want.ClientNoContextTakeover},
			}}}
			url := serveHTTP(t, u.Handler(func(conn *websocket.Conn, _ *http.Request) {
				if got, ok := conn.Compression(); !ok || got != want {
					t.Errorf("agreed on %+v, %v", got, ok)
				}
				for msg, err := range conn.MessagesInPlace(ctx) {
					if err != nil || conn.Write(ctx, msg.Op, msg.Data) != nil {
						return
					}
				}
			}))
			tab := open(ctx, t, b, "http://"+page.host+"/")
			tab.Set("url", url)
			tab.Click("#connect")
			tab.waitForEntry("event", "open")
			for i := range 3 {
				tab.send("text", fmt.Sprint(i, text))
				tab.waitForEntry("received", "text", "4,001 bytes", fmt.Sprint(i, text[:20]))
				tab.send("random", fmt.Sprint(50_000+i))
				tab.waitForEntry("received", "binary", fmt.Sprintf("50,00%d bytes", i))
			}
			tab.close("1000", "")
			tab.waitForEntry("received", "close", "1000")
		})
	}
}
