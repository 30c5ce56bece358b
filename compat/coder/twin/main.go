// The twin runs one table of behaviours over whatever stands behind the path of coder/websocket: coder itself by go.mod, the
// shim by shim.mod, which replaces it. As a program it prints the results as JSON. Its test runs both and compares.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// row is a behaviour: a name, and what shows it.
type row struct {
	name string
	run  func() any
}

// limit bounds a row: what takes longer hangs.
const limit = 20 * time.Second

// results runs all rows of all tables, one after the other.
func results() map[string]string {
	got := make(map[string]string)
	for _, table := range [][]row{values, openings, dials, messages, closings, contexts, streams} {
		for _, r := range table {
			if _, twice := got[r.name]; twice {
				panic("two rows of the name " + r.name)
			}
			got[r.name] = result(r)
		}
	}
	for name, kind := range identifiers() {
		got["identifier "+name] = kind
	}
	return got
}

// result runs a row and tells what it has shown. A panic is a result.
func result(r row) string {
	done := make(chan string, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Sprint("panic: ", v)
			}
		}()
		done <- fmt.Sprintf("%+v", r.run())
	}()
	select {
	case s := <-done:
		return s
	case <-time.After(limit):
		return "hangs"
	}
}

func main() {
	if err := json.NewEncoder(os.Stdout).Encode(results()); err != nil {
		panic(err)
	}
}
