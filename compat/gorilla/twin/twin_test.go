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
	concurrent = "Writes may be concurrent"
	takeover   = "Compression keeps its context"
	limits     = "The read limit counts what has been inflated"
	text       = "Text is UTF-8"
	closeCodes = "Close frames are checked"
	violations = "More violations are noticed"
	repeated   = "A read after an error is no panic"
	whole      = "WriteJSON sends nothing of what cannot be encoded"
	earlyBytes = "Bytes behind the request are kept"
	answers    = "Responses are checked"
	jar        = "Cookies of the Jar and of the header"
	httpsProxy = "Proxies by https"
)

// differences are the rows whose results are not gorilla's.
var differences = map[string]string{
	"Dial: compression":                                    takeover,
	"Dial: compression that was not asked for":             answers,
	"Dial: extension that was not asked for":               answers,
	"Dial: subprotocol that was not asked for":             answers,
	"Dial: cookies of the Jar and of the header":           jar,
	"Upgrade: bytes behind the request":                    earlyBytes,
	"Upgrade: compression":                                 takeover,
	"WriteJSON: nothing is sent of what cannot be encoded": whole,
	"close: a read that has failed is repeated":            repeated,
	"close: codes that may not be sent":                    closeCodes,
	"compression: the limit is of what is inflated":        limits,
	"proxy: https":                                    httpsProxy,
	"proxy: https, credentials refused":               httpsProxy,
	"proxy: https, server with TLS":                   httpsProxy,
	"text that is not UTF-8":                          text,
	"violation: close of one byte":                    violations,
	"violation: close reason is not UTF-8":            violations,
	"violation: length not minimal":                   violations,
	"violation: length with its top bit":              violations,
	"violation: text is not UTF-8":                    text,
	"a write while another one waits for the network": concurrent,
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

// TestTwins compares gorilla with the shim, row by row and identifier by identifier.
func TestTwins(t *testing.T) {
	original, shim := resultsBy(t, "go.mod"), resultsBy(t, "shim.mod")
	if len(original) < 200 {
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
				t.Errorf("gorilla: %s\nshim:    %s", original[name], shim[name])
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
