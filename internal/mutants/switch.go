package mutants

// This file puts many mutants into one build: each function that a mutant changes stands there once more with the change, under
// another name, and begins with a question which of them is wanted. A binary is built once then, and run once for each mutant.

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// Variable is the environment variable that says which mutant is wanted: its number, or nothing.
const Variable = "MUTANT"

// wanted is the file that reads it, in the package of the mutants.
const wanted = `package %s

import (
	"os"
	"strconv"
)

var wantedMutant, _ = strconv.Atoi(os.Getenv("` + Variable + `"))
`

// Switch returns the flag that makes the go command build the library with all mutants of the package in a directory of the module
// but those that are not inside of a function, which are returned as left: they take a build of their own. Mutant i of all is the one
// of number i+1. dir is as in Overlay.
func Switch(root, pkg, dir string, all []Mutant) (flag string, left []int, err error) {
	files := map[string]*switched{}
	name := ""
	for i, m := range all {
		f := files[m.File]
		if f == nil {
			if f, err = readSwitched(root, m.File); err != nil {
				return "", nil, err
			}
			files[m.File], name = f, f.tree.Name.Name
		}
		if err := m.once(f.text); err != nil {
			return "", nil, err
		}
		if !f.add(m, i+1) {
			left = append(left, i)
		}
	}
	replace := map[string]string{filepath.Join(pkg, "wantedmutant.go"): fmt.Sprintf(wanted, name)}
	for file, f := range files {
		replace[file] = f.String()
	}
	flag, err = overlay(root, dir, replace)
	return flag, left, err
}

// switched is a file with mutants of its functions.
type switched struct {
	text      string
	tree      *ast.File
	questions map[int]string // by the place behind the brace that begins a function's body
	twins     strings.Builder
}

func readSwitched(root, name string) (*switched, error) {
	text, err := read(root, name)
	if err != nil {
		return nil, err
	}
	tree, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	return &switched{text: text, tree: tree, questions: map[int]string{}}, err
}

// add adds a mutant of some number, and reports false if it is not in one function whose parameters have names.
func (f *switched) add(m Mutant, number int) bool {
	at := strings.Index(f.text, m.Old)
	for _, d := range f.tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || offset(fn.Body.Lbrace) >= at || offset(fn.Body.Rbrace) < at+len(m.Old)-1 {
			continue
		}
		begin, end := offset(fn.Pos()), offset(fn.End())
		twin := fmt.Sprintf("%s%d", fn.Name.Name, number)
		call, ok := callOf(fn, twin)
		if !ok {
			return false
		}
		question := fmt.Sprintf("\nif wantedMutant == %d { ", number)
		if fn.Type.Results != nil {
			question += "return " + call + " }"
		} else {
			question += call + "; return }"
		}
		place := offset(fn.Body.Lbrace) + 1
		f.questions[place] += question
		head, rest := f.text[begin:offset(fn.Name.Pos())], f.text[offset(fn.Name.End()):end]
		rest = strings.Replace(rest, m.Old, m.New, 1)
		fmt.Fprintf(&f.twins, "\n%s%s%s\n", head, twin, rest)
		return true
	}
	return false
}

// offset returns where p is in its file, which is the only one of its set.
func offset(p token.Pos) int { return int(p) - 1 }

// callOf returns a call of a function's twin with its own arguments. ok is false if one of them has no name.
func callOf(fn *ast.FuncDecl, twin string) (call string, ok bool) {
	if fn.Recv != nil {
		if len(fn.Recv.List[0].Names) == 0 {
			return "", false
		}
		twin = fn.Recv.List[0].Names[0].Name + "." + twin
	}
	var args []string
	for _, p := range fn.Type.Params.List {
		for _, name := range p.Names {
			arg := name.Name
			if _, variadic := p.Type.(*ast.Ellipsis); variadic {
				arg += "..."
			}
			args = append(args, arg)
		}
		if len(p.Names) == 0 || slices.Contains(args, "_") {
			return "", false
		}
	}
	return twin + "(" + strings.Join(args, ", ") + ")", fn.Type.TypeParams == nil
}

// String returns the text of the file with the questions, and the functions' twins behind it.
func (f *switched) String() string {
	var b strings.Builder
	places, done := []int{}, 0
	for place := range f.questions {
		places = append(places, place)
	}
	slices.SortFunc(places, cmp.Compare)
	for _, place := range places {
		b.WriteString(f.text[done:place] + f.questions[place] + "\n")
		done = place
	}
	return b.String() + f.text[done:] + f.twins.String()
}
