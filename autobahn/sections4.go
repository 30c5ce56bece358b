package autobahn

// Section S4, resource safety: what an endpoint does with its memory when its peer is hostile. The endpoint is a child
// process of the suite, which watches its resident memory. Grades are by memory and survival; an endpoint is free to
// close the connection with any code, to drop it, or to wait.

import (
	"bytes"
	"cmp"
	"compress/flate"
	"fmt"
	"slices"
	"strings"
	"time"
)

func init() {
	titles["S4"] = "Resource safety"
	titles["S4.1"] = "Declared lengths"
	titles["S4.2"] = "Messages without end"
	titles["S4.3"] = "A peer that does not read"
	titles["S4.4"] = "Opening handshakes without end"
}

func sectionS4() []*Case {
	return slices.Concat(
		numbered("S4.1", declaredLengths()...), numbered("S4.2", endlessMessages()...),
		numbered("S4.3", neverReading()...), numbered("S4.4", endlessOpenings()...))
}

// measured is a case in which the endpoint's memory may grow by some MiB at most while the steps run.
func measured(what string, growth int64, steps ...step) *Case {
	return &Case{
		Description: what + ".",
		Expectation: fmt.Sprintf("The endpoint survives, and its memory grows by no more than %d MiB.", growth),
		Child:       true,
		script: []step{func(r *run) {
			r.logging(false)
			r.closeMoot = true
			r.measure(growth<<20, func() {
				for _, s := range steps {
					if r.state != closed && !r.ended {
						s(r)
					}
				}
			})
			r.drop()
		}},
	}
}

// settle gives the endpoint half a second to react to what was sent, and again while it still takes memory: a busy
// machine, or a long message to inflate, must not hide what would come. It ends when the verdict is certain.
func (r *run) settle(w *watch, limit int64) {
	seen, since := w.growth(), time.Now()
	quiet := cmp.Or(r.quiet, second/2)
	for end := time.Now().Add(20 * second); time.Now().Before(end) && time.Since(since) < quiet; {
		if r.state == closed || w.growth() > limit {
			return
		}
		due := false
		r.after(second/20, func() { due = true })
		r.pump(func() bool { return due })
		if now := w.growth(); now-seen >= mib {
			seen, since = now, time.Now()
		}
	}
}

// measure does the work and judges by how much the process under test has grown, and whether it lives.
func (r *run) measure(limit int64, do func()) {
	w, err := r.process.watch()
	if err != nil {
		r.decide(Unimplemented, "The memory of a process cannot be measured here: "+err.Error()+".")
		return
	}
	do()
	r.settle(w, limit)
	w.stop()
	grown := w.growth()
	switch {
	case r.res.Behavior == Unimplemented:
	case !r.process.alive():
		r.decide(Failed, "The endpoint's process has ended.")
	case grown > limit:
		r.decide(Failed, fmt.Sprintf("The endpoint's memory grew by %d MiB.", grown>>20))
	default:
		r.decide(OK, fmt.Sprintf("The endpoint's memory grew by %d MiB.", grown>>20))
	}
}

// endless is more octets than a flood sends in its time.
const endless = 1 << 40

// flood sends what next gives until total octets are on their way, the time is over or the connection is gone. It does
// not get ahead of the endpoint by more than a MiB.
func flood(total int64, limit time.Duration, next func(r *run) []byte) step {
	return func(r *run) {
		end := time.Now().Add(limit)
		r.after(limit, func() {}) // wakes pump
		for sent := int64(0); sent < total && r.state != closed && time.Now().Before(end); {
			b := next(r)
			if len(b) == 0 {
				return
			}
			sent += int64(len(b))
			r.fresh = append(r.fresh, b...)
			r.poll()
			r.pump(func() bool { return r.out.backlog() < mib || !time.Now().Before(end) })
		}
	}
}

// frames repeats a frame many times in one slice, masked by role with a key of zero.
func frames(f frame, times int) func(*run) []byte {
	return func(r *run) []byte {
		return bytes.Repeat(appendFrame(nil, f, !r.isServer, [4]byte{}), times)
	}
}

// stopReading makes the suite read no more.
func stopReading(r *run) { r.holding = true }

func declaredLengths() []*Case {
	lengths := func(what string, frames ...frame) *Case { return measured(what, 32, send(frames...)) }
	compressed := measured("A compressed message that declares 1 TiB, without a payload", 32,
		ifAgreed(send(text("").rsvBits(rsv1).declares(1<<40)))...)
	compressed.wishes = []deflateWish{{}}
	return []*Case{
		lengths("A text message that declares 2^63-1 octets, without a payload", text("").declares(1<<63-1)),
		lengths("A binary message that declares 8 GiB, without a payload", binaryFrame("").declares(8<<30)),
		lengths("A binary message that declares 512 MiB, with a payload of one octet", binaryFrame("x").declares(512<<20)),
		lengths("A fragment of one octet, then one that declares 2^63-1", text("x").more(), continuation("").declares(1<<63-1)),
		lengths("A ping that declares 2^63-1 octets", ping("").declares(1<<63-1)),
		compressed,
	}
}

