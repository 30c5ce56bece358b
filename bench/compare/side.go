//go:build linux

package main

// This file turns what is to be compared into programs.

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
)

// side is one of the two that are compared.
type side struct {
	name   string   // as it was given, for the table
	server []string // a command, or none
	idle   []string // that of a server for measuring its memory
	client []string // that of a client, or none
	built  string   // a directory to remove, or empty
}

// remove removes what was built.
func (s side) remove() {
	if s.built != "" {
		_ = os.RemoveAll(s.built) // in the system's directory for temporary files
	}
}

// sides makes programs of both arguments.
func sides(old, fresh string) (a, b side, err error) {
	if isServer := strings.Contains(old, servers.Port); isServer != strings.Contains(fresh, servers.Port) ||
		strings.Contains(old, clients.URL) != strings.Contains(fresh, clients.URL) {
		return a, b, fmt.Errorf("%q and %q are not of one kind", old, fresh)
	}
	if a, err = newSide(old); err != nil {
		return a, b, err
	}
	if b, err = newSide(fresh); err != nil {
		a.remove()
	}
	return a, b, err
}

// newSide makes programs of a command, a directory or a revision.
func newSide(arg string) (side, error) {
	words := strings.Fields(arg)
	switch {
	case strings.Contains(arg, servers.Port):
		return side{name: "`" + arg + "`", server: words, idle: words}, nil
	case strings.Contains(arg, clients.URL):
		return side{name: "`" + arg + "`", client: words}, nil
	}
	built, err := os.MkdirTemp("", "websocket-compare")
	if err != nil {
		return side{}, err
	}
	s := side{name: arg, built: built}
	if err := s.build(arg); err != nil {
		s.remove()
		return side{}, fmt.Errorf("%s: %w", arg, err)
	}
	return s, nil
}

// build makes the programs of a directory or a revision.
func (s *side) build(arg string) error {
	dir, err := filepath.Abs(arg)
	if err != nil {
		return err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		dir = filepath.Join(s.built, "tree")
		if s.name, err = checkOut(arg, dir); err != nil {
			return err
		}
	}
	subject := filepath.Join(s.built, "subject")
	if err := buildSubject(dir, s.built, subject); err != nil {
		return err
	}
	s.server = []string{subject, "serve", servers.Port}
	s.idle = []string{subject, "serve", "-settle", servers.Port}
	s.client = []string{subject, "read", clients.URL}
	return nil
}

// checkOut writes the files of a revision into dir, and returns the revision with what it was asked for by.
func checkOut(revision, dir string) (name string, err error) {
	// Not by a name that looks like a flag.
	hash, err := output("", "git", "rev-parse", "--verify", "--short", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return "", err
	}
	root, err := output("", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	archive := dir + ".tar"
	if _, err := output(root, "git", "archive", "-o", archive, hash); err != nil {
		return "", err
	}
	if _, err := output(dir, "tar", "xf", archive); err != nil {
		return "", err
	}
	if strings.HasPrefix(hash, revision) || strings.HasPrefix(revision, hash) {
		return hash, nil
	}
	return revision + " (" + hash + ")", nil
}

// libraryModule is what the subject is built with another version of.
const libraryModule = "github.com/seed-d69ae1b7/websocket"

// buildSubject builds the subject with the library in dir. The module's file is one of our own in tmp.
func buildSubject(dir, tmp, program string) error {
	bench, err := output("", "go", "list", "-m", "-f", "{{.Dir}}", libraryModule+"/bench")
	if err != nil {
		return err
	}
	mod := filepath.Join(tmp, "go.mod")
	for from, to := range map[string]string{"go.mod": mod, "go.sum": filepath.Join(tmp, "go.sum")} {
		b, err := os.ReadFile(filepath.Join(bench, from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, b, 0o644); err != nil {
			return err
		}
	}
	if _, err := output(tmp, "go", "mod", "edit", "-replace", libraryModule+"="+dir, mod); err != nil {
		return err
	}
	_, err = output(bench, "go", "build", "-mod=mod", "-modfile", mod, "-o", program, "./compare/subject")
	return err
}

// output runs a command in dir, without a workspace, and returns what it prints.
func output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if name == "go" && args[0] == "build" {
		cmd.Env = append(os.Environ(), "GOWORK=off")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}
