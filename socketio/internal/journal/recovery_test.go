package journal

import (
	"slices"
	"testing"
)

// TestSessionFormat: a session as Node writes it, which has its own room among the others and does not say since when it was in them.
func TestSessionFormat(t *testing.T) {
	one, err := decodeSession([]byte(`{"sid":"s","pid":"p","rooms":["s","a"],"data":{"n":1}}`))
	if err != nil || one.SID != "s" || one.PID != "p" || !slices.Equal(one.Rooms, []string{"a"}) || string(one.Data) != `{"n":1}` || len(one.Memberships) != 1 {
		t.Errorf("%+v, %v", one, err)
	}
	for _, bad := range []string{"", "[]", `{"rooms":1}`} {
		if one, err := decodeSession([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, one)
		}
	}
}

// TestPlaces: places are written as they are read, and stand in order.
func TestPlaces(t *testing.T) {
	if p := PlaceOf("12-3"); p.String() != "12-3" || !p.before(PlaceOf("12-4")) || PlaceOf("13-0").before(p) {
		t.Errorf("%v", p)
	}
	for _, bad := range []string{"", "x", "1", "1-", "-1", "1-1-1", "1-x", " 1-1", "1-123456789012345678901"} {
		if p, ok := parsePlace(bad); ok {
			t.Errorf("%q: %v", bad, p)
		}
	}
}
