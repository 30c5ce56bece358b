package main

import (
	"bytes"
	"os"
	"testing"
)

// TestPipedIntoTerminal protects a terminal that only the output goes to, and programs from what it is protected by.
func TestPipedIntoTerminal(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	if w, safe := outputOn(terminal).(visible); !safe || w.w != terminal {
		t.Error("a terminal gets what a server sends")
	}
	if program := new(bytes.Buffer); outputOn(program) != program {
		t.Error("a program does not get what a server sends")
	}
	file, err := os.Create(t.TempDir() + "/messages")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if outputOn(file) != file {
		t.Error("a file does not get what a server sends")
	}
}
