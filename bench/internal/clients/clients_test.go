package clients

import (
	"slices"
	"testing"

	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// A command that is misread would start another program, or one that does not know where to connect.
func TestProgram(t *testing.T) {
	c, err := Program("mine=./client -v {url}?a=b")
	if want := []string{"./client", "-v", "{url}?a=b"}; err != nil || c.Name != "mine" || !slices.Equal(c.Command, want) {
		t.Errorf("%+v, %v", c, err)
	}
	if !c.Can(wire.Shape{}) || !c.Can(wire.Shape{Deflate: true}) || c.Can(wire.Shape{TLS: true}) {
		t.Error("a program is measured without TLS")
	}
	for _, bad := range []string{"", "./client {url}", "=./client {url}", "mine=./client", "gws=./client {url}"} {
		if c, err := Program(bad); err == nil {
			t.Errorf("%q: %+v", bad, c)
		}
	}
}

// A client that cannot do context takeover must not be asked for it, nor over TLS.
func TestCan(t *testing.T) {
	can := func(s wire.Shape) (names []string) {
		for _, c := range All {
			if c.Can(s) {
				names = append(names, c.Name)
			}
		}
		return names
	}
	if got := can(wire.Shape{Deflate: true}); !slices.Equal(got, []string{Floor, "ours-messages", "coder", "gws"}) {
		t.Errorf("compressed: %v", got)
	}
	if got := can(wire.Shape{TLS: true}); len(got) != len(All) {
		t.Errorf("TLS: %v", got)
	}
}
