package websocket_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// block is a piece of code of a page.
type block struct {
	page string
	line int // of its first line of code
	info string
	code string
}

// TestDocs compiles every piece of Go of docs/*.md, with this module beside it, and runs those that are tests. What begins
// with "package main" is a whole program. The others are declarations, which make one package for each page, so that a later
// one may use what an earlier one declares; the packages that they name are imported for them. A fence that begins with
// "```go gorilla", or the name of another library, is that library's code: it has to be Go, and no more. One with a path, such as
// "```go ../examples/chat/room.go", quotes that file, word for word, which is compiled and tested where it stands.
func TestDocs(t *testing.T) {
	const module = "github.com/seed-d69ae1b7/websocket"
	dir := t.TempDir()
	programs := 0
	for _, page := range docs(t) {
		for i, b := range blocks(t, page) {
			name := fmt.Sprintf("block%d.go", i+1)
			into := "page-" + strings.TrimSuffix(filepath.Base(page), ".md")
			code, err := b.file(module)
			switch {
			case err != nil:
				t.Error(err)
			case strings.HasPrefix(b.info, "go ../"):
				quotes(t, b)
			case b.info != "go":
			case strings.HasPrefix(b.code, "package main\n"):
				write(t, filepath.Join(dir, into, strconv.Itoa(i+1), name), code)
				programs++
			case regexp.MustCompile(`(?m)^func (Test|Example)`).MatchString(b.code):
				write(t, filepath.Join(dir, into, strings.TrimSuffix(name, ".go")+"_test.go"), code)
				programs++
			default:
				write(t, filepath.Join(dir, into, name), code)
				programs++
			}
		}
	}
	if programs == 0 {
		t.Fatal("no page has code")
	}
	write(t, filepath.Join(dir, "go.mod"), moduleBeside(t, module))
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), string(sums))
	for _, args := range [][]string{{"vet", "./..."}, {"test", "-vet=off", "./..."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, out)
		}
	}
}

// TestDocsLinks follows the links of README.md and docs/*.md to files, and looks for every page in docs/README.md.
func TestDocsLinks(t *testing.T) {
	list, err := os.ReadFile("docs/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range docs(t) {
		if name := filepath.Base(page); name != "README.md" && !strings.Contains(string(list), "]("+name+")") {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
	for _, page := range append(docs(t), "README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`).FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), link[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// TestTour protects readers of the package's documentation: what its list of examples names has one.
func TestTour(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "// # Subjects, and their examples\n")
	list, _, _ = strings.Cut(list, "// # ")
	wanted := []string{"_concurrency", "_contexts", "_limits", "_origins", "_keepalive", "_backpressure"}
	for _, name := range regexp.MustCompile(`\[([\w.]+)\]`).FindAllStringSubmatch(list, -1) {
		wanted = append(wanted, strings.ReplaceAll(name[1], ".", "_"))
	}
	if len(wanted) < 10 {
		t.Fatal("no list")
	}
	var code strings.Builder
	files, _ := filepath.Glob("example_*test.go")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	for _, name := range wanted {
		if !strings.Contains(code.String(), "\nfunc Example"+name+"()") {
			t.Errorf("there is no Example%s", name)
		}
	}
}

// docs returns the pages of docs/.
func docs(t *testing.T) []string {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	return pages
}

// blocks returns the pieces of Go of a page.
func blocks(t *testing.T, page string) (found []block) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range regexp.MustCompile("(?s)```(go[^\n]*)\n(.*?)```").FindAllSubmatchIndex(text, -1) {
		found = append(found, block{
			page: page,
			line: strings.Count(string(text[:at[4]]), "\n") + 1,
			info: string(text[at[2]:at[3]]),
			code: string(text[at[4]:at[5]]),
		})
	}
	return found
}

// quotes tests that a piece stands in the file that it says it is of.
func quotes(t *testing.T, b block) {
	name := strings.TrimPrefix(b.info, "go ")
	text, err := os.ReadFile(filepath.Join(filepath.Dir(b.page), name))
	if err != nil {
		t.Errorf("%s:%d: %v", b.page, b.line, err)
	} else if !strings.Contains(string(text), b.code) {
		t.Errorf("%s:%d: this does not stand in %s", b.page, b.line, name)
	}
}

// piecePackages are the packages that pieces may use beside this module's, by the names that they have there.
var piecePackages = []string{
	"bytes", "context", "crypto/tls", "encoding/base64", "encoding/json", "errors", "fmt", "io", "log", "log/slog", "maps",
	"math/rand/v2", "net", "net/http", "net/http/httptest", "net/url", "os", "os/signal", "regexp", "slices", "strings", "sync", "syscall",
	"testing", "testing/synctest", "time",
}

// file returns what the compiler gets of a block. Lines are those of the page.
func (b block) file(module string) (string, error) {
	position := fmt.Sprintf("//line %s:%d\n", b.page, b.line)
	if strings.HasPrefix(b.code, "package ") {
		return position + b.code, nil
	}
	const clause = "package page\n"
	f, err := parser.ParseFile(token.NewFileSet(), "", clause+position+b.code, 0)
	if err != nil {
		return "", err
	}
	imports := map[string]string{"websocket": module, "wsjson": module + "/wsjson", "wstest": module + "/wstest"}
	imports["compress"] = module + "/compress"
	for _, p := range piecePackages {
		imports[path.Base(strings.TrimSuffix(p, "/v2"))] = p
	}
	var lines []string
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && imports[x.Name] != "" {
				lines = append(lines, "import "+strconv.Quote(imports[x.Name])+"\n")
			}
		}
		return true
	})
	slices.Sort(lines)
	return clause + strings.Join(slices.Compact(lines), "") + position + b.code, nil
}
