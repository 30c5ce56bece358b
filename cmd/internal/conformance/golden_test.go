package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

// TestGolden keeps make conformance from being made to pass by a change of what it expects: every case of the catalogue
// is in the file, and whatever is not OK is INFORMATIONAL and has a reason.
func TestGolden(t *testing.T) {
	for role, name := range map[autobahn.Role]string{autobahn.Servers: "server", autobahn.Clients: "client"} {
		b, err := os.ReadFile("golden/" + name + ".tsv")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(string(b)) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			outcome, reason, _ := strings.Cut(strings.TrimSpace(line), "#")
			f := strings.Fields(outcome)
			if len(f) != 3 {
				t.Fatalf("%s: not three columns: %q", name, line)
			}
			got = append(got, f[0])
			for _, o := range f[1:] {
				if o != "OK" && (o != "INFORMATIONAL" || reason == "") {
					t.Errorf("%s: %s is %s for the reason %q", name, f[0], o, reason)
				}
			}
		}
		var want []string
		for _, c := range autobahn.Cases() {
			if c.Roles&role != 0 {
				want = append(want, c.ID)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the cases are not those of the catalogue:\n%v\nwant:\n%v", name, got, want)
		}
	}
}
