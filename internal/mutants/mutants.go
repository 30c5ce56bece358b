// Package mutants puts defects into the library, one at a time, for the commands that look whether the tests notice: those of
// internal/mutants/rules and internal/model/mutants. Nothing in the working tree is changed: the go command is given another text
// in the place of a file.
package mutants

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Mutant is a defect to be put into the library. Its old text must stand in its file exactly once.
type Mutant struct {
	Name, File string // the file's name is relative to the root of the module
	Old, New   string
}

// Text returns the text of m's file with the defect. root is the directory of the module.
func (m Mutant) Text(root string) (string, error) {
	text, err := read(root, m.File)
	if err != nil {
		return "", err
	}
	return strings.Replace(text, m.Old, m.New, 1), m.once(text)
}

// once returns an error unless m's old text stands once in its file's.
func (m Mutant) once(text string) error {
	if n := strings.Count(text, m.Old); n != 1 {
		return fmt.Errorf("mutant %q: its text stands %d times in %s, want once", m.Name, n, m.File)
	}
	return nil
}

func read(root, name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(root, name))
	return string(b), err
}

// Overlay returns the flag that makes the go command build the library with m. dir is an empty directory, for what the flag names.
func (m Mutant) Overlay(root, dir string) (flag string, err error) {
	text, err := m.Text(root)
	if err != nil {
		return "", err
	}
	return overlay(root, dir, map[string]string{m.File: text})
}

// overlay returns the flag that gives the go command other texts in the place of files of the module.
func overlay(root, dir string, texts map[string]string) (flag string, err error) {
	if root, err = filepath.Abs(root); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range texts {
		to := filepath.Join(dir, strings.ReplaceAll(name, string(filepath.Separator), "_"))
		replace[filepath.Join(root, name)] = to
		if err := os.WriteFile(to, []byte(text), 0o666); err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, "overlay.json")
	return "-overlay=" + to, os.WriteFile(to, b, 0o666)
}

// Go returns the go command in root, outside of any workspace.
func Go(ctx context.Context, root string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd
}
