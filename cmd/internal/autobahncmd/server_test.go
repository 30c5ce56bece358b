package autobahncmd

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

// TestComplete protects the exit status from a driver that ends before it has run every case: what is missing must not
// pass for right.
func TestComplete(t *testing.T) {
	report := autobahn.NewReport()
	if complete(report, 1) == nil {
		t.Error("no results are complete")
	}
	report.Add(&autobahn.Result{Agent: "a", ID: "1.1.1"})
	report.Add(&autobahn.Result{Agent: "b", ID: "1.1.2"})
	if complete(report, 2) == nil {
		t.Error("halves of two agents are complete")
	}
	report.Add(&autobahn.Result{Agent: "a", ID: "1.1.2"})
	if err := complete(report, 2); err != nil {
		t.Error(err)
	}
}
