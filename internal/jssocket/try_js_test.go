package jssocket

import (
	"errors"
	"strings"
	"syscall/js"
	"testing"
)

// TestTry protects programs from what JavaScript throws: all of it is an error, whose text has a plain name, or none, and nothing else of
// what was thrown.
func TestTry(t *testing.T) {
	for thrown, want := range map[string]string{
		`1n`:                        "a value of type bigint",
		`new SyntaxError("secret")`: "SyntaxError",
		`new DOMException("secret", "SecurityError")`:    "SecurityError",
		`{ name: "secret\n" }`:                           "a value of type object",
		`{ name: "` + strings.Repeat("secret", 8) + `"}`: "a value of type object",
		`{ name: "" }`:                            "a value of type object",
		`{ name: 7 }`:                             "a value of type object",
		`{ get name() { throw this } }`:           "a value of type object",
		`new Proxy({}, { get() { throw null } })`: "a value of type object",
		`Object.create(null)`:                     "a value of type object",
		`null`:                                    "a value of type null",
		`undefined`:                               "a value of type undefined",
		`"secret"`:                                "a value of type string",
		`7`:                                       "a value of type number",
		`Symbol("secret")`:                        "a value of type symbol",
	} {
		js.Global().Call("eval", "globalThis.thrower = { get it() { throw ("+thrown+") }, set it(x) { throw ("+thrown+") } }")
		for how, f := range map[string]func(v js.Value){
			"get":  func(v js.Value) { get(v, "it") },
			"set":  func(v js.Value) { set(v, "it", 1) },
			"call": func(js.Value) { js.Global().Call("eval", "thrower.it") },
		} {
			err := try(func() { f(js.Global().Get("thrower")) })
			if err == nil || err.Error() != "JavaScript threw "+want {
				t.Errorf("%s of %s: %v", how, thrown, err)
			}
		}
	}
	js.Global().Delete("thrower")
}

// TestTryLacks protects programs from what is not there, or is something else.
func TestTryLacks(t *testing.T) {
	for name, f := range map[string]func(){
		"a function":   func() { js.Global().Call("noSuchFunction") },
		"an object":    func() { js.Undefined().Get("x") },
		"a class":      func() { js.ValueOf(7).New() },
		"a Uint8Array": func() { js.CopyBytesToJS(js.Global(), nil) },
		"a property":   func() { set(js.Global().Get("Object").Call("freeze", js.Global().Get("Object").New()), "x", 1) },
		"a number":     func() { number(js.ValueOf("1")) },
		"no BigInt":    func() { number(js.Global().Call("eval", "1n")) },
		"no NaN":       func() { number(js.Global().Get("NaN")) },
		"nothing less": func() { number(js.ValueOf(-1)) },
	} {
		var e *Error
		if err := try(f); !errors.As(err, &e) || err.Error() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTryDefect protects against defects of our own that nobody would see.
func TestTryDefect(t *testing.T) {
	defer func() {
		if v := recover(); v != "a defect" {
			t.Errorf("panic is %v", v)
		}
	}()
	try(func() { panic("a defect") })
}
