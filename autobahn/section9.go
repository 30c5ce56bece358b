package autobahn

// Section 9, limits and performance: large messages, many fragments, many pieces, many round trips.

import (
	"fmt"
	"time"
)

func init() {
	for group, title := range map[string]string{
		"9.1": "Text messages of increasing size", "9.2": "Binary messages of increasing size",
		"9.3": "A text message of 4 MiB in fragments of increasing size", "9.4": "A binary message of 4 MiB in fragments of increasing size",
		"9.5": "A text message of 1 MiB in pieces of increasing size", "9.6": "A binary message of 1 MiB in pieces of increasing size",
		"9.7": "Round trips of text messages", "9.8": "Round trips of binary messages",
	} {
		titles[group] = title
	}
}

const (
	kib = 1 << 10
	mib = 1 << 20
)

func section9() []*Case {
	var list []*Case
	text := kindOfMessage{opText, "text", "BAsd7&jh23", "*", 100}
	binary := kindOfMessage{opBinary, "binary", "\x00\xfe\x23\xfa\xf0", "\xfe", 10}
	for i, k := range []kindOfMessage{text, binary} {
		list = append(list, numbered(fmt.Sprintf("9.%d", 1+i), k.large()...)...)
	}
	for i, k := range []kindOfMessage{text, binary} {
		list = append(list, numbered(fmt.Sprintf("9.%d", 3+i), k.fragmented()...)...)
	}
	for i, k := range []kindOfMessage{text, binary} {
		list = append(list, numbered(fmt.Sprintf("9.%d", 5+i), k.chopped()...)...)
	}
	for i, k := range []kindOfMessage{text, binary} {
		list = append(list, numbered(fmt.Sprintf("9.%d", 7+i), k.roundTrips()...)...)
	}
	return list
}

type kindOfMessage struct {
	opcode  byte
	name    string
	pattern string        // repeated, makes the payload of a message in one frame
	octet   string        // makes up the payload of a fragmented one
	soon    time.Duration // seconds for messages of 1 and 4 MiB, which the original does not treat alike
}

// one is a message that comes back within the limit.
func (k kindOfMessage) one(size int, how string, limit time.Duration, send func(r *run)) *Case {
	return &Case{
		Description: fmt.Sprintf("A %s message of %d octets%s.", k.name, size, how),
		Expectation: fmt.Sprintf("The message comes back within %d seconds.", limit),
		Heavy:       true,
		timed:       true,
		close:       weClose(1000),
		script: []step{func(r *run) {
			r.logging(false)
			r.decide(Failed, fmt.Sprintf("The connection ended before the message had come back, or %d seconds were over.", limit))
			r.onMessage = func(payload []byte, binary bool) { r.judgeOne(k, size, payload, binary) }
			send(r)
			closeAfter(limit * second)(r)
		}},
	}
}

// judgeOne judges by kind and length, as the original does.
func (r *run) judgeOne(k kindOfMessage, size int, payload []byte, binary bool) {
	switch {
	case binary != (k.opcode == opBinary):
		r.decide(Failed, "The message came back as the other kind.")
	case len(payload) != size:
		r.decide(Failed, fmt.Sprintf("A message of %d octets came back as one of %d.", size, len(payload)))
	default:
		r.decide(OK, fmt.Sprintf("The message of %d octets came back.", size))
	}
	r.logging(true)
	r.sendClose(1000, "")
}

func (k kindOfMessage) large() []*Case {
	var list []*Case
	for _, s := range []struct {
		size  int
		limit time.Duration
	}{{64 * kib, 10}, {256 * kib, 10}, {mib, k.soon}, {4 * mib, k.soon}, {8 * mib, 100}, {16 * mib, 100}} {
		list = append(list, k.one(s.size, "", s.limit, func(r *run) {
			r.sendFrame(opcode(k.opcode, repeatTo(k.pattern, s.size)))
		}))
	}
	return list
}

