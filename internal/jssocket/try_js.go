package jssocket

// This file holds how a call of JavaScript fails: with an error, whatever it throws.

import (
	"strings"
	"syscall/js"
)

// Error is what JavaScript threw, or that it does not have what it should.
type Error struct {
	Name string // such as "SyntaxError"; or of what there is not: "a number"
	lack bool
}

// Error tells the name alone: the texts of browsers repeat URLs, where secrets may be.
func (e *Error) Error() string {
	if e.lack {
		return "JavaScript's WebSocket has given something else than " + e.Name
	}
	return "JavaScript threw " + e.Name
}

// unexpected is the error of something that is not there.
func unexpected(what string) *Error { return &Error{what, true} }

// noType is what package syscall/js panics with on a value whose type it does not know, a BigInt. With "syscall/js: " begins what
// CopyBytesToGo and its twin say of a value of another class.
const noType = "bad type flag"

// try calls f, and returns what JavaScript throws in it. It recovers from what package syscall/js panics with, and from an *Error
// of ours; everything else is a defect of this program.
func try(f func()) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *Error:
			err = v
		case js.Error:
			err = thrown(v.Value)
		case *js.ValueError:
			err = unexpected("what was asked for")
		case string:
			if !strings.HasPrefix(v, "syscall/js: ") && v != noType {
				panic(v)
			}
			err = unexpected("what was asked for")
		default:
			panic(v)
		}
	}()
	f()
	return nil
}

// maxName is how long a name is that Error repeats.
const maxName = 40

// thrown returns an error for a value that was thrown, which may be anything: null, a number, an object whose properties throw.
func thrown(v js.Value) *Error {
	if name := nameOf(v); isName(name) {
		return &Error{Name: name}
	}
	return &Error{Name: "a value of type " + typeOf(v)}
}

// typeOf returns the name of the type of what was thrown.
func typeOf(v js.Value) (name string) {
	defer func() {
		if recover() != nil {
			name = "bigint"
		}
	}()
	return v.Type().String()
}

// nameOf returns the name of what was thrown, if it has one. What is thrown meanwhile is not worth another error, which might have no
// end.
func nameOf(v js.Value) (name string) {
	defer func() { recover() }()
	if v := get(v, "name"); v.Type() == js.TypeString {
		name = v.String()
	}
	return name
}

// isName reports whether s looks like the name of a class.
func isName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	})
}

// get returns a property of v, or of the receiver that is given behind its name. It is not js.Value.Get, which catches nothing: what a
// property's function throws would end the program. Those of Call and New are caught.
func get(v js.Value, args ...any) js.Value {
	return js.Global().Get("Reflect").Call("get", append([]any{v}, args...)...)
}

// set is get for js.Value.Set.
func set(v js.Value, name string, value any) {
	if !js.Global().Get("Reflect").Call("set", v, name, value).Truthy() {
		panic(unexpected("a property " + name))
	}
}
