package harmless

import (
	"bytes"
	"os"
	"testing"

	"github.com/creack/pty"
)

// TestText protects terminals from control characters, and readers from text that is not in the order in which it seems to be.
func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain\tgrüße\n世界":     "plain\tgrüße\n世界",
		"a\x1b[2Jb\r\x00\x7f":  "a\ufffd[2Jb\ufffd\ufffd\ufffd",
		"\u009b2J\xff":         "\ufffd2J\ufffd",
		"\u202egnp.exe\u2066x": "\ufffdgnp.exe\ufffdx",
	} {
		if got := Text(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := Line("a\nb\x1b"); got != "a b\ufffd" {
		t.Errorf("line %q", got)
	}
}

// TestWriter protects a terminal that only the output goes to, and programs from what it is protected by.
func TestWriter(t *testing.T) {
	controller, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer controller.Close()
	defer terminal.Close()
	if w, safe := Writer(terminal).(Terminal); !safe || w.W != terminal {
		t.Error("a terminal gets what a server sends")
	}
	if program := new(bytes.Buffer); Writer(program) != program {
		t.Error("a program does not get what a server sends")
	}
	file, err := os.Create(t.TempDir() + "/messages")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if Writer(file) != file {
		t.Error("a file does not get what a server sends")
	}
	var out bytes.Buffer
	if n, err := (Terminal{&out}).Write([]byte("a\x1b")); n != 2 || err != nil || out.String() != "a\ufffd" {
		t.Errorf("wrote %d, %v: %q", n, err, out.String())
	}
}
