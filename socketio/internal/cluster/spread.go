package cluster

// This file holds how a server finds out that its subscriptions are known everywhere, where carriers are clusters themselves: what it says after a
// subscription follows the news of that to each server of the carrier, so whoever has heard it is behind a server that knows.

import (
	"context"
	"time"
)

// How long the others are waited for, and where they have not answered last time: a server may be dead, which is noticed later.
const (
	spreadPatience   = time.Second
	spreadImpatience = 50 * time.Millisecond
)

// Spread is what is known of a server's subscriptions. Count is called when there is one more, Await waits for those there are.
type Spread struct {
	node *Node
	turn chan struct{} // holds an element while nobody asks the others

	counted, known uint64 // subscriptions, and those that are known everywhere; guarded by the node's mu
	late           bool   // somebody has not answered; owned by whoever has the turn
}

// NewSpread returns a Spread.
func NewSpread(n *Node) *Spread {
	s := &Spread{node: n, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// Count notes a subscription that the carrier is told of before anything that is sent later.
func (s *Spread) Count() {
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	s.counted++
}

// open returns how many subscriptions there are, and whether some are not known everywhere.
func (s *Spread) open() (counted uint64, open bool) {
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	return s.counted, s.known < s.counted
}

// Await waits until all subscriptions that were counted before are known everywhere, or somebody has not answered for long. One question
// answers all who wait.
func (s *Spread) Await(ctx context.Context) error {
	want, open := s.open()
	if !open {
		return nil
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { s.turn <- struct{}{} }()
	s.node.mu.Lock()
	done := s.known >= want
	s.node.mu.Unlock()
	if done {
		return nil
	}
	patience := spreadPatience
	if s.late {
		patience = spreadImpatience
	}
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	all, _ := s.open()
	err := s.node.ask(asking, &Message{Kind: Probe}, func(*Message) {})
	s.late = err != nil
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	s.known = max(s.known, all) // what is not known now is not waited for again
	return err
}
