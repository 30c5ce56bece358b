package twin

// This file tells the exported identifiers of a package, with their types.

import (
	"go/importer"
	"go/token"
	"go/types"
	"strings"
)

// identifiers returns the type of everything that a package exports, fields and methods included. Names of parameters are
// left away, which are no part of a type.
func identifiers(path string) map[string]string {
	pkg, err := importer.ForCompiler(token.NewFileSet(), "source", nil).Import(path)
	if err != nil {
		panic(err)
	}
	got := make(map[string]string)
	for _, name := range pkg.Scope().Names() {
		if !token.IsExported(name) {
			continue
		}
		object := pkg.Scope().Lookup(name)
		got[name] = shown(object, pkg)
		if _, isType := object.(*types.TypeName); isType {
			addMembers(got, object, pkg)
		}
	}
	return got
}

// addMembers adds what a type exports.
func addMembers(got map[string]string, object types.Object, pkg *types.Package) {
	named := object.Type().(*types.Named)
	if s, ok := named.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if f.Exported() {
				got[object.Name()+"."+f.Name()] = shown(f, pkg)
			}
		}
	}
	if i, ok := named.Underlying().(*types.Interface); ok {
		for m := range i.Methods() {
			got[object.Name()+"."+m.Name()] = shown(m, pkg)
		}
	}
	for m := range named.Methods() {
		if m.Exported() {
			pointer := ""
			if _, ok := m.Signature().Recv().Type().(*types.Pointer); ok {
				pointer = "*"
			}
			got[object.Name()+"."+m.Name()] = pointer + shown(m, pkg)
		}
	}
}

// shown returns the kind and the type of an object.
func shown(object types.Object, pkg *types.Package) string {
	qualifier := func(p *types.Package) string {
		if p == pkg {
			return ""
		}
		return p.Path()
	}
	kind, _, _ := strings.Cut(types.ObjectString(object, qualifier), " ")
	switch o := object.(type) {
	case *types.TypeName:
		return kind
	case *types.Const:
		return kind + " " + o.Val().String()
	case *types.Func:
		return kind + " " + typeString(unnamed(o.Signature()), qualifier)
	}
	return kind + " " + typeString(object.Type(), qualifier)
}

// typeString returns a type, with one name for what has two.
func typeString(t types.Type, qualifier types.Qualifier) string {
	return strings.ReplaceAll(types.TypeString(t, qualifier), "interface{}", "any")
}

// unnamed returns a signature without the names of its parameters.
func unnamed(s *types.Signature) *types.Signature {
	strip := func(t *types.Tuple) *types.Tuple {
		var vars []*types.Var
		for v := range t.Variables() {
			vars = append(vars, types.NewVar(token.NoPos, nil, "", v.Type()))
		}
		return types.NewTuple(vars...)
	}
	return types.NewSignatureType(nil, nil, nil, strip(s.Params()), strip(s.Results()), s.Variadic())
}
