package engineio

// This file tests the way from polling to WebSocket, and the two points where requests race with it.

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// TestPollDuringProbe protects that a poll that is pending when the probe is answered ends at once, that one that comes later is held for a
// moment, every time, and that a message does not wait for that.
func TestPollDuringProbe(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		pending := w.later("GET", q, "")
		p := w.probe(q)
		w.got(<-pending, 200, "6")
		for range 2 {
			start := time.Now()
			w.got(w.do("GET", q, ""), 200, "6")
			if d := time.Since(start); d != holdProbed {
				t.Error(d)
			}
		}
		held := w.later("GET", q, "")
		w.session().Send(websocket.OpText, []byte("x"))
		w.got(<-held, 200, "4x")

		held = w.later("GET", q, "")
		p.send("5")
		w.got(<-held, 400, `{"code":3,"message":"Bad request"}`)
		p.send("4y")
		p.expect("4y")
		w.expect(t, "open", "text y")
		p.CloseNow()
	})
}

// TestUpgradeTakesWhatWaits protects the order and the kinds of what was sent for a poll that did not come.
func TestUpgradeTakesWhatWaits(t *testing.T) {
	for _, b64 := range []bool{false, true} {
		inWorld(t, nil, func(w *world) {
			q, binary := w.polling(), "\x01\x02\x03"
			if b64 {
				binary = "bAQID"
				q += "&b64=1"
			}
			p := w.probe(q)
			s := w.session()
			s.Send(websocket.OpText, []byte("one"))
			s.Send(websocket.OpBinary, []byte{1, 2, 3})
			p.send("5")
			synctest.Wait()
			s.Send(websocket.OpText, []byte("two"))
			p.expect("4one", binary, "4two")
			s.Send(websocket.OpBinary, []byte{1, 2, 3})
			p.expect(binary)
			p.CloseNow()
		})
	}
}

// TestBadProbes protects that anything but a probe and an upgrade ends the second transport only.
func TestBadProbes(t *testing.T) {
	for _, script := range [][]string{
		{"5"}, {"2"}, {"2prob"}, {"3probe"}, {"4x"}, {"1"}, {""}, {"abc"}, {"b"}, {"2probe", "4x"}, {"2probe", "2"}, {"2probe", "6"},
	} {
		inWorld(t, nil, func(w *world) {
			q := w.polling()
			p, _, err := w.dial(strings.Replace(q, "polling", "websocket", 1))
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range script {
				p.send(one)
			}
			if len(script) > 1 {
				p.expect("3probe")
			}
			p.closed(websocket.StatusNormalClosure)
			w.got(w.do("POST", q, "4y"), 200, "ok")
			w.got(w.do("GET", q, ""), 200, "4y")
			w.expect(t, "open", "text y")
			p = w.probe(q) // and another try is possible
			p.send("5")
			p.send("4z")
			p.expect("4z")
			p.CloseNow()
		})
	}
}

// TestAbandonedProbes protects that a probe that is given up, by silence, by a connection that ends or by the end of the session, leaves
// nothing.
func TestAbandonedProbes(t *testing.T) {
	o := testOptions()
	o.UpgradeTimeout, o.PingInterval = time.Second, time.Hour
	inWorld(t, o, func(w *world) {
		q := w.polling()
		p := w.probe(q)
		time.Sleep(time.Second - 1)
		held := w.later("GET", q, "") // the probe's end does not end it
		time.Sleep(time.Nanosecond)
		p.closed(websocket.StatusNormalClosure)
		time.Sleep(time.Second)
		if len(held) != 0 {
			t.Error("a poll that was held when the probe was given up has ended")
		}
		p = w.probe(q)
		w.got(<-held, 200, "6")
		p.CloseNow()
		synctest.Wait()
		p = w.probe(q)
		w.session().Close()
		p.closed(websocket.StatusNormalClosure)
		w.got(w.do("GET", q, ""), 200, "1")
		w.expect(t, "open", "close: forced close")
	})
}

// TestSecondProbe protects that there is one at a time, and that the second does not disturb the first.
func TestSecondProbe(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		p := w.probe(q)
		second, _, err := w.dial(strings.Replace(q, "polling", "websocket", 1))
		if err != nil {
			t.Fatal(err)
		}
		second.closed(websocket.StatusNormalClosure)
		if n := len(w.refusals()); n != 1 {
			t.Error(n)
		}
		p.send("5")
		p.send("4x")
		p.expect("4x")
		p.CloseNow()
	})
}

// TestUpgradeAmidPost protects that a client that upgrades while it still sends is closed: its messages would come out of order.
func TestUpgradeAmidPost(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		release := make(chan struct{})
		w.message = func(*Session, websocket.Opcode, []byte) { <-release }
		q := w.polling()
		post := w.later("POST", q, "4x")
		p := w.probe(q)
		p.send("5")
		p.closed(websocket.StatusNormalClosure)
		w.expect(t, "open", "text x")
		close(release)
		<-post
		w.expect(t, "close: transport error")
	})
}

// TestHeartbeatAcrossUpgrade protects that a pong counts whichever way it takes, and that the deadlines go on.
func TestHeartbeatAcrossUpgrade(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		w.got(w.do("GET", q, ""), 200, "2")
		p := w.probe(q)
		p.send("5")
		p.send("3")
		p.expect("2")
		w.expect(t, "open")
		time.Sleep(200 * time.Millisecond)
		w.expect(t, "close: ping timeout")
		p.CloseNow()
	})
}
