package websocket

// This file tests the keepalive in every form of reading over sockets, which cannot live in a bubble: by the order of what
// happens, and not by times.

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"
)

// socketPeers are what kinds of peer answer to a ping, given how many have come. A dead one answers nothing.
var socketPeers = map[string]func(p *peer, payload string, n int) []byte{
	"dead":     nil,
	"pongs":    func(p *peer, payload string, _ int) []byte { return p.frame(true, OpPong, payload) },
	"messages": func(p *peer, _ string, _ int) []byte { return p.message("a message") },
	"trickles": func(p *peer, _ string, n int) []byte { return p.message("one byte of this for each ping")[n : n+1] },
}

// TestKeepaliveSockets protects that a peer is pinged again and again as long as it sends anything, and given up behind pings if it
// does not, over every kind of socket.
func TestKeepaliveSockets_5_5_2(t *testing.T) {
	forms := map[string]func(*Conn) error{"reads that are cancelled often": cancelledReads(time.Millisecond)}
	for form, read := range untilEnd {
		forms[form] = read
	}
	for network, pair := range socketPairs {
		for form, read := range forms {
			for name, answer := range socketPeers {
				for _, client := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/%s/client=%v", network, form, name, client), func(t *testing.T) {
						t.Parallel()
						a, b := pair(t)
						keptAlive(t, a, b, client, read, answer)
					})
				}
			}
		}
	}
}

func keptAlive(t *testing.T, nc, far net.Conn, client bool, read func(*Conn) error, answer func(*peer, string, int) []byte) {
	const pings = 5
	o := &Options{PingInterval: 5 * time.Millisecond, PongTimeout: time.Hour} // whoever answers would wait for the second ping
	if answer == nil {
		o.PongTimeout = 5 * time.Millisecond
	}
	c, p := connOver(t, nc, client, o), peerOver(t, far, !client)
	ended := inGoroutine(func() error { return read(c) })
	for n := range pings {
		h, payload, err := p.next()
		if err != nil || h.Opcode != OpPing {
			t.Fatalf("ping %d: peer got %+v, %v", n, h, err)
		}
		if answer == nil {
			break
		}
		p.write(answer(p, string(payload), n))
	}
	if answer != nil {
		select {
		case err := <-ended:
			t.Errorf("the peer is alive: %v", err)
		default:
		}
		c.CloseNow()
		<-ended
		return
	}
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	for {
		h, payload, err := p.next()
		if err != nil {
			break
		}
		if h.Opcode != OpPing { // it is asked again where the time was up before somebody waited
			t.Errorf("the peer is dead, and gets %+v %q", h, payload)
		}
	}
}
