package autobahn

// This file judges a finished run by the original's rules.

import (
	"fmt"
	"slices"
	"strings"
)

// grade fills in the verdict. Before it, Behavior holds FAILED or what the script itself decided.
func (r *run) grade() {
	res := r.res
	switch {
	case r.closeMoot:
		res.BehaviorClose, res.ResultClose = OK, "How the connection ends is not graded."
	case !r.opened:
		res.BehaviorClose, res.ResultClose = Failed, "The opening handshake was not completed."
		if r.note == "" {
			res.Result = res.ResultClose
		}
	default:
		r.gradeEvents()
		r.gradeClose()
	}
	if r.c.judge != nil {
		r.c.judge(r)
	}
}

const eventsDiffer = "The events received differ from those expected."

func (r *run) gradeEvents() {
	if r.rx.late {
		r.decide(Failed, asSentence(r.cause()))
		return
	}
	if r.res.Behavior == Unimplemented {
		return
	}
	for _, e := range r.c.expect {
		if slices.Equal(r.res.Received, e.events) {
			r.res.Behavior, r.res.Result = e.outcome, "The events received are those expected."
			return
		}
	}
}

func (r *run) gradeClose() {
	res, want := r.res, r.wantClose
	grade := func(o Outcome, what string) { res.BehaviorClose, res.ResultClose = o, r.because(what) }
	switch {
	case want.ClosedByMe != res.ClosedByMe:
		grade(Failed, "The wrong endpoint closed the connection")
		if want.WrongIsFatal {
			res.Behavior, res.Result = Failed, res.ResultClose
		}
	case want.RequireClean && !res.WasClean, r.rx.late:
		grade(Unclean, "A clean closing handshake is required here")
	case res.RemoteCloseCode != nil && !slices.Contains(want.CloseCode, *res.RemoteCloseCode):
		codes := strings.Trim(strings.ReplaceAll(fmt.Sprint(want.CloseCode), " ", ", "), "[]")
		grade(WrongCode, fmt.Sprintf("The close code is %d and should be %s or none", *res.RemoteCloseCode, codes))
	case !r.isServer && res.DroppedByMe:
		grade(FailedByClient, "The server should be the one to close the TCP connection")
	default:
		res.BehaviorClose, res.ResultClose = OK, "The connection was closed properly."
	}
}

// because adds to what a closing is graded by the reason why it came to that.
func (r *run) because(what string) string {
	why := r.cause()
	if why == "" && r.res.WasNotCleanReason != nil && !r.res.WasClean {
		why = *r.res.WasNotCleanReason
	}
	if why == "" {
		return what + "."
	}
	return what + ": " + why + "."
}

// asSentence begins s with a capital and ends it with a full stop.
func asSentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// done tells whether the events received are all that any outcome expects.
func (r *run) done() bool {
	for _, e := range r.c.expect {
		if !slices.Equal(r.res.Received, e.events) {
			return false
		}
	}
	return true
}

// codeDecides makes a wrong close code a failed case: section 7 judges by it.
func codeDecides(r *run) {
	if r.res.BehaviorClose == WrongCode {
		r.res.Behavior, r.res.Result = Failed, r.res.ResultClose
	}
}
