package websocket_test

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestReadme protects newcomers: every piece of Go in README.md is a whole program that compiles as it stands, in a module
// of its own with this one beside it, and the first one comes behind the command that gets this module.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/seed-d69ae1b7/websocket"
	before, _, _ := strings.Cut(string(readme), "```go")
	if !strings.Contains(before, "go get "+module+"\n") {
		t.Error("README.md does not begin with go get")
	}
	programs := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(programs) == 0 {
		t.Fatal("README.md shows no program")
	}
	dir := t.TempDir()
	for i, p := range programs {
		name := filepath.Join(dir, "program"+strconv.Itoa(i+1), "main.go")
		f, err := parser.ParseFile(token.NewFileSet(), "README.md: "+name, p[1], parser.ImportsOnly)
		if err != nil || f.Name.Name != "main" || !strings.Contains(p[1], strconv.Quote(module)) {
			t.Errorf("not a program that imports this module: %v\n%s", err, p[1])
		}
		write(t, name, p[1])
	}
	write(t, filepath.Join(dir, "go.mod"), moduleBeside(t, module))
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), string(sums))
	vet := exec.CommandContext(t.Context(), "go", "vet", "./...")
	vet.Dir = dir
	vet.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}

// moduleBeside returns the go.mod of a module that requires what this one does, and this one as it lies here.
func moduleBeside(t *testing.T, module string) string {
	own, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(own), "module "+module, "module readme", 1) +
		"\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + strconv.Quote(here) + "\n"
}

// write writes a file and makes the directory that it belongs into.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
