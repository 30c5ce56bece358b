// Package harmless makes what a peer has sent safe to show on a terminal, which it must not control: it must not move the cursor,
// change the title of the window, or make a text look like another.
package harmless

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Text returns s with what would control a terminal replaced by U+FFFD: the control characters but line feed and tab, those that
// change the direction of writing, and what is not UTF-8.
func Text(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '\ufffd'
		}
		return r
	}, s)
}

// Line returns Text without line feeds, so that no part of it seems to be another line.
func Line(s string) string {
	return strings.ReplaceAll(Text(s), "\n", " ")
}

// Writer returns what a peer's bytes are written to: w, unless that is a terminal.
func Writer(w io.Writer) io.Writer {
	if IsTerminal(w) {
		return Terminal{w}
	}
	return w
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Terminal writes Text to W. A character must not be cut by the end of a Write.
type Terminal struct{ W io.Writer }

// Write implements io.Writer.
func (t Terminal) Write(p []byte) (int, error) {
	if _, err := io.WriteString(t.W, Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
