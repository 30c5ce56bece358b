package journal

// This file holds places in a log, and which of them lie in a stay in a room.

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// Place is a place in a log: the second number counts within the first. The zero value is before all.
type Place struct{ Time, Number uint64 }

var maxPlace = Place{^uint64(0), ^uint64(0)}

// isPlace says what a place looks like.
var isPlace = regexp.MustCompile(`^[0-9]{1,20}-[0-9]{1,20}$`)

// parsePlace returns a place, and whether it is one.
func parsePlace(s string) (Place, bool) { return PlaceOf(s), isPlace.MatchString(s) }

// PlaceOf returns a place. What is none is the beginning.
func PlaceOf(s string) Place {
	time, number, _ := strings.Cut(s, "-")
	var p Place
	p.Time, _ = strconv.ParseUint(time, 10, 64)
	p.Number, _ = strconv.ParseUint(number, 10, 64)
	return p
}

// String returns a place as clients have it.
func (p Place) String() string { return fmt.Sprintf("%d-%d", p.Time, p.Number) }

func (p Place) before(q Place) bool {
	return p.Time < q.Time || p.Time == q.Time && p.Number < q.Number
}

// stays are the times in rooms: behind the first place, up to the second.
type stays map[string][][2]Place

// staysOf returns those of a session. It was in its own room all the time.
func staysOf(s *adapter.Session) stays {
	all := stays{s.SID: {{Place{}, maxPlace}}}
	for _, one := range s.Memberships {
		to := maxPlace
		if one.To != "" {
			to = PlaceOf(one.To)
		}
		all[one.Room] = append(all[one.Room], [2]Place{PlaceOf(one.From), to})
	}
	return all
}

// areMeant reports whether an event that stands at a place was meant.
func (all stays) areMeant(t *adapter.Target, at Place) bool {
	wasIn := func(room string) bool {
		return slices.ContainsFunc(all[room], func(stay [2]Place) bool { return stay[0].before(at) && !stay[1].before(at) })
	}
	return (len(t.Rooms) == 0 || slices.ContainsFunc(t.Rooms, wasIn)) && !slices.ContainsFunc(t.Except, wasIn)
}
