package autobahn

// This file is the vocabulary in which the catalogue is written: what a script does, and what a case expects.

import (
	"time"
)

// A step is one act of a script. It runs on the goroutine of the run and may wait there, by pumping.
type step func(*run)

// send sends frames as they are written down, whatever they are.
func send(frames ...frame) step {
	return func(r *run) {
		for _, f := range frames {
			r.sendFrame(f)
		}
	}
}

// message sends one whole message in fragments of at most fragment octets (0: one frame), compressed if that was agreed.
func message(opcode byte, payload string, fragment int) step {
	return func(r *run) { r.sendMessage(opcode, []byte(payload), fragment) }
}

// closeWith starts the closing handshake with the code and reason; a code below zero sends the reason alone.
func closeWith(code int, reason string) step {
	return func(r *run) { r.sendClose(code, reason) }
}

// wait lets time pass while the suite listens.
func wait(d time.Duration) step {
	return func(r *run) { r.wait(d, nil) }
}

// waitOpen lets time pass and ends the script unless the connection is still open then; if it is, the script has
// received a timeout event with the tag.
func waitOpen(d time.Duration, tag string) step {
	return func(r *run) {
		r.wait(d, tag)
		if r.state != open {
			r.ended = true
			return
		}
		r.receive(timedOut(tag))
	}
}

// kill fails the connection after d, unless it is closed by then. The script goes on at once.
func kill(d time.Duration) step {
	return func(r *run) {
		r.logRow("KL", d.Seconds())
		r.after(d, func() {
			r.logRow("KLE")
			r.fail(1001, "going away")
		})
	}
}

// closeAfter starts the closing handshake after d, unless the connection is closed by then. The script goes on at once.
func closeAfter(d time.Duration) step {
	return func(r *run) {
		r.logRow("TI", d.Seconds())
		r.after(d, func() {
			r.logRow("TIE")
			r.sendClose(-1, "")
		})
	}
}

// expected is what a case wants to have received, for one outcome.
type expected struct {
	outcome Outcome
	events  []event
}

// want expects the events for OK; wantNothing expects none.
func want(events ...event) []expected { return []expected{{OK, events}} }

func wantNothing() []expected { return want() }

// wantOr expects the events for OK, and takes less for NON-STRICT.
func wantOr(ok []event, nonStrict ...event) []expected {
	return []expected{{OK, ok}, {NonStrict, nonStrict}}
}

// expectedClose is how a case wants the connection to end.
type expectedClose struct {
	CloseCode    []int `json:"closeCode"` // codes that the endpoint may send; it may always send none
	ClosedByMe   bool  `json:"closedByMe"`
	WrongIsFatal bool  `json:"closedByWrongEndpointIsFatal,omitempty"`
	RequireClean bool  `json:"requireClean"`
}

// weClose: the suite starts the closing handshake with the first code and the endpoint answers it properly.
func weClose(codes ...int) expectedClose {
	return expectedClose{CloseCode: codes, ClosedByMe: true, RequireClean: true}
}

// weCloseBadly: the suite starts a closing handshake that is wrong; the endpoint fails the connection with one of the
// codes or drops it.
func weCloseBadly(codes ...int) expectedClose {
	return expectedClose{CloseCode: codes, ClosedByMe: true}
}

// theyFail: the endpoint fails the connection, with one of the codes or by dropping it.
func theyFail(codes ...int) expectedClose { return expectedClose{CloseCode: codes} }

// theyMustFail is theyFail where an endpoint that does not notice has not passed, whatever it sent.
func theyMustFail(codes ...int) expectedClose {
	return expectedClose{CloseCode: codes, WrongIsFatal: true}
}
