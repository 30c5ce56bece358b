package socketio

// This file holds sessions that are kept while their sockets are connected, for the case that this server is killed (Recovery.SurviveKill). One is saved
// when it begins, soon after a change, and again before the store forgets it. What is saved at its end (recovery.go) goes the same way, so that nothing older
// follows.

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// The pace of a keeper.
const (
	keepPause = 100 * time.Millisecond // between two rounds: what changes meanwhile is saved once
	keepMost  = 1000                   // sessions a round that are saved because of their age only
)

// keeper keeps the sessions of a namespace. A nil one keeps those that have ended only. It has a timer while there is something to keep, and no goroutine.
type keeper struct {
	n     *Namespace
	store adapter.Keeper
	keep  time.Duration // how long one that is not connected is kept

	saving sync.Mutex // is held while something is given to the store

	mu      sync.Mutex // guards the rest
	changed []*Socket  // to be saved, each once
	saved   []keptAt   // when others were, the oldest first
	timer   *time.Timer
	rings   time.Time // when timer fires; zero while it does not
}

// keptAt says when a session was saved. A later entry for the same socket replaces it.
type keptAt struct {
	s  *Socket
	at time.Time
}

// kept is what a keeper knows of a socket, guarded by its mu.
type kept struct {
	changed bool      // it stands in changed
	at      time.Time // it was saved last
}

// newKeeper returns the keeper of a namespace, or nil.
func (n *Namespace) newKeeper() *keeper {
	r := n.srv.opts.Recovery
	if !r.SurviveKill {
		return nil
	}
	store, ok := n.store.(adapter.Keeper)
	if !ok {
		n.srv.opts.logger().Error("socketio: the adapter keeps nothing beyond this process: clients do not survive that", "namespace", n.name)
		return nil
	}
	return &keeper{n: n, store: store, keep: r.MaxDisconnection}
}

// note has the session of a socket saved soon. Any lock may be held but mu of a keeper.
func (k *keeper) note(s *Socket) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s.memory.kept.changed {
		return
	}
	s.memory.kept.changed = true
	k.changed = append(k.changed, s)
	k.arm(keepPause)
}

// arm sets the timer, unless it fires before anyway. mu is held.
func (k *keeper) arm(d time.Duration) {
	at := time.Now().Add(d)
	switch {
	case !k.rings.IsZero() && !at.Before(k.rings):
		return
	case k.timer == nil:
		k.timer = time.AfterFunc(d, k.round)
	default:
		k.timer.Reset(d)
	}
	k.rings = at
}

// round saves what has changed and what was saved long ago.
func (k *keeper) round() {
	for _, s := range k.due(time.Now()) {
		if s.isGone() { // its end saves it, or has it forgotten
			continue
		}
		one := s.session()
		one.Live = true
		if err := k.put(s, one); err != nil && !errors.Is(err, ErrDisconnected) {
			k.n.srv.opts.logger().Warn("socketio: a session is not saved", "namespace", k.n.name, "error", err)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rings = time.Time{}
	if len(k.changed) > 0 {
		k.arm(keepPause)
	}
	if len(k.saved) > 0 {
		k.arm(max(keepPause, time.Until(k.saved[0].at.Add(k.keep/2))))
	}
}

// due takes what is to be saved, and notes that it is.
func (k *keeper) due(now time.Time) []*Socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := k.changed
	k.changed = nil
	for n := 0; len(k.saved) > 0 && n < keepMost && now.Sub(k.saved[0].at) >= k.keep/2; {
		one := k.saved[0]
		k.saved[0] = keptAt{}
		k.saved = k.saved[1:]
		if own := &one.s.memory.kept; own.at.Equal(one.at) && !own.changed && !one.s.isGone() {
			own.changed = true
			all = append(all, one.s)
			n++
		}
	}
	all = slices.DeleteFunc(all, (*Socket).isGone)
	for _, s := range all {
		s.memory.kept = kept{at: now}
		k.saved = append(k.saved, keptAt{s, now})
	}
	return all
}

// put gives the session of a socket that is connected to the store, unless it is not any more.
func (k *keeper) put(s *Socket, one *adapter.Session) error {
	k.saving.Lock()
	defer k.saving.Unlock()
	if s.isGone() {
		return ErrDisconnected
	}
	return k.store.Save(context.Background(), one, k.keep+k.keep/2)
}

// save gives the session of a socket that has gone to the store.
func (n *Namespace) save(one *adapter.Session) error {
	if k := n.keeper; k != nil {
		k.saving.Lock()
		defer k.saving.Unlock()
	}
	return n.store.Save(context.Background(), one, n.srv.opts.Recovery.MaxDisconnection)
}

// forget has the session of a socket that does not come back forgotten.
func (k *keeper) forget(pid string) {
	if k == nil {
		return
	}
	k.saving.Lock()
	defer k.saving.Unlock()
	if err := k.store.Forget(context.Background(), pid); err != nil {
		k.n.srv.opts.logger().Warn("socketio: a session is not forgotten", "namespace", k.n.name, "error", err)
	}
}
