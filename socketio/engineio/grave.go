package engineio

// This file holds what sessions that have ended on polling leave for the poll that comes next: once, and not for long.

import (
	"sync"
	"time"
)

// graves are the farewells of sessions that have ended while no GET request was pending, by their identifiers.
type graves struct {
	mu sync.Mutex
	m  map[string]*grave
}

// grave is a farewell, with the timer that ends it.
type grave struct {
	farewell []byte
	timer    *time.Timer
}

// bury keeps a farewell for a while.
func (g *graves) bury(id string, farewell []byte, keep time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.m == nil {
		g.m = make(map[string]*grave)
	}
	g.m[id] = &grave{farewell, time.AfterFunc(keep, func() { g.take(id) })}
}

// take returns the farewell of a session, once, or nil.
func (g *graves) take(id string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.m[id]
	if one == nil {
		return nil
	}
	one.timer.Stop()
	delete(g.m, id)
	return one.farewell
}
