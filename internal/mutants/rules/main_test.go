package main

import (
	"os"
	"path/filepath"
	"testing"
)

// root is the root of the module, seen from here.
const root = "../../.."

// least is how many mutants there are to be.
const least = 150

// TestTable protects that each mutant can still be put in, has a name of its own, and was killed as it stands here: one that
// was changed or added has to go through `make mutants` before it is committed.
func TestTable(t *testing.T) {
	killed, err := readResult(filepath.Base(resultFile))
	if err != nil {
		t.Fatal(err)
	}
	ids, n := map[string]bool{}, 0
	for _, g := range table {
		for _, m := range g.mutants() {
			n++
			if ids[m.id()] {
				t.Errorf("two mutants are called %q", m.id())
			}
			ids[m.id()] = true
			if _, err := m.Text(root); err != nil {
				t.Error(err)
			}
			if killed[m.sum()] == "" {
				t.Errorf("%q is not among the killed: make mutants NEW=1", m.id())
			}
		}
	}
	if n < least || len(killed) != n {
		t.Errorf("%d mutants, of which %d are in the result; want at least %d, and as many", n, len(killed), least)
	}
}

// TestResult protects that what is written is read again.
func TestResult(t *testing.T) {
	name := filepath.Join(t.TempDir(), "result.txt")
	m := table[0].mutants()[0]
	if err := (result{m.sum(): "TestX (does not end)"}).write(name); err != nil {
		t.Fatal(err)
	}
	if r, err := readResult(name); err != nil || len(r) != 1 || r[m.sum()] != "TestX (does not end)" {
		t.Errorf("read %v, %v", r, err)
	}
	if err := os.WriteFile(name, []byte("what is no line\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := readResult(name); err == nil {
		t.Error("a malformed line was read")
	}
}

// TestVerdict protects that the name of the test that killed a mutant is found, however it did.
func TestVerdict(t *testing.T) {
	for _, test := range [][2]string{
		{"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\nFAIL\n", "TestA"},
		{"panic: test timed out after 20s\n\trunning tests:\n\t\tTestB (40s)\n", "TestB (does not end)"},
		{"panic: deadlock\n\ngoroutine 1\n", "deadlock"},
		{"the tests leave behind:\n5 open descriptors\n", "5 open descriptors"},
	} {
		if got := verdict(test[0]); got != test[1] {
			t.Errorf("%q: %q, want %q", test[0], got, test[1])
		}
	}
}
