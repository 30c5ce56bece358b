package servers_test

import (
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
