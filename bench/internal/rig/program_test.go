//go:build linux

package rig

import (
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
)

// A program that cannot be a server must be reported at once and by its name, not be waited for.
func TestProgramThatEnds(t *testing.T) {
	for _, command := range []string{"false {port}", "true {port}", "/no/such/program {port}"} {
		l, err := servers.Program("mine=" + command)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := StartServer(child.Unpinned, l, servers.Options{}); err == nil || !strings.Contains(err.Error(), strings.Fields(command)[0]) {
			t.Errorf("%s: %v, %v", command, s, err)
		}
	}
}
