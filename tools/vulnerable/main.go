// Command vulnerable reads what "govulncheck -format json" prints, and prints and fails for the vulnerabilities that code of the
// scanned modules calls, but for those in the table below. It is given the directory of the scan, for what it prints.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// needsNewerGo is why a fix is not taken: the modules of go.work are for Go 1.25, as the library is.
const needsNewerGo = "the fix needs Go 1.26; programs of ours that run on loopback"

// accepted says of vulnerabilities why they stay, by module and version: whoever changes the version looks again.
var accepted = map[string]string{
	"golang.org/x/net@v0.57.0":    needsNewerGo,
	"golang.org/x/crypto@v0.55.0": needsNewerGo,
	"golang.org/x/crypto@v0.54.0": needsNewerGo,
}

// message is one of the JSON values that govulncheck prints; the others have other fields.
type message struct {
	Finding *struct {
		OSV   string
		Fixed string `json:"fixed_version"`
		Trace []struct{ Module, Version, Package, Function string }
	}
}

func main() {
	found, err := read(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vulnerable:", err)
		os.Exit(2)
	}
	for _, line := range found {
		fmt.Println(os.Args[1] + ": " + line)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// read returns a line for each vulnerability that is called and not accepted.
func read(r io.Reader) ([]string, error) {
	lines, scanned := map[string]bool{}, false
	for d := json.NewDecoder(r); ; {
		var m message
		if err := d.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		scanned = true
		f := m.Finding
		if f == nil || len(f.Trace) == 0 || f.Trace[0].Function == "" {
			continue // imported, or required, and not called
		}
		at := f.Trace[0]
		if _, ok := accepted[at.Module+"@"+at.Version]; !ok {
			lines[fmt.Sprintf("%s in %s@%s, mended in %s: https://pkg.go.dev/vuln/%[1]s", f.OSV, at.Module, at.Version, f.Fixed)] = true
		}
	}
	if !scanned {
		return nil, errors.New("nothing was scanned")
	}
	return slices.Sorted(maps.Keys(lines)), nil
}
