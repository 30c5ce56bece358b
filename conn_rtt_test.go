package websocket

// This file tests what Stats says of the time to the peer and back.

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestKeepaliveFarPeer protects that RTT is measured where the keepalive's interval is shorter than the way to the peer and back, so that
// there are newer pings whenever a pong comes.
func TestKeepaliveFarPeer(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{PingInterval: time.Second})
		c.CloseRead(t.Context())
		for i := range 3 {
			p.expect(OpPing, pingPayload(i+1))
			time.Sleep(time.Second / 2)
			p.send(OpText, "message")
		}
		p.send(OpPong, pingPayload(1))
		synctest.Wait()
		if rtt := c.Stats().RTT; rtt != 7*time.Second/2 {
			t.Errorf("RTT is %v, want the time between the first ping and its pong", rtt)
		}
		p.send(OpPong, pingPayload(3))
		p.expect(OpPing, pingPayload(4))
		time.Sleep(2 * time.Second)
		p.send(OpPong, pingPayload(4))
		synctest.Wait()
		if rtt := c.Stats().RTT; rtt != 2*time.Second {
			t.Errorf("RTT is %v, want that of the next ping that was sent", rtt)
		}
		c.CloseNow()
	})
}

// TestPingRTT protects that a pong that answers a Ping and a ping of the keepalive's gives the time since the later of them.
func TestPingRTT(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{PingInterval: time.Minute})
		c.CloseRead(t.Context())
		rtts := make(chan time.Duration, 1)
		ping := func() {
			rtt, err := c.Ping(t.Context())
			if err != nil {
				t.Error(err)
			}
			rtts <- rtt
		}
		p.expect(OpPing, pingPayload(1)) // the keepalive's
		time.Sleep(3 * time.Second)
		go ping()
		p.expect(OpPing, pingPayload(2))
		time.Sleep(2 * time.Second)
		p.send(OpPong, pingPayload(2))
		synctest.Wait()
		if rtt, ping := c.Stats().RTT, <-rtts; rtt != 2*time.Second || ping != rtt {
			t.Errorf("RTT is %v, that of Ping %v, want that of Ping", rtt, ping)
		}
		time.Sleep(time.Minute - time.Second)
		go ping()
		p.expect(OpPing, pingPayload(3))
		p.expect(OpPing, pingPayload(4)) // the keepalive's, a second later
		time.Sleep(2 * time.Second)
		p.send(OpPong, pingPayload(4))
		synctest.Wait()
		if rtt, ping := c.Stats().RTT, <-rtts; rtt != 2*time.Second || ping != 3*time.Second {
			t.Errorf("RTT is %v, that of Ping %v, want that of the keepalive's ping", rtt, ping)
		}
		c.CloseNow()
	})
}
