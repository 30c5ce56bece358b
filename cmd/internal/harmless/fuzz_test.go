package harmless

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzText makes any bytes harmless: nothing is left that controls a terminal, what is harmless stays as it is, and doing it again
// changes nothing.
func FuzzText(f *testing.F) {
	f.Add("plain\ttext\n")
	f.Add("\x1b]0;title\x07\u202eevil\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if !utf8.ValidString(got) || Text(got) != got || strings.Contains(Line(s), "\n") {
			t.Fatalf("%q became %q", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Fatalf("%q is left of %q", r, s)
			}
		}
		if utf8.RuneCountInString(got) != utf8.RuneCountInString(s) {
			t.Fatalf("%q became %q", s, got)
		}
	})
}
