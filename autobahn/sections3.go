package autobahn

// Section S3, strict framing: what section 2 to 7 do not try. It needs no extension.

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func init() {
	titles["S3"] = "Strict framing"
	titles["S3.1"] = "Lengths"
	titles["S3.2"] = "Masking"
	titles["S3.3"] = "Reserved bits and opcodes"
	titles["S3.4"] = "Fragmentation and UTF-8"
	titles["S3.5"] = "Closing"
	titles["S3.6"] = "The endpoint's own Close frame"
}

func sectionS3() []*Case {
	return slices.Concat(
		numbered("S3.1", wrongLengths()...), numbered("S3.2", wrongMasks()...),
		numbered("S3.3", wrongBits()...), numbered("S3.4", wrongFragments()...), numbered("S3.5", wrongCloses()...),
		numbered("S3.6", ownCloses()...))
}

// mustFail is a case in which the frames make the endpoint fail the connection with one of the codes.
func mustFail(what string, frames []frame, codes ...int) *Case {
	c := &Case{
		Description: what + ".",
		Expectation: fmt.Sprintf("The endpoint fails the connection at once, with %s or without a code.", orList(codes)),
		expect:      wantNothing(),
		close:       theyMustFail(codes...),
		script:      []step{send(frames...), kill(second)},
	}
	if frames[0].opcode == opClose {
		c.judge = codeDecides // an endpoint that did not mind answers with the code that it got
	}
	return c
}

// shouldFail is mustFail where the RFC binds the sender and does not say what a receiver does: to take the frames for
// what they seem to mean, as taken tells from the events, and to close cleanly is non-strict.
func shouldFail(what string, frames []frame, taken func(received []event) bool, codes ...int) *Case {
	c := mustFail(what, frames, codes...)
	c.Expectation += " To accept it is non-strict: the rule binds the sender."
	c.judge = func(r *run) {
		code := r.res.RemoteCloseCode
		if r.broke == "" && taken(r.res.Received) && r.res.WasClean && (code == nil || *code == 1000 || *code == 1001) {
			r.decide(NonStrict, "The endpoint accepted what must not be sent.")
			r.res.BehaviorClose, r.res.ResultClose = OK, "The suite closed the connection, properly."
		}
	}
	return c
}

// exactly tells whether an event alone was received.
func exactly(e event) func([]event) bool {
	return func(received []event) bool { return slices.Equal(received, []event{e}) }
}

// mustEcho is a case in which the frames are legal and the events are what must come back.
func mustEcho(what string, frames []frame, events ...event) *Case {
	return &Case{
		Description: what + ".",
		Expectation: "Everything comes back as the RFC says; then the connection is closed cleanly with 1000.",
		expect:      want(events...),
		close:       weClose(1000),
		script:      []step{send(frames...), kill(second)},
	}
}

func list(f ...frame) []frame { return f }

func wrongLengths() []*Case {
	long := strings.Repeat("*", 0xFFFF)
	return []*Case{
		shouldFail("A text message of 13 octets whose length is encoded in 16 bits", list(text(hello).as(length16)), exactly(textMessage(hello)), 1002),
		shouldFail("A text message of 13 octets whose length is encoded in 64 bits", list(text(hello).as(length64)), exactly(textMessage(hello)), 1002),
		shouldFail("A text message of 125 octets whose length is encoded in 16 bits", list(text(long[:125]).as(length16)), exactly(textMessage(long[:125])), 1002),
		shouldFail("A text message of 65535 octets whose length is encoded in 64 bits", list(text(long).as(length64)), exactly(textMessage(long)), 1002),
		mustFail("An empty ping whose length is encoded in 16 bits", list(ping("").as(length16)), 1002),
		mustFail("A ping whose length is encoded in 64 bits", list(ping("ping").as(length64)), 1002),
		mustFail("A text message with the top bit of its 64-bit length set", list(text(hello).declares(1<<63|13)), 1002),
		mustFail("A text message with a declared length of 2^64-1", list(text(hello).declares(1<<64-1)), 1002),
		mustFail("A Close frame with a declared length of 2^63-1", list(closeFrame(1000, "").declares(1<<63-1)), 1002),
		mustEcho("Messages of 125 and 126 octets back to back", list(text(long[:125]), text(long[:126])),
			textMessage(long[:125]), textMessage(long[:126])),
	}
}