func (k kindOfMessage) fragmented() []*Case {
	var list []*Case
	for fragment := 64; fragment <= 4*mib; fragment *= 4 {
		how := fmt.Sprintf(" in fragments of %d", fragment)
		list = append(list, k.one(4*mib, how, 100, func(r *run) {
			r.sendMessage(k.opcode, []byte(repeatTo(k.octet, 4*mib)), fragment)
		}))
	}
	return list
}

func (k kindOfMessage) chopped() []*Case {
	var list []*Case
	for chop := 64; chop <= 2048; chop *= 2 {
		how := fmt.Sprintf(" that leaves in pieces of %d", chop)
		list = append(list, k.one(mib, how, 1000, func(r *run) {
			r.sendFrame(opcode(k.opcode, repeatTo(k.pattern, mib)).chops(chop))
		}))
	}
	return list
}

const manyRounds = 1000

func (k kindOfMessage) roundTrips() []*Case {
	var list []*Case
	for _, s := range []struct {
		size  int
		limit time.Duration
	}{{0, 60}, {16, 60}, {64, 60}, {256, 120}, {1024, 240}, {4096, 480}} {
		payload := repeatTo(k.octet, s.size)
		list = append(list, &Case{
			Description: fmt.Sprintf("%d round trips of a %s message of %d octets.", manyRounds, k.name, s.size),
			Expectation: fmt.Sprintf("Every message comes back, all within %d seconds.", s.limit),
			Heavy:       true,
			timed:       true,
			close:       weClose(1000),
			script: []step{exchange(s.limit, func(r *run) func([]byte, bool) string {
				r.sendFrame(opcode(k.opcode, payload))
				return func(got []byte, binary bool) string {
					if binary != (k.opcode == opBinary) || len(got) != s.size {
						return fmt.Sprintf("A %s message of %d octets came back as something else: %d octets, binary %t.",
							k.name, s.size, len(got), binary)
					}
					return ""
				}
			})},
		})
	}
	return list
}

// exchange does the round trips of a case, at most as many as the run allows. next sends a message and gives a function
// that says what is wrong with the one that comes back, or nothing.
func exchange(limit time.Duration, next func(*run) func(payload []byte, binary bool) string) step {
	return func(r *run) {
		r.logging(false)
		r.decide(Failed, fmt.Sprintf("The connection ended before all messages had come back, or %d seconds were over.", limit))
		closeAfter(limit * second)(r)
		r.giveUpWhenIdle(idleLimit)
		left := manyRounds
		if r.rounds > 0 {
			left = min(left, r.rounds)
		}
		all := fmt.Sprintf("All %d messages came back in time.", left)
		end := func(o Outcome, text string) {
			r.decide(o, text)
			if r.c.ratio && o == OK {
				r.flush()
				r.res.TrafficStats = r.traffic.finish() // of the round trips alone: the closing handshake is yet to come
			}
			r.onMessage = func([]byte, bool) {}
			r.logging(true)
			r.sendClose(1000, "")
		}
		check := next(r)
		r.onMessage = func(payload []byte, binary bool) {
			wrong := check(payload, binary)
			left--
			switch {
			case wrong != "":
				end(Failed, wrong)
			case left == 0:
				end(OK, all)
			default:
				check = next(r)
			}
		}
	}
}

// idleLimit is how long nothing at all may arrive while a round trip is under way: an endpoint that never answers should
// not cost all of the time that a thousand answers may take.
const idleLimit = 10 * second

// giveUpWhenIdle starts the closing handshake when nothing has arrived for the time given since everything was sent.
func (r *run) giveUpWhenIdle(limit time.Duration) {
	last := int64(-1)
	var look func()
	look = func() {
		heard := r.traffic.IncomingOctetsWireLevel
		if r.state != open {
			return
		}
		if heard == last && r.out.backlog() == 0 {
			r.decide(Failed, fmt.Sprintf("A message did not come back: nothing arrived for %v.", limit))
			r.sendClose(1000, "")
			return
		}
		last = heard
		r.after(limit, look)
	}
	r.after(limit, look)
}
