package h2

// This file holds what bounds the work that a peer causes without sending anything that is of use.

import "time"

const (
	allowanceMost  = 1000 // frames that may come at once
	allowanceEvery = 10 * time.Millisecond
	allowanceEarn  = 2 // a frame of data, either way, may have an update of each of its windows
)

// allowance is how many frames of a connection may still come that carry nothing: PING, SETTINGS, RST_STREAM, PRIORITY, CONTINUATION,
// DATA without a byte, WINDOW_UPDATE by little, frames of unknown types, and requests that are malformed or beyond the bound on streams. Each of them costs an answer, or
// some work, and none has a bound of its own. It grows with time and with data; whoever has used it up loses the connection.
type allowance struct {
	left int
	at   time.Time // up to when time has been counted
}

// spend takes one away. now is asked only when there is none.
func (a *allowance) spend(now func() time.Time) error {
	if a.left == 0 {
		a.refill(now())
	}
	if a.left == 0 {
		// RFC 9113, Section 10.5: "An endpoint MAY treat activity that is suspicious as a connection error [...] of type
		// ENHANCE_YOUR_CALM."
		return violation(EnhanceYourCalm, "too many frames that carry nothing (Section 10.5)")
	}
	a.left--
	return nil
}

// earn adds what a frame of data is worth.
func (a *allowance) earn() { a.left = min(a.left+allowanceEarn, allowanceMost) }

// refill adds what has come of time. The allowance is full when the first is spent.
func (a *allowance) refill(now time.Time) {
	if a.at.IsZero() {
		a.left, a.at = allowanceMost, now
		return
	}
	n := now.Sub(a.at) / allowanceEvery
	a.at = a.at.Add(n * allowanceEvery)
	a.left = int(min(time.Duration(a.left)+n, allowanceMost))
}
