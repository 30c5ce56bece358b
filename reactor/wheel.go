package reactor

// This file holds the timers of a loop. It knows numbers only: slots, of which each has at most one timer, and ticks.

// tickRate is how many ticks a second has. What is bounded in time may take two ticks longer.
const tickRate = 8

// wheelSize is how many ticks the wheel takes for a turn; a power of two.
const wheelSize = 256

// wheel is a timing wheel. A timer stands in the list of its tick modulo wheelSize, and the turns before its own pass it by. There are
// no pointers in it, which the garbage collector would have to follow. Slot 0 stands for none.
type wheel struct {
	heads [wheelSize]uint32
	links []timerLink // by slot
	now   uint32      // everything due up to here has expired
	n     int         // timers that are set
}

// timerLink is a slot's place in a list.
type timerLink struct {
	next, prev uint32
	due        uint32 // 0: not set
}

// list returns the list for a tick.
func (w *wheel) list(due uint32) *uint32 { return &w.heads[due%wheelSize] }

// set makes slot's timer expire at the tick due, or at the next one if that has passed, in place of what was set before.
func (w *wheel) set(slot, due uint32) {
	for int(slot) >= len(w.links) {
		w.links = append(w.links, timerLink{})
	}
	w.drop(slot)
	due = max(due, w.now+1)
	head := w.list(due)
	w.links[slot] = timerLink{next: *head, due: due}
	if *head != 0 {
		w.links[*head].prev = slot
	}
	*head = slot
	w.n++
}

// drop unsets slot's timer.
func (w *wheel) drop(slot uint32) {
	if int(slot) >= len(w.links) || w.links[slot].due == 0 {
		return
	}
	l := w.links[slot]
	if l.prev != 0 {
		w.links[l.prev].next = l.next
	} else {
		*w.list(l.due) = l.next
	}
	if l.next != 0 {
		w.links[l.next].prev = l.prev
	}
	w.links[slot] = timerLink{}
	w.n--
}

// due returns the tick at which slot's timer expires, or 0.
func (w *wheel) due(slot uint32) uint32 {
	if int(slot) >= len(w.links) {
		return 0
	}
	return w.links[slot].due
}

// advance moves to the tick now, and appends the slots whose timers have expired, which are unset, to dst.
func (w *wheel) advance(dst []uint32, now uint32) []uint32 {
	for steps := min(now-w.now, wheelSize); steps > 0; steps-- {
		for slot := *w.list(now - steps + 1); slot != 0; {
			l := w.links[slot]
			if l.due <= now {
				w.drop(slot)
				dst = append(dst, slot)
			}
			slot = l.next
		}
	}
	w.now = now
	return dst
}
