package servers_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
)

// The floor comes first, and a name that is not known is an error and not a comparison without it.
func TestChoose(t *testing.T) {
	plain := func(l servers.Library) bool { return !l.IdleOnly }
	names := func(ls []servers.Library, err error) string {
		if err != nil {
			return err.Error()
		}
		var s []string
		for _, l := range ls {
			s = append(s, l.Name)
		}
		return strings.Join(s, " ")
	}
	if got := names(servers.Choose("gws, gorilla", plain)); got != "raw gorilla gws" {
		t.Errorf("chosen: %s", got)
	}
	if got := names(servers.Choose("gws,nothing", plain)); !strings.Contains(got, `"nothing"`) {
		t.Errorf("chosen: %s", got)
	}
	if got := names(servers.Choose("", plain)); !strings.HasPrefix(got, "raw ") || strings.Contains(got, "unbuffered") {
		t.Errorf("chosen: %s", got)
	}
}

// A command that is misread would start another program, or one that does not know its port.
func TestProgram(t *testing.T) {
	l, err := servers.Program("mine=./server --listen 127.0.0.1:{port} --name=a")
	if want := []string{"./server", "--listen", "127.0.0.1:{port}", "--name=a"}; err != nil || l.Name != "mine" || !slices.Equal(l.Command, want) {
		t.Errorf("%+v, %v", l, err)
	}
	if !l.Can(servers.Options{Deflate: true}) || l.Can(servers.Options{TLS: true}) {
		t.Error("a program is measured without TLS")
	}
	for _, bad := range []string{"", "./server {port}", "=./server {port}", "mine=./server", "gorilla=./server {port}", "raw=./server {port}"} {
		if l, err := servers.Program(bad); err == nil {
			t.Errorf("%q: %+v", bad, l)
		}
	}
}
