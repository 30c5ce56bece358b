package websocket

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// columns returns the identifiers in the first two columns of the tables of a page of docs/, or of what stands under one of
// its headings: those of another library, and those of ours.
func columns(t *testing.T, file, heading string) (theirs, ours map[string]bool) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("../../docs", file))
	if err != nil {
		t.Fatal(err)
	}
	if heading != "" {
		_, under, _ := strings.Cut(string(page), "\n## "+heading+"\n")
		under, _, _ = strings.Cut(under, "\n## ")
		page = []byte(under)
	}
	names := regexp.MustCompile("`\\*?([A-Za-z0-9.]+)`")
	theirs, ours = make(map[string]bool), make(map[string]bool)
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		for column, into := range map[int]map[string]bool{1: theirs, 2: ours} {
			for _, m := range names.FindAllStringSubmatch(cells[column], -1) {
				into[m[1]] = true
			}
		}
	}
	return theirs, ours
}

// TestFromGorilla looks for every exported identifier of this package in the first column of docs/from-gorilla.md.
func TestFromGorilla(t *testing.T) {
	gorilla := make(map[string]bool)
	addExported(t, gorilla, ".", "")
	old, _ := columns(t, "from-gorilla.md", "")
	compare(t, old, gorilla)
}

// TestFromOthers looks for every exported identifier of gws, nbio's package websocket and melody in the first column of the
// tables of docs/from-gws-nbio-melody.md.
func TestFromOthers(t *testing.T) {
	for _, other := range []struct{ heading, required, module, dir string }{
		{"gws", "../../bench", "github.com/lxzan/gws", ""},
		{"nbio", "../../bench", "github.com/lesismal/nbio", "nbhttp/websocket"},
		{"melody", "dependents/melody", "github.com/olahol/melody", ""},
	} {
		t.Run(other.heading, func(t *testing.T) {
			names := make(map[string]bool)
			addExported(t, names, filepath.Join(moduleDir(t, other.required, other.module), other.dir), "")
			old, _ := columns(t, "from-gws-nbio-melody.md", other.heading)
			compare(t, old, names)
		})
	}
}

// compare reports where a page does not have the names that a library has.
func compare(t *testing.T, page, library map[string]bool) {
	t.Helper()
	for name := range library {
		if !page[name] {
			t.Errorf("the page does not have %s", name)
		}
	}
	for name := range page {
		if !library[name] {
			t.Errorf("the library has no %s", name)
		}
	}
}

// moduleDir returns where a module lies that the one in a directory requires.
func moduleDir(t *testing.T, required, module string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	cmd.Dir = required
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod download %s: %v\n%s", module, err, out)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	return found.Dir
}

// TestWhereTo looks for every identifier of the second column in the library.
func TestWhereTo(t *testing.T) {
	here := make(map[string]bool)
	addExported(t, here, "../..", "")
	addExported(t, here, "../../wsjson", "wsjson.")
	addExported(t, here, "../../compress", "Compression") // the names that the library has for that
	for _, file := range []string{"from-gorilla.md", "from-coder.md", "from-gws-nbio-melody.md"} {
		_, library := columns(t, file, "")
		for name := range library {
			if !here[name] {
				t.Errorf("%s: the library has no %s", file, name)
			}
		}
		if len(library) < 40 {
			t.Errorf("%s: only %d identifiers", file, len(library))
		}
	}
}

// addExported adds to names what the package in dir exports, with fields and methods, and a prefix.
func addExported(t *testing.T, names map[string]bool, dir, prefix string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range declared(f) {
			exported := true
			for part := range strings.SplitSeq(name, ".") {
				exported = exported && token.IsExported(part)
			}
			if exported {
				names[prefix+name] = true
			}
		}
	}
}

// declared returns what a file declares: names, and those of fields and methods behind that of their type.
func declared(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
				continue
			}
			receiver := d.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			switch generic := receiver.(type) {
			case *ast.IndexExpr:
				receiver = generic.X
			case *ast.IndexListExpr:
				receiver = generic.X
			}
			names = append(names, receiver.(*ast.Ident).Name+"."+d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						names = append(names, name.Name)
					}
				case *ast.TypeSpec:
					names = append(names, spec.Name.Name)
					for _, member := range members(spec.Type) {
						names = append(names, spec.Name.Name+"."+member)
					}
				}
			}
		}
	}
	return names
}

// members returns the fields of a struct, or the methods of an interface.
func members(t ast.Expr) (names []string) {
	var list *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return nil
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
