//go:build unix

package main

// This file runs the command lines of docs/tool.md.

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestToolPage protects readers of docs/tool.md: every line does what it says against a server of ours, or serves.
func TestToolPage(t *testing.T) {
	t.Parallel() // it mostly waits
	page, err := os.ReadFile("../../docs/tool.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	echoing := serveProcess(t, "-subprotocol", "chat")
	dir := t.TempDir()
	if err := os.Symlink(program, filepath.Join(dir, "ws")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "docs"), 0o700); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			lines++
			line = strings.ReplaceAll(line, "localhost:9001", echoing.host)
			cmd := tool(t)
			cmd.Env = append(cmd.Env, "PATH="+dir+":"+os.Getenv("PATH"))
			cmd.Path, cmd.Dir = "/bin/bash", dir
			if strings.HasPrefix(line, "ws serve") {
				cmd.Args = []string{"bash", "-c", "exec " + strings.TrimSpace(line) + " -addr 127.0.0.1:0"}
				if err := serveCommandLine(t, cmd).end(); err != nil {
					t.Errorf("%s: %v", line, err)
				}
				continue
			}
			cmd.Args = []string{"bash", "-o", "pipefail", "-c", line}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
		}
	}
	if lines < 10 {
		t.Errorf("%d lines", lines)
	}
	if err := echoing.end(); err != nil {
		t.Error(err)
	}
}
