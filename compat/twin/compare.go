package twin

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// resultsBy returns the results of the program in this directory, built by a go.mod of that name.
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

// Compare compares the original with the shim, row by row and identifier by identifier: at least so many. differences are the
// rows whose results differ, each with the paragraph of the shim's doc.go that tells of it.
func Compare(t *testing.T, least int, differences map[string]string) {
	original, shim := resultsBy(t, "go.mod"), resultsBy(t, "shim.mod")
	if len(original) < least {
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
				t.Errorf("original: %s\nshim:     %s", original[name], shim[name])
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

// Told looks for each of the differences in the shim's documentation.
func Told(t *testing.T, differences map[string]string) {
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
