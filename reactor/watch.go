package reactor

// This file holds the warning of a turn that takes too long, mostly because a handler waits for something. That is hard to find otherwise:
// connections are slow, and nothing is busy. A timer looks at a loop once a second while it has something to do; it costs a turn two stores.

import (
	"bytes"
	"runtime"
	"time"
)

// longTurn is how long a turn may take before it is told of.
const longTurn = time.Second

// begun notes that a turn begins, and has the loop watched. An odd number is that of a turn, an even one that of a wait.
func (l *loop) begun() {
	l.turns.Store((l.turns.Load() + 1) | 1)
	if !l.watched.Load() && l.watched.CompareAndSwap(false, true) {
		l.rewatch()
	}
}

// turnEnded notes that a turn has come to its wait.
func (l *loop) turnEnded() { l.turns.Add(1) }

// rewatch has watch look at the turn that is under way once it is a long one.
func (l *loop) rewatch() {
	l.seen.Store(l.turns.Load())
	l.watcher.Reset(longTurn)
}

// watch tells of the turn that was under way a second ago, if it still is. While the loop waits nobody watches it.
func (l *loop) watch() {
	l.watched.Store(false)
	n := l.turns.Load()
	if n%2 == 0 || !l.watched.CompareAndSwap(false, true) {
		return // the next turn has itself watched, or has
	}
	if n == l.seen.Load() {
		l.server.warn.Do(func() {
			l.server.logf("reactor: a loop has been at one thing for %v while its other connections waited; this is told once, "+
				"with its stack; if that is in a handler, see Server.Workers\n%s", longTurn, turnStacks())
		})
		return // and not watched any more
	}
	l.rewatch()
}

// turnStacks returns the stacks of loops that are in a turn.
func turnStacks() []byte {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	var turns []byte
	for stack := range bytes.SplitSeq(all, []byte("\n\n")) {
		if bytes.Contains(stack, []byte("reactor.(*loop).turn(")) && !bytes.Contains(stack, []byte("reactor.(*loop).wait(")) {
			turns = append(append(turns, stack...), "\n\n"...)
		}
	}
	return turns
}
