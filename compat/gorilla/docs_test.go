package websocket

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// columns returns the identifiers in the first two columns of the tables of a page of docs/: those of another library, and
// those of ours.
func columns(t *testing.T, file string) (theirs, ours map[string]bool) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("../../docs", file))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`\\*?([A-Za-z.]+)`")
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
	old, _ := columns(t, "from-gorilla.md")
	for name := range gorilla {
		if !old[name] {
			t.Errorf("the page does not have %s", name)
		}
	}
	for name := range old {
		if !gorilla[name] {
			t.Errorf("gorilla has no %s", name)
		}
	}
}

// TestWhereTo looks for every identifier of the second column in the library.
func TestWhereTo(t *testing.T) {
	here := make(map[string]bool)
	addExported(t, here, "../..", "")
	addExported(t, here, "../../wsjson", "wsjson.")
	addExported(t, here, "../../compress", "Compression") // the names that the library has for that
	for _, file := range []string{"from-gorilla.md", "from-coder.md"} {
		_, library := columns(t, file)
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