func wrongMasks() []*Case {
	wrong := func(what string, f frame) *Case {
		c := mustFail(what+" without a mask from a client", list(f.masked(maskNever)), 1002)
		c.Roles = Servers
		return c
	}
	wrongWay := func(what string, f frame) *Case {
		c := mustFail(what+" with a mask from a server", list(f.masked(maskAlways)), 1002)
		c.Roles = Clients
		return c
	}
	keys := mustEcho("Eight text messages, to see the client's mask keys", nil)
	keys.Expectation = "The messages come back, each with another mask key."
	keys.Roles = Clients
	var events []event
	var frames []frame
	for i := range 8 {
		frames, events = append(frames, text(fmt.Sprint("message ", i))), append(events, textMessage(fmt.Sprint("message ", i)))
	}
	keys.expect, keys.script = want(events...), []step{send(frames...), kill(second)}
	keys.judge = func(r *run) {
		if len(r.rx.keys) < len(frames) {
			r.decide(Failed, fmt.Sprintf("There were %d different mask keys in %d messages.", len(r.rx.keys), len(frames)))
		}
	}
	return []*Case{
		wrong("A text message", text(hello)), wrong("An empty text message", text("")),
		wrong("A ping", ping("ping")), wrong("A Close frame", closeFrame(1000, "")),
		wrongWay("A text message", text(hello)), wrongWay("An empty text message", text("")),
		wrongWay("A ping", ping("ping")), wrongWay("A Close frame", closeFrame(1000, "")),
		keys,
	}
}

func wrongBits() []*Case {
	var cases []*Case
	for _, bits := range []byte{1, 2, 4} {
		cases = append(cases,
			mustFail(fmt.Sprintf("A ping with RSV = %d", bits), list(ping("ping").rsvBits(bits)), 1002),
			mustFail(fmt.Sprintf("A continuation frame with RSV = %d", bits), list(text("Hel").more(), continuation("lo").rsvBits(bits)), 1002))
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		cases = append(cases, mustFail(fmt.Sprintf("A frame with the reserved opcode %d that is not final", op), list(opcode(op, "").more()), 1002))
	}
	return cases
}

func wrongFragments() []*Case {
	empty := []frame{text("").more()}
	for range 500 {
		empty = append(empty, continuation("").more())
	}
	fe := strings.Repeat("\xfe", 125)
	return []*Case{
		mustFail("A Close frame that is not final", list(closeFrame(1000, "").more(), continuation("")), 1002),
		mustFail("A binary message in the middle of a text message", list(text("fragment1").more(), binaryFrame(hello)), 1002),
		mustFail("An empty text message that is not final, then another", list(text("").more(), text("")), 1002),
		mustFail("A text message that ends in the middle of a code point, in two fragments", list(text("caf").more(), continuation("\xc3")), 1007),
		mustFail("A text message that ends in the middle of a code point, with an empty last fragment", list(text("caf\xc3").more(), continuation("")), 1007),
		mustFail("A text message whose second fragment starts in the middle of a code point that the first did not begin", list(text("caf").more(), continuation("\xa9")), 1007),
		mustEcho("A code point in two fragments with a ping between them", list(text("caf\xc3").more(), ping("ping"), continuation("\xa9")),
			ponged("ping"), textMessage("café")),
		mustEcho("A binary message that is not UTF-8, in fragments", list(binaryFrame("\xff").more(), continuation("\xfe").more(), continuation("\xc3")),
			binaryMessage("\xff\xfe\xc3")),
		mustEcho("A text message in 500 empty fragments and one that is not", append(empty, continuation(hello)), textMessage(hello)),
		mustEcho("Two pings of 125 octets and a pong between the fragments of a message",
			list(text("Hello, ").more(), ping(fe), pong("unasked"), ping(fe), continuation("world!")), ponged(fe), ponged(fe), textMessage(hello)),
	}
}

