package main

// This file puts the reports of several runs side by side.

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

// columns are the folders of run.sh, in the order of the table.
var columns = []string{
	"gorilla-server", "coder-server", "gobwas-server", "gws-server", "ws-server",
	"gorilla-client", "coder-client", "gobwas-client", "gws-client", "ws-client",
}

// printTable prints a line for each case that any endpoint was tested with: the grade of the behaviour, and behind a slash
// that of the closing where it is not the same.
func printTable(dir string) error {
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(w, "case\t%s\n", strings.ReplaceAll(strings.Join(columns, "\t"), "-", " "))
	var found []autobahn.Verdicts
	for _, c := range columns {
		v, err := autobahn.ReadVerdicts(filepath.Join(dir, c))
		if err != nil {
			return err
		}
		found = append(found, v)
	}
	for _, c := range autobahn.Cases() {
		line, any := c.ID, false
		for _, agents := range found {
			cell := "-"
			for _, cases := range agents { // of one agent
				if v, ok := cases[c.ID]; ok {
					cell, any = short(v), true
				}
			}
			line += "\t" + cell
		}
		if any {
			fmt.Fprintln(w, line)
		}
	}
	return w.Flush()
}

func short(v autobahn.Verdict) string {
	if v.Behavior == v.BehaviorClose {
		return string(v.Behavior)
	}
	return string(v.Behavior) + "/" + string(v.BehaviorClose)
}
