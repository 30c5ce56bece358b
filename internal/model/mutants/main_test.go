package main

import (
	"path/filepath"
	"testing"
)

// TestTable protects that each mutant can still be put in, and that its name is its own.
func TestTable(t *testing.T) {
	names := map[string]bool{}
	for _, m := range table {
		if names[m.name] {
			t.Errorf("two mutants are called %q", m.name)
		}
		names[m.name] = true
		if _, err := m.defect().Text(filepath.Join("..", "..", "..")); err != nil {
			t.Error(err)
		}
	}
}
