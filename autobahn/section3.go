package autobahn

// Section 3, reserved bits: no extension is in use, so that none of the three may be set.

import "fmt"

const (
	hello   = "Hello, world!"
	notUTF8 = "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
)

func section3() []*Case {
	alone := func(what string, f frame) *Case {
		return &Case{
			Description: fmt.Sprintf("%s with RSV = %d.", what, f.rsv),
			Expectation: failedAtOnce + " No extension gives the bits a meaning.",
			expect:      wantNothing(),
			close:       theyFail(1002),
			script:      []step{send(f), kill(second)},
		}
	}
	return numbered("3",
		alone("A short text message", text(hello).rsvBits(1)),
		afterEcho("the same with RSV = 2", text(hello).rsvBits(2), plain),
		afterEcho("the same with RSV = 3", text(hello).rsvBits(3), frame.apart),
		afterEcho("the same with RSV = 4", text(hello).rsvBits(4), octetwise),
		alone("A short binary message", binaryFrame(notUTF8).rsvBits(5)),
		alone("A short binary message", binaryFrame(hello).rsvBits(6)),
		alone("A Close frame", opcode(opClose, "").rsvBits(7)),
	)
}

// Ways in which the octets of frames leave.
func plain(f frame) frame     { return f }
func octetwise(f frame) frame { return f.chops(1) }

// afterEcho is a good message, then a frame that must fail the connection, then a ping that must not be answered.
func afterEcho(what string, bad frame, chop func(frame) frame) *Case {
	return &Case{
		Description: "A short text message, " + what + ", and a ping." + howSent(chop(bad)),
		Expectation: "The first message comes back, then the endpoint fails the connection; the ping has no answer.",
		expect:      wantOr([]event{textMessage(hello)}),
		close:       theyFail(1002),
		script:      []step{send(chop(text(hello)), chop(bad), chop(ping(""))), kill(second)},
	}
}
