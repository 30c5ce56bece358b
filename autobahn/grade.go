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

func (r *run) gradeEvents() {
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
	switch {
	case want.ClosedByMe != res.ClosedByMe:
		res.BehaviorClose, res.ResultClose = Failed, "The wrong endpoint closed the connection."
		if want.WrongIsFatal {
			res.Behavior, res.Result = Failed, res.ResultClose
		}
	case want.RequireClean && !res.WasClean:
		res.BehaviorClose, res.ResultClose = Unclean, "A clean closing handshake is required here."
	case res.RemoteCloseCode != nil && !slices.Contains(want.CloseCode, *res.RemoteCloseCode):
		codes := strings.Trim(strings.ReplaceAll(fmt.Sprint(want.CloseCode), " ", ", "), "[]")
		res.BehaviorClose, res.ResultClose = WrongCode, "The close code should be "+codes+" or none."
	case !r.isServer && res.DroppedByMe:
		res.BehaviorClose, res.ResultClose = FailedByClient, "The server should be the one to close the TCP connection."
	default:
		res.BehaviorClose, res.ResultClose = OK, "The connection was closed properly."
	}
}

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
