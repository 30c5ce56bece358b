package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCheck protects what counts as a comment, and that nothing exported is overlooked.
func TestCheck(t *testing.T) {
	const source = `package p

const Missing1 = 1 // is none of the missing
const (
	Missing2 = 2
	unexported = 3
)

// Both are in a group.
const (
	InGroup1 = 1
	InGroup2 = 2
)

var Missing3, Missing4 int

// Good is good, and so is E.
type Good struct {
	// A is good, and so is B.
	A int
	B int
	C int // good
	Missing5 int
	unexported int
	E int
	D int "json:\"d\""
	error
}

// One has one method.
type One interface{ Method() }

type Missing6 interface {
	// M is good.
	M()
	Missing7()
}

type unexportedType struct{ Field int }

func (unexportedType) Method() {}
func (*Good) Missing8() {}
func Missing9() {}

// Generic is good.
type Generic[T any] struct{}

func (g *Generic[T]) Missing10() {}
func unexportedFunction() {}
`
	dir := t.TempDir()
	for name, text := range map[string]string{"p.go": source, "p_test.go": "package p\n\nfunc Helper() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	missing, err := check(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`(?m)^.*: (\w+\.)?`).ReplaceAllString(strings.Join(missing, "\n"), "")
	if want := "Missing2 Missing3 Missing4 Missing5 Missing6 Missing7 Missing8 Missing9 Missing10 package"; strings.ReplaceAll(got, "\n", " ") != want {
		t.Errorf("%s", strings.Join(missing, "\n"))
	}
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(strings.Replace(source, "package p", "package main", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if missing, err := check(dir); err != nil || missing != nil {
		t.Errorf("a program: %v, %v", missing, err)
	}
}