// zeros is a compressed message of so many MiB of zeros.
func zeros(mibs int) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression) // fails for unknown levels only
	w.Write(make([]byte, mib))
	w.Flush()
	first := b.Len()
	w.Write(make([]byte, mib))
	w.Flush()
	// The second MiB looks back only at zeros, and so may be repeated.
	out := append([]byte(nil), b.Bytes()[:first]...)
	for range mibs - 1 {
		out = append(out, b.Bytes()[first:]...)
	}
	return out[:len(out)-4]
}

func endlessMessages() []*Case {
	bomb := measured("A compressed message of 1 MiB that inflates to 1 GiB of zeros", 256, ifAgreed(func(r *run) {
		r.sendFrame(frame{opcode: opBinary, rsv: rsv1, payload: zeros(1024)})
		r.wait(2*second, nil)
	})...)
	bomb.wishes = []deflateWish{{}}
	bombs := measured("A compressed message of 1 GiB of zeros in fragments of 64 octets", 256, ifAgreed(func(r *run) {
		payload := zeros(1024)
		op, rsv := byte(opBinary), byte(rsv1)
		flood(int64(len(payload)), 10*second, func(r *run) []byte {
			var out []byte
			for i := 0; i < 256 && len(payload) > 0; i++ {
				n := min(64, len(payload))
				out = appendFrame(out, frame{opcode: op, rsv: rsv, payload: payload[:n], partial: true}, !r.isServer, [4]byte{})
				payload, op, rsv = payload[n:], opContinuation, 0
			}
			return out
		})(r)
		r.wait(2*second, nil)
	})...)
	bombs.wishes = []deflateWish{{}}
	big := strings.Repeat("x", 64*kib)
	return []*Case{
		bomb, bombs,
		measured("A message of 512 MiB in fragments of 64 KiB", 256,
			send(binaryFrame("").more()), flood(512*mib, 10*second, frames(continuation(big).more(), 8))),
		measured("Empty fragments without end, for three seconds", 64,
			send(text("").more()), flood(endless, 3*second, frames(continuation("").more(), 8192))),
		measured("Fragments of one octet without end, for three seconds", 256,
			send(text("").more()), flood(endless, 3*second, frames(continuation("x").more(), 8192))),
	}
}

func neverReading() []*Case {
	return []*Case{
		measured("Pings of 125 octets for three seconds from a peer that does not read", 64, stopReading,
			flood(endless, 3*second, frames(ping(strings.Repeat("x", 125)), 500))),
		measured("Empty pings for three seconds from a peer that does not read", 64, stopReading,
			flood(endless, 3*second, frames(ping(""), 8192))),
		measured("Messages of 64 KiB for three seconds from a peer that does not read", 64, stopReading,
			flood(endless, 3*second, frames(binaryFrame(strings.Repeat("x", 64*kib)), 8))),
	}
}

// endlessHead floods the endpoint with a head that does not end. An endpoint that is still listening after 16 MiB has no
// bound.
func endlessHead(what string, first string, octets func(*run) []byte, role Role) *Case {
	const most = 16 * mib
	open := func(r *run) bool {
		r.closeMoot = true
		r.timers = nil // the limit of the opening handshake is this case's own
		r.logging(false)
		r.measure(32*mib, func() { // from the first octet on
			r.sendRaw([]byte(first))
			flood(most, 5*second, octets)(r)
		})
		if r.state != closed && len(r.rx.rest) == 0 && r.res.Behavior == OK {
			r.decide(Failed, "The endpoint still listens after 16 MiB.")
		}
		r.drop()
		return false
	}
	return &Case{
		Description: what + ", up to 16 MiB.",
		Expectation: "The endpoint refuses or gives up, and its memory grows by no more than 32 MiB.",
		Child:       true,
		Roles:       role,
		open:        open,
		accept:      func(r *run, _ *httpHead) bool { return open(r) },
	}
}

func endlessOpenings() []*Case {
	field := func(*run) []byte { return bytes.Repeat([]byte("X-Field: "+strings.Repeat("x", 1000)+"\r\n"), 64) }
	line := func(*run) []byte { return bytes.Repeat([]byte("x"), 64*kib) }
	const request, response = "GET / HTTP/1.1\r\nHost: test\r\n", "HTTP/1.1 101 Switching Protocols\r\n"
	return []*Case{
		endlessHead("A request with fields without end", request, field, Servers),
		endlessHead("A request with a field that has no end", request+"X-Field: ", line, Servers),
		endlessHead("A request whose first line has no end", "GET /", line, Servers),
		halfOpen(),
		endlessHead("A response with fields without end", response, field, Clients),
		endlessHead("A response with a field that has no end", response+"X-Field: ", line, Clients),
		endlessHead("A response whose first line has no end", "HTTP/1.1 101 ", line, Clients),
	}
}

// halfOpen holds many connections that have begun an opening handshake beside one that works.
func halfOpen() *Case {
	c := measured("200 connections whose requests are begun and not ended, beside one that works", 32, func(r *run) {
		for range 200 {
			conn, err := r.dial()
			if err != nil {
				break
			}
			defer conn.Close()
			conn.Write([]byte("GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\n"))
		}
		back := false
		r.onMessage = func([]byte, bool) { back = true }
		r.sendFrame(text(hello))
		r.wait(second/2, nil)
		if !back {
			r.note = "deaf"
		}
	})
	c.Roles = Servers
	c.judge = func(r *run) {
		if r.note == "deaf" && r.res.Behavior == OK {
			r.decide(Failed, "The connection that should work did not answer.")
		}
	}
	return c
}
