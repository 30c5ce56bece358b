package main

import (
	"slices"
	"strings"
	"testing"
)

// TestRead protects that what is called fails, whatever was accepted of other versions, and that nothing else does.
func TestRead(t *testing.T) {
	const in = `{"config":{}}
{"finding":{"osv":"GO-1","fixed_version":"v0.2.0","trace":[{"module":"example.com/m","version":"v0.1.0","package":"p","function":"F"}]}}
{"finding":{"osv":"GO-1","fixed_version":"v0.2.0","trace":[{"module":"example.com/m","version":"v0.1.0","package":"p","function":"G"}]}}
{"finding":{"osv":"GO-2","trace":[{"module":"example.com/m","version":"v0.1.0","package":"p"}]}}
{"finding":{"osv":"GO-3","trace":[{"module":"golang.org/x/net","version":"v0.57.0","package":"p","function":"F"}]}}
{"finding":{"osv":"GO-3","fixed_version":"v1","trace":[{"module":"golang.org/x/net","version":"v0.56.0","package":"p","function":"F"}]}}`
	want := []string{
		"GO-1 in example.com/m@v0.1.0, mended in v0.2.0: https://pkg.go.dev/vuln/GO-1",
		"GO-3 in golang.org/x/net@v0.56.0, mended in v1: https://pkg.go.dev/vuln/GO-3",
	}
	if got, err := read(strings.NewReader(in)); !slices.Equal(got, want) || err != nil {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for _, bad := range []string{"", "{"} {
		if _, err := read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
