// Command undocumented prints the exported identifiers of packages for users that have no comment, and fails if there is one. It is
// given directories, and looks below them for packages that others can import: none that is named main, or lies in internal, or
// is of no other use than tests, benchmarks and examples. It does not look into folders of a name that is given with a dash before it.
//
// A comment counts if it stands above the identifier or behind it. One above a group of constants or variables is for all of them,
// one of a field or a type also for the fields that it names, and that of an interface for its method if it has only one. Fields with a tag
// for JSON are those of a format, which the comment of their type names.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// left are the folders that are not looked into.
var left = []string{"internal", "testdata", "node_modules", "bench", "interop", "examples", "cmd", "tools", "twin", "dependents", "peers"}

func main() {
	found := 0
	for _, root := range os.Args[1:] {
		if name, ok := strings.CutPrefix(root, "-"); ok {
			left = append(left, name)
		}
	}
	for _, root := range os.Args[1:] {
		if strings.HasPrefix(root, "-") {
			continue
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case !d.IsDir():
				return nil
			case path != root && (slices.Contains(left, d.Name()) || strings.HasPrefix(d.Name(), ".")):
				return fs.SkipDir
			}
			missing, err := check(path)
			for _, m := range missing {
				fmt.Println(m)
			}
			found += len(missing)
			return err
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "undocumented:", err)
			os.Exit(2)
		}
	}
	if found > 0 {
		fmt.Fprintf(os.Stderr, "undocumented: %d exported identifiers have no comment\n", found)
		os.Exit(1)
	}
}

// check returns what lacks a comment in the package of a directory.
func check(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	c := &checker{set: token.NewFileSet()}
	commented := false
	var first token.Pos
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(c.set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if f.Name.Name == "main" {
			return nil, nil
		}
		first = f.Package
		commented = commented || f.Doc != nil
		c.file(f)
	}
	if first.IsValid() && !commented {
		c.miss(first, "package")
	}
	return c.missing, nil
}

// checker collects what lacks a comment.
type checker struct {
	set     *token.FileSet
	missing []string
}

func (c *checker) miss(at token.Pos, name string) {
	c.missing = append(c.missing, fmt.Sprintf("%v: %s", c.set.Position(at), name))
}

func (c *checker) file(f *ast.File) {
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type))) {
				c.miss(d.Pos(), d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				c.spec(d, spec)
			}
		}
	}
}

// receiver returns the name of the type of a receiver.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func (c *checker) spec(d *ast.GenDecl, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return
		}
		if d.Doc == nil && s.Doc == nil && s.Comment == nil {
			c.miss(s.Pos(), s.Name.Name)
		}
		switch t := s.Type.(type) {
		case *ast.StructType:
			c.fields(s.Name.Name, d.Doc.Text()+s.Doc.Text(), t.Fields)
		case *ast.InterfaceType:
			if t.Methods.NumFields() > 1 {
				c.fields(s.Name.Name, d.Doc.Text()+s.Doc.Text(), t.Methods)
			}
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
				c.miss(name.Pos(), name.Name)
			}
		}
	}
}

// fields looks at the fields of a struct, or the methods of an interface. Embedded ones are documented where they are declared.
func (c *checker) fields(of, said string, list *ast.FieldList) {
	for _, f := range list.List {
		if f.Tag != nil && strings.Contains(f.Tag.Value, "json:") {
			continue
		}
		said += f.Doc.Text() + f.Comment.Text()
		for _, name := range f.Names {
			if name.IsExported() && f.Doc == nil && f.Comment == nil && !regexp.MustCompile(`\b`+name.Name+`\b`).MatchString(said) {
				c.miss(name.Pos(), of+"."+name.Name)
			}
		}
	}
}
