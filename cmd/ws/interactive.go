package main

// This file holds the console of ws dial where a person sits at a terminal: lines are edited, and messages appear above them.

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
	"github.com/urfave/cli/v3"
	"golang.org/x/term"
)

// longestLine is how many characters a line has that the terminal's editor drops the rest of.
const longestLine = 4096

// openTerminal returns the console on the terminal that is the input and output of the tool.
func openTerminal(cmd *cli.Command) (*console, error) {
	in, out := cmd.Root().Reader.(*os.File), cmd.Root().Writer.(*os.File)
	old, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	t := newTerminal(struct {
		io.Reader
		io.Writer
	}{in, out}, out)
	t.SetBracketedPasteMode(true)
	stop := onResize(func() { fit(t, out) })
	v := view{w: t, colours: chooseColours(os.Getenv, t.Escape)}
	return &console{
		next:        func() (action, error) { return nextLine(t, v) },
		show:        v.message,
		status:      harmless.Terminal{W: t},
		interactive: true,
		restore: func() {
			stop()
			t.SetBracketedPasteMode(false)
			term.Restore(int(in.Fd()), old)
		},
	}, nil
}

// newTerminal returns the line editor of a terminal.
func newTerminal(rw io.ReadWriter, out *os.File) *term.Terminal {
	t := term.NewTerminal(rw, "> ")
	t.AutoCompleteCallback = complete
	fit(t, out)
	return t
}

// fit tells t how large the terminal is. One that does not know, as behind a serial line or in a container, says 0, and is taken
// to be as wide as most.
func fit(t *term.Terminal, out *os.File) {
	if width, height, err := term.GetSize(int(out.Fd())); err == nil && width > 0 && height > 0 {
		t.SetSize(width, height)
	}
}

// nextLine reads a line and returns what it does: a message, or a command.
func nextLine(t *term.Terminal, v view) (action, error) {
	line, err := t.ReadLine()
	switch {
	case err != nil && err != term.ErrPasteIndicator:
		return nil, err
	case utf8.RuneCountInString(line) >= longestLine:
		return failing("a line of this terminal ends after %d characters, and nothing was sent: use /file, or a pipe", longestLine), nil
	case strings.HasPrefix(line, "//"):
		line = line[1:]
	case strings.HasPrefix(line, "/"):
		return command(line, v)
	}
	return sending(websocket.OpText, []byte(line)), nil
}

// complete completes the name of a command when the tabulator is pressed.
func complete(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' || !strings.HasPrefix(line, "/") || pos != len(line) {
		return "", 0, false
	}
	var found []string
	for _, c := range commands {
		if strings.HasPrefix(c.name, line) {
			found = append(found, c.name)
		}
	}
	if len(found) != 1 {
		return "", 0, false
	}
	return found[0] + " ", len(found[0]) + 1, true
}
