package mutants

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program writes a module of which b.go has a mutant, and returns its directory.
func program(t *testing.T) (root string) {
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module m\n\ngo 1.25\n", "a.go": "package main\n\nfunc main() { println(sum(1, 2), unit) }\n",
		"b.go": "package main\n\nconst unit = 1\n\nfunc sum(a int, more ...int) (n int) {\n\tfor _, b := range more {\n\t\ta += b\n\t}\n\treturn a\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// run runs that module, and returns what it prints.
func run(t *testing.T, root, flag, wanted string) string {
	cmd := Go(context.Background(), root, "run", flag, ".")
	cmd.Env = append(cmd.Env, Variable+"="+wanted)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s, %v", out, err)
	}
	return strings.TrimSpace(string(out))
}

// TestOverlay protects that the go command builds what a mutant makes of a file, and that the file itself stays as it is; and that
// a mutant whose text does not stand there once is an error.
func TestOverlay(t *testing.T) {
	root := program(t)
	flag, err := Mutant{Name: "m", File: "b.go", Old: "a += b", New: "a *= b"}.Overlay(root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if out := run(t, root, flag, ""); out != "2 1" {
		t.Errorf("printed %s", out)
	}
	if b, _ := os.ReadFile(filepath.Join(root, "b.go")); !strings.Contains(string(b), "a += b") {
		t.Errorf("the file was changed: %q", b)
	}
	for _, old := range []string{"= 2", "a"} {
		if _, err := (Mutant{File: "b.go", Old: old}).Overlay(root, t.TempDir()); err == nil {
			t.Errorf("%q was put in", old)
		}
	}
}

// TestSwitch protects that a binary with several mutants is the one that is wanted, and the library as it is if none is; and that
// those outside of functions are left.
func TestSwitch(t *testing.T) {
	root := program(t)
	flag, left, err := Switch(root, "", t.TempDir(), []Mutant{
		{File: "b.go", Old: "a += b", New: "a *= b"},
		{File: "b.go", Old: "unit = 1", New: "unit = 2"},
		{File: "b.go", Old: "return a", New: "return a + 10"},
	})
	if err != nil || len(left) != 1 || left[0] != 1 {
		t.Fatalf("left are %v, %v", left, err)
	}
	for wanted, want := range map[string]string{"": "3 1", "1": "2 1", "2": "3 1", "3": "13 1"} {
		if out := run(t, root, flag, wanted); out != want {
			t.Errorf("%q: printed %s, want %s", wanted, out, want)
		}
	}
}
