package autobahn

// Section S2, continued: windows to the octet, and what is kept in them from message to message.

import (
	"fmt"
	"strings"
)

func init() {
	titles["S2.6"] = "Windows to the octet"
	titles["S2.7"] = "Windows that last"
}

// offering is a case in which the suite as a client makes the offer, and as a server gives the answer, or none if the
// client's offer does not allow it.
func offering(c *Case, offer string, answer deflateParams) *Case {
	if c.Roles == Servers {
		c.wishes, c.tamper = []deflateWish{{}}, with(extensions, offer)
		return c
	}
	c.accept = func(r *run, req *httpHead) bool {
		r.answerWith = answer.fitting(offered(req))
		return openAsServer(req)(r)
	}
	return c
}

func exactWindows() []*Case {
	var cases []*Case
	for bits := 8; bits <= 15; bits++ {
		cases = append(cases,
			lookBack(Servers, bits, fmt.Sprintf("%s; client_max_window_bits=%d", deflateName, bits), deflateParams{}),
			lookBack(Clients, bits, "", deflateParams{serverBits: bits}),
			lookBackAtMost(Servers, bits, fmt.Sprintf("%s; server_max_window_bits=%d", deflateName, bits), deflateParams{}),
			lookBackAtMost(Clients, bits, "", deflateParams{clientBits: bits}))
	}
	return cases
}

// said names what the suite says of compression.
func said(offer string, answer deflateParams) string {
	if offer != "" {
		return "The offer " + offer
	}
	return "The answer " + answer.String()
}

// lookBack sends a message that looks back just as far as it may.
func lookBack(role Role, bits int, offer string, answer deflateParams) *Case {
	return offering(&Case{
		Description: said(offer, answer) + ", and a message that looks back as far as its window allows, and one octet less.",
		Expectation: "The message comes back: a window of n bits holds 2^n octets.",
		Roles:       role,
		close:       weClose(1000),
		script: ifAgreed(func(r *run) {
			size := 1 << r.deflate.bits
			first := letters(size)
			whole := first + first[:3] + first[4:7]
			r.decide(Failed, "The message did not come back.")
			r.onMessage = func(got []byte, _ bool) {
				r.decide(OK, "The message came back.")
				if string(got) != whole {
					r.decide(Failed, "The message came back with other contents.")
				}
				r.sendClose(1000, "")
			}
			r.sendFrame(text(fixedBlock(func(w *bitWriter) { w.literals(first).match3(size).match3(size - 1) })).rsvBits(rsv1))
		}, kill(5*second)),
	}, offer, answer)
}

// lookBackAtMost has the endpoint send what a compressor can shorten just within its window, and just not.
func lookBackAtMost(role Role, bits int, offer string, answer deflateParams) *Case {
	var steps []step
	var events []event
	for _, period := range []int{1<<bits - 1, 1 << bits, 1<<bits + 1} {
		m := strings.Repeat(letters(period), 4)
		steps, events = append(steps, message(opText, m, 0)), append(events, textMessage(m))
	}
	return offering(&Case{
		Description: said(offer, answer) + ", and messages that repeat after one octet less than the window, after the window, and after one more.",
		Expectation: "The messages come back, and the endpoint does not look back beyond its window.",
		Roles:       role,
		expect:      want(events...),
		close:       weClose(1000),
		script:      ifAgreed(append(steps, kill(5*second))...),
	}, offer, answer)
}

// lastingWindows are long runs of messages that consist of little but what went before.
func lastingWindows() []*Case {
	run := func(role Role, offer string, answer deflateParams) *Case {
		var steps []step
		var events []event
		for i := range 200 {
			m := fmt.Sprintf("%d %s", i, payloads[0].part(37*i, 400))
			steps, events = append(steps, message(opText, m, 0)), append(events, textMessage(m))
		}
		return offering(&Case{
			Description: said(offer, answer) + ", and 200 messages that look back at those before them.",
			Expectation: "Every message comes back: the window lasts from message to message.",
			Roles:       role,
			expect:      want(events...),
			close:       weClose(1000),
			script:      ifAgreed(unlessForbidden(append(steps, kill(5*second)))),
		}, offer, answer)
	}
	return []*Case{
		run(Servers, deflateName, deflateParams{}),
		run(Servers, deflateName+"; client_max_window_bits=9", deflateParams{}),
		run(Clients, "", deflateParams{}),
		run(Clients, "", deflateParams{serverBits: 9}),
		run(Clients, "", deflateParams{serverBits: 12}),
	}
}
