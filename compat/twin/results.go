// Package twin compares a package with what takes its place. A twin is a program that runs one table of behaviours over whatever
// stands behind the package's path: the original by go.mod, the shim by shim.mod, which replaces it. It prints the results as
// JSON (Print); its test runs both and compares (Compare).
package twin

import (
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"time"
)

// Limit bounds a row: what takes longer hangs.
const Limit = 20 * time.Second

// Print runs all rows, one after the other, and prints what they show and what the package of that path exports.
func Print(path string, rows iter.Seq2[string, func() any]) {
	got := make(map[string]string)
	for name, run := range rows {
		if _, twice := got[name]; twice {
			panic("two rows of the name " + name)
		}
		got[name] = result(run)
	}
	for name, kind := range identifiers(path) {
		got["identifier "+name] = kind
	}
	if err := json.NewEncoder(os.Stdout).Encode(got); err != nil {
		panic(err)
	}
}

// result runs a row and tells what it has shown. A panic is a result.
func result(run func() any) string {
	done := make(chan string, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Sprint("panic: ", v)
			}
		}()
		done <- fmt.Sprintf("%+v", run())
	}()
	select {
	case s := <-done:
		return s
	case <-time.After(Limit):
		return "hangs"
	}
}