func wrongCloses() []*Case {
	badClose := func(what string, code int, reason string, codes ...int) *Case {
		return &Case{
			Description: "A Close frame with " + what + ".",
			Expectation: fmt.Sprintf("The endpoint fails the connection with %s, or drops it.", orList(codes)),
			expect:      wantNothing(),
			close:       weCloseBadly(codes...),
			script:      []step{closeWith(code, reason), kill(second)},
			judge:       codeDecides,
		}
	}
	goodClose := func(code int) *Case {
		return &Case{
			Description: fmt.Sprintf("A Close frame with the code %d, which is registered.", code),
			Expectation: "A clean close with the same code or 1000.",
			expect:      wantNothing(),
			close:       weClose(1000, code),
			script:      []step{closeWith(code, ""), kill(second)},
			judge:       codeDecides,
		}
	}
	return []*Case{
		goodClose(1012), goodClose(1013), goodClose(1014),
		badClose("the code 1015, which must not be sent", 1015, "", 1002),
		badClose("the code 1", 1, "", 1002),
		badClose("the code 5000, above all ranges", 5000, "", 1002),
		badClose("the code 65535", 65535, "", 1002),
		badClose("a reason that ends in the middle of a code point", 1000, "caf\xc3", 1007, 1002),
		badClose("a reason that has a surrogate in it", 1000, "\xed\xa0\x80", 1007, 1002),
		{
			Description: "A Close frame, then a message of 1 MiB, which must be discarded.",
			Expectation: "A clean close with 1000.",
			expect:      wantNothing(),
			close:       weClose(1000),
			script:      []step{closeWith(1000, ""), send(binaryFrame(strings.Repeat("x", 1<<20))), kill(second)},
			judge:       codeDecides,
		},
	}
}

// ownClose is a case that looks at the endpoint's Close frame itself, however it comes about, and at what follows it.
func ownClose(what string, end expectedClose, steps ...step) *Case {
	return &Case{
		Description: what + ". The endpoint's own Close frame is looked at.",
		Expectation: "That frame is final, has no reserved bit set, a mask only from a client and a length of at most 125 in its shortest form; " +
			"its payload is empty, or a code that may be sent and a reason in UTF-8. No data and no other Close frame follow.",
		expect: wantNothing(),
		close:  end,
		script: append([]step{func(r *run) {
			r.linger = 300 * time.Millisecond
			r.onMessage = func([]byte, bool) {} // what comes back before the Close frame is not what this is about
		}}, append(steps, kill(second))...),
		judge: func(r *run) {
			switch {
			case !r.opened || r.res.Behavior == Unimplemented:
			case r.broke != "":
				r.decide(Failed, asSentence(r.cause()))
			case r.rx.again:
				// RFC 6455, Section 1.4: "After sending a control frame indicating the connection should be closed, a peer
				// does not send any further data".
				r.decide(Failed, "The endpoint sent a second Close frame.")
			default:
				r.decide(OK, "Nothing is wrong with the endpoint's Close frame, and with what followed it.")
			}
		},
	}
}

func ownCloses() []*Case {
	long := strings.Repeat("é", 61) + "*"
	var messages []frame
	for i := range 20 {
		messages = append(messages, text(fmt.Sprint(strings.Repeat("*", 1000), i)))
	}
	packed := ownClose("A Close frame on a connection with compression", weClose(1000), closeWith(1000, strings.Repeat("*", 100)))
	packed.wishes, packed.script = []deflateWish{{}}, ifAgreed(packed.script...)
	return []*Case{
		ownClose("A Close frame without payload", weClose(1000), closeWith(-1, "")),
		ownClose("A Close frame with the code 1000", weClose(1000), closeWith(1000, "")),
		ownClose("A Close frame with the longest reason, of two octets a character", weClose(1000), closeWith(1000, long)),
		ownClose("A Close frame with the code 4999 and a reason", weClose(1000, 4999), closeWith(4999, "grüß dich")),
		ownClose("A Close frame in the middle of a fragmented message", weClose(1000), send(text("fragment1").more()), closeWith(1000, "")),
		ownClose("A Close frame right behind 20 messages", weClose(1000), send(messages...), closeWith(1000, "")),
		ownClose("A Close frame right behind a ping and before another", weClose(1000), send(ping("a")), closeWith(1000, ""), send(ping("b"))),
		ownClose("Two Close frames", weClose(1000), closeWith(1000, ""), send(closeFrame(1000, ""))),
		packed,
		ownClose("A frame with a reserved opcode", theyFail(1002), send(opcode(3, ""))),
		ownClose("Two frames with reserved opcodes", theyFail(1002), send(opcode(3, ""), opcode(4, ""))),
		ownClose("A text message that is not UTF-8", theyFail(1007), send(text(invalidText))),
		ownClose("A text message, and one that is not UTF-8 right behind it", theyFail(1007), send(text(hello), text(invalidText), text(hello))),
		ownClose("A ping of 126 octets", theyFail(1002), send(ping(strings.Repeat("\xfe", 126)))),
	}
}
