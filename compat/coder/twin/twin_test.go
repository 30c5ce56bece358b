package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The differences that are meant, by the paragraph of ../doc.go that tells of each.
const (
	spelling = "Fields are written in another way"
	reasons  = "Reasons of close frames"
	again    = "Errors repeat how the connection ended"
	hijacker = "Status 500 instead of 501"
)

// differences are the rows whose results are not coder's.
var differences = map[string]string{
	"Accept: compression without takeover": spelling,
	"Accept: no Hijacker":                  hijacker,
	"Dial: compression with takeover":      spelling,
	"Dial: compression without takeover":   spelling,
	"Dial: subprotocols":                   spelling,
	"NetConn: another type":                reasons,
	"calls after the peer has closed":      again,
	"read limit":                           reasons,
	"read limit: set":                      reasons,
}

// resultsBy returns the results of this program, built by a go.mod of that name.
func resultsBy(t *testing.T, modfile string) map[string]string {
	t.Helper()
	cmd := exec.Command("go", "run", ".")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-modfile="+modfile)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go run -modfile=%s: %v", modfile, err)
	}
	var got map[string]string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestTwins compares coder with the shim, row by row and identifier by identifier.
func TestTwins(t *testing.T) {
	original, shim := resultsBy(t, "go.mod"), resultsBy(t, "shim.mod")
	if len(original) < 120 {
		t.Errorf("only %d rows", len(original))
	}
	names := maps.Clone(original)
	maps.Copy(names, shim)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		t.Run(name, func(t *testing.T) {
			equal := original[name] == shim[name]
			why, meant := differences[name]
			switch {
			case !equal && !meant:
				t.Errorf("coder:   %s\nshim:    %s", original[name], shim[name])
			case equal && meant:
				t.Errorf("no difference, though the list has one (%q): %s", why, shim[name])
			}
		})
	}
	for name := range differences {
		if _, ok := names[name]; !ok {
			t.Errorf("the list has %q, which is no row", name)
		}
	}
}

// TestDifferencesAreTold looks for each of the differences in the documentation.
func TestDifferencesAreTold(t *testing.T) {
	doc, err := os.ReadFile("../doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, why := range differences {
		if !strings.Contains(string(doc), "  - "+why) {
			t.Errorf("doc.go does not tell of %q", why)
		}
	}
}
