package main

// This file puts the reports of several runs side by side.

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// columns are the folders of run.sh, in the order of the table.
var columns = []string{
	"gorilla-server", "coder-server", "gobwas-server", "gws-server", "ws-server",
	"gorilla-client", "coder-client", "gobwas-client", "gws-client", "ws-client",
}

// verdicts are the grades of one folder by case: that of the behaviour, and behind a slash that of the closing where it
// is not the same.
func verdicts(dir string) (map[string]string, error) {
	all := map[string]string{}
	for _, name := range []string{"index.json", "extra.json"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) && name == "extra.json" {
			continue
		}
		if err != nil {
			return nil, err
		}
		var index map[string]map[string]struct{ Behavior, BehaviorClose string }
		if err := json.Unmarshal(b, &index); err != nil {
			return nil, err
		}
		for _, cases := range index {
			for id, v := range cases {
				all[id] = v.Behavior
				if v.BehaviorClose != v.Behavior {
					all[id] += "/" + v.BehaviorClose
				}
			}
		}
	}
	return all, nil
}

// table prints a line for each of the cases, which come in the order given.
func table(dir string, ids []string) error {
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(w, "case\t%s\n", strings.ReplaceAll(strings.Join(columns, "\t"), "-", " "))
	var found []map[string]string
	for _, c := range columns {
		v, err := verdicts(filepath.Join(dir, c))
		if err != nil {
			return err
		}
		found = append(found, v)
	}
	for _, id := range ids {
		line, any := id, false
		for _, v := range found {
			cell := v[id]
			any = any || cell != ""
			if cell == "" {
				cell = "-"
			}
			line += "\t" + cell
		}
		if any {
			fmt.Fprintln(w, line)
		}
	}
	return w.Flush()
}
