package main

// This file holds the console of ws dial: lines in, messages and remarks out, with line editing if it is a terminal.

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"
)

// console is where ws dial reads lines and writes messages. Both may be used at the same time.
type console struct {
	readLine func() (string, error) // without its end; io.EOF at the end of the input
	messages io.Writer
	status   io.Writer // remarks that are not messages
	restore  func()    // makes the terminal what it was
}

// openConsole returns the console on the standard input and output of the tool.
func openConsole(root *cli.Command) (*console, error) {
	in, ok := root.Reader.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return pipeConsole(root), nil
	}
	old, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	width, height, _ := term.GetSize(int(in.Fd()))
	t := newTerminal(struct {
		io.Reader
		io.Writer
	}{in, root.Writer}, width, height)
	return &console{
		readLine: t.ReadLine,
		messages: visible{t, "< "},
		status:   visible{t, ""},
		restore:  func() { term.Restore(int(in.Fd()), old) },
	}, nil
}

// newTerminal returns a terminal of that size. One that does not know its size, as behind a serial line or in a container,
// says 0, and is taken to be as wide as most.
func newTerminal(rw io.ReadWriter, width, height int) *term.Terminal {
	t := term.NewTerminal(rw, "> ")
	if width > 0 && height > 0 {
		t.SetSize(width, height)
	}
	return t
}

// pipeConsole keeps messages apart from remarks, so that a program can read them.
func pipeConsole(root *cli.Command) *console {
	in := bufio.NewReader(root.Reader)
	return &console{
		readLine: func() (string, error) {
			line, err := in.ReadString('\n')
			if err == io.EOF && line != "" {
				err = nil // a last line without an end
			}
			return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), err
		},
		messages: outputOn(root.Writer),
		status:   visible{root.ErrWriter, ""},
		restore:  func() {},
	}
}

// outputOn returns what messages are written to: w, unless it is a terminal, which they must not control.
func outputOn(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return visible{f, ""}
	}
	return w
}

// visible writes to a terminal and replaces what would control it: a message must not move the cursor, change the title
// of the window or worse.
type visible struct {
	w      io.Writer
	prefix string
}

// Write implements io.Writer.
func (v visible) Write(p []byte) (int, error) {
	if _, err := io.WriteString(v.w, v.prefix+harmless(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// harmless returns a peer's text with what would control a terminal replaced.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < 0x20 || r >= 0x7f && r < 0xa0) {
			return '\ufffd'
		}
		return r
	}, s)
}
