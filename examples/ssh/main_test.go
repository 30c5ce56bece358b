package main

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// TestCommand protects a session of SSH between two programs: a command that works, one that does not, and who is kept out.
func TestCommand(t *testing.T) {
	server := program.Start(t, "-addr", "localhost:0", "-password", "sesame")
	key := server.Expect("^host key (.*)")
	url := server.URL() + "/ssh"
	for _, row := range []struct {
		name string
		args []string
		says string // in its only line, or empty if it fails
	}{
		{"a command", []string{"-password", "sesame", "-host-key", key, "greet", "Ada"}, "hello, Ada"},
		{"no such command", []string{"-password", "sesame", "-host-key", key, "rm"}, ""},
		{"a wrong password", []string{"-password", "guess", "-host-key", key, "greet", "Ada"}, ""},
		{"another server's key", []string{"-password", "sesame", "-host-key", otherKey(), "greet", "Ada"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			client := program.Start(t, append([]string{"-dial", url}, row.args...)...)
			if row.says != "" {
				client.Expect("^" + row.says + "$")
			}
			if err := client.Wait(); (err == nil) != (row.says != "") {
				t.Error(err)
			}
		})
	}
}

// otherKey returns a key that no server has.
func otherKey() string {
	_, key := serverConfig("")
	return key
}
