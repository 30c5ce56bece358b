// The twin of gorilla/websocket and the shim: see package twin.
package main

import "github.com/seed-d69ae1b7/websocket/compat/twin"

// row is a behaviour: a name, and what shows it.
type row struct {
	name string
	run  func() any
}

func rows(yield func(name string, run func() any) bool) {
	for _, table := range [][]row{values, openings, dials, proxies, messages, closings, controls, deadlines, raws, deflates} {
		for _, r := range table {
			if !yield(r.name, r.run) {
				return
			}
		}
	}
}

func main() { twin.Print("github.com/gorilla/websocket", rows) }
