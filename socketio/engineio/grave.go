package engineio

// This file holds what sessions that have ended on polling leave for the poll that comes next: once, and not for long. From the
// beginning of Shutdown on it is counted what they leave, and whether it has been written, because Shutdown waits for that.

import (
	"context"
	"sync"
	"time"
)

// graves are the farewells of sessions that have ended while no GET request was pending, by their identifiers.
type graves struct {
	mu      sync.Mutex
	m       map[string]*grave
	closing bool          // Shutdown has begun
	awaited int           // farewells that were left since, and are neither written nor too late
	quiet   chan struct{} // closed when awaited is 0; nil unless Shutdown waits
}

// grave is a farewell, with the timer that ends it.
type grave struct {
	farewell []byte
	timer    *time.Timer
	awaited  bool
}

// bury keeps a farewell for a while.
func (g *graves) bury(id string, farewell []byte, keep time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.m == nil {
		g.m = make(map[string]*grave)
	}
	one := &grave{farewell: farewell, awaited: g.closing}
	one.timer = time.AfterFunc(keep, func() { g.written(g.take(id)) })
	g.m[id] = one
	if one.awaited {
		g.awaited++
	}
}

// take returns what a session has left, once, or nil. The caller calls written when the client has it.
func (g *graves) take(id string) *grave {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.m[id]
	if one != nil {
		one.timer.Stop()
		delete(g.m, id)
	}
	return one
}

// written notes that nobody waits any more for what take has returned, which may be nil.
func (g *graves) written(one *grave) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one == nil || !one.awaited {
		return
	}
	if g.awaited--; g.awaited == 0 && g.quiet != nil {
		close(g.quiet)
		g.quiet = nil
	}
}

// close begins to count.
func (g *graves) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = true
}

// await waits until the clients have what was left for them since close, for a moment, and not beyond ctx.
func (g *graves) await(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, keepForShutdown)
	defer cancel()
	select {
	case <-g.still():
	case <-ctx.Done():
	}
}

// still returns what is closed when nothing is awaited.
func (g *graves) still() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	quiet := g.quiet
	switch {
	case g.awaited == 0:
		quiet = make(chan struct{})
		close(quiet)
	case quiet == nil:
		quiet = make(chan struct{})
		g.quiet = quiet
	}
	return quiet
}
