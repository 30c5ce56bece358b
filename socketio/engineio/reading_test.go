package engineio

// This file tests that reading pauses.

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// TestPauseReading protects that what comes behind the message in which reading was paused is delivered when it goes on, on goroutines and on
// loops, all of it and in order; that the ping timeout stands still meanwhile, with pings; and that a session that is paused ends by Close.
func TestPauseReading(t *testing.T) {
	for _, n := range []int{0, 2} {
		o := testOptions()
		o.Loops = n
		inWorld(t, o, func(w *world) {
			w.message = func(s *Session, _ websocket.Opcode, data []byte) {
				if string(data) == "pause" {
					s.PauseReading()
				}
			}
			p, _ := w.websocket()
			p.send("4pause")
			p.send("4a")
			p.send("4b")
			for begun := time.Now(); time.Since(begun) < 10*time.Second; {
				p.expect("2")
				p.send("3")
			}
			w.expect(t, "open", "text pause")
			w.session().ResumeReading()
			w.expect(t, "text a", "text b")
			p.send("4pause")
			p.send("4c")
			w.expect(t, "text pause")
			w.session().Close()
			synctest.Wait()
			w.expect(t, "close: forced close")
			p.CloseNow()
		})
	}
}
