package h2

import (
	"sync"
	"time"
)

// deadline is one of a stream's, whose connection's mutex guards it.
type deadline struct {
	cond  *sync.Cond // of those who wait for it
	at    time.Time
	timer *time.Timer // wakes them then; made when first needed
}

// expired reports whether the deadline has passed.
func (d *deadline) expired() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// set moves it; the zero time is none.
func (d *deadline) set(t time.Time) {
	d.at = t
	d.stop()
	switch wait := time.Until(t); {
	case t.IsZero():
	case wait <= 0:
		d.cond.Broadcast()
	case d.timer == nil:
		d.timer = time.AfterFunc(wait, d.wake)
	default:
		d.timer.Reset(wait)
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

// wake lets those who wait look at the deadline.
func (d *deadline) wake() {
	d.cond.L.Lock()
	defer d.cond.L.Unlock()
	d.cond.Broadcast()
}
