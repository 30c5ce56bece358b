package main

import (
	"fmt"
	"testing"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

// notOK are the cases in which the library need not be OK, and why.
var notOK = map[string]string{
	"7.1.6":   "the catalogue has no other outcome",
	"7.13.1":  "the catalogue has no other outcome",
	"7.13.2":  "the catalogue has no other outcome",
	"S1.2.12": "the catalogue has no other outcome: the zero Upgrader refuses foreign origins, as RFC 6455, Section 10.2, allows",
}

// TestGolden keeps make conformance from being made to pass by a change of what it expects: every case of the catalogue
// is in the committed reports, and whatever is not OK is INFORMATIONAL and has a reason.
func TestGolden(t *testing.T) {
	for role, name := range map[autobahn.Role]string{autobahn.Servers: "server", autobahn.Clients: "client"} {
		reports, err := autobahn.ReadVerdicts("golden/" + name)
		if err != nil {
			t.Fatal(err)
		}
		verdicts := reports[name]
		if len(reports) != 1 {
			t.Fatalf("%s: the report is of %d agents", name, len(reports))
		}
		var missing []string
		cases := 0
		for _, c := range autobahn.Cases() {
			if c.Roles&role == 0 {
				continue
			}
			cases++
			v, ok := verdicts[c.ID]
			if !ok {
				missing = append(missing, c.ID)
			}
			for _, o := range []autobahn.Outcome{v.Behavior, v.BehaviorClose} {
				if ok && o != autobahn.OK && (o != autobahn.Informational || notOK[c.ID] == "") {
					t.Errorf("%s: %s is %s for the reason %q", name, c.ID, o, notOK[c.ID])
				}
			}
		}
		if missing != nil || len(verdicts) != cases {
			t.Errorf("%s: %d cases, want %d; missing %s", name, len(verdicts), cases, fmt.Sprint(missing))
		}
	}
}
