package websocket

// This file enforces that state with an owner is named by its owner only: everybody else calls verbs.

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// fieldOwners are the files that may name a field of Conn, by the field. conn.go declares all of them.
var fieldOwners = map[string]string{
	"offered":  "descriptor.go",
	"lent":     "descriptor.go",
	"reply":    "descriptor.go",
	"known":    "reading.go",
	"writes":   "writing.go",
	"sending":  "writing.go",
	"taken":    "writing.go",
	"flushed":  "writing.go",
	"loopBody": "reading.go",
	"input":    "input.go",
	"inBuf":    "input.go",
	"gather":   "input.go",
	"wide":     "input.go",
	"filled":   "input.go",
}

// bitOwners are the same for the bits of Conn.state.
var bitOwners = map[string]string{
	"inBody":    "reading.go",
	"moreInput": "reading.go",
	"inWait":    "reading.go",
}

// TestFieldOwners protects that nobody but its owner names a field of Conn that has one, in whatever variable the Conn is.
func TestFieldOwners(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	named := make(map[string]bool)
	fset := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if bit, ok := n.(*ast.Ident); ok && name != "conn.go" && bitOwners[bit.Name] != "" && bitOwners[bit.Name] != name {
				t.Errorf("%v names %s, which is the business of %s", fset.Position(bit.Pos()), bit.Name, bitOwners[bit.Name])
			}
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			owner, owned := fieldOwners[s.Sel.Name]
			if owned && name != owner {
				t.Errorf("%v names %s, which is the business of %s", fset.Position(s.Sel.Pos()), s.Sel.Name, owner)
			}
			named[s.Sel.Name] = true
			return true
		})
	}
	for field := range fieldOwners {
		if !named[field] {
			t.Errorf("nothing names %s", field)
		}
	}
}
