package autobahn

// Section 7, closing.

import (
	"fmt"
	"strconv"
	"strings"
)

// invalidText is UTF-8 up to the surrogate in its middle.
const invalidText = kosme + "\xed\xa0\x80" + "edited"

func section7() []*Case {
	var list []*Case
	list = append(list, numbered("7.1", basicClosing()...)...)
	list = append(list, numbered("7.3", closePayloads()...)...)
	list = append(list, numbered("7.5", &Case{
		Description: "A Close frame whose reason is not UTF-8.",
		Expectation: "The endpoint fails the connection with 1002 or 1007, or drops it.",
		expect:      wantNothing(),
		close:       weCloseBadly(1002, 1007),
		script:      []step{closeWith(1000, invalidText), kill(second)},
		judge:       codeDecides,
	})...)
	list = append(list, numbered("7.7", closeCodes("A Close frame with the code %d, which is allowed.",
		"A clean close with the same code or 1000.",
		func(code int) expectedClose { return weClose(1000, code) },
		1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)...)...)
	list = append(list, numbered("7.9", closeCodes("A Close frame with the code %d, which must not be sent.",
		"The endpoint fails the connection with 1002, or drops it.",
		func(int) expectedClose { return weCloseBadly(1002) },
		0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)...)...)
	list = append(list, numbered("7.13", undefinedCode(5000), undefinedCode(65535))...)
	return list
}

// closes is a case in which the suite closes after, and before, other frames.
func closes(description, expectation string, before []frame, after ...frame) *Case {
	return &Case{
		Description: description,
		Expectation: expectation,
		expect:      wantNothing(),
		close:       weClose(1000),
		script:      []step{send(before...), closeWith(1000, ""), send(after...), kill(second)},
		judge:       codeDecides,
	}
}

func basicClosing() []*Case {
	return []*Case{
		{
			Description: "A text message, and a Close frame when it has come back.",
			Expectation: echoed,
			expect:      want(textMessage("Hello World!")),
			close:       weClose(1000),
			script:      []step{send(text("Hello World!")), kill(second)},
			judge:       codeDecides,
		},
		closes("Two Close frames.", "A clean close with 1000; the second frame is ignored.", nil, opcode(opClose, "")),
		closes("A Close frame, then a ping.", "A clean close with 1000 and no pong.", nil, ping("")),
		closes("A Close frame, then a text message.", "A clean close with 1000; the message is ignored.", nil, text("Hello World!")),
		closes("The first fragment of a message, a Close frame, and the other fragment.", "A clean close with 1000.",
			[]frame{text("fragment1").more()}, continuation("fragment2")),
		{
			Description: "A text message of 256 KiB, a short one, a Close frame and a ping, all at once.",
			Expectation: "The RFC leaves open whether the messages still come back before the close.",
			expect:      wantOr([]event{textMessage("Hello World!")}),
			close:       weClose(1000),
			script: []step{send(text(repeatTo("BAsd7&jh23", 256<<10)), text("Hello World!")), closeWith(1000, ""),
				send(ping("")), kill(second)},
			judge: func(r *run) {
				if r.opened {
					r.res.Behavior, r.res.BehaviorClose = Informational, Informational
				}
			},
		},
	}
}

func closePayloads() []*Case {
	close := func(description string, code int, reason string) *Case {
		return &Case{
			Description: "A Close frame " + description + ".",
			Expectation: "A clean close with 1000.",
			expect:      wantNothing(),
			close:       weClose(1000),
			script:      []step{closeWith(code, reason), kill(second)},
			judge:       codeDecides,
		}
	}
	wrong := func(description string, code int, reason string) *Case {
		c := close(description, code, reason)
		c.Expectation = "The endpoint fails the connection with 1002, or drops it."
		c.close = weCloseBadly(1002)
		return c
	}
	return []*Case{
		close("without payload", -1, ""),
		wrong("with a payload of one octet", -1, "a"),
		close("with a code and no reason", 1000, ""),
		close("with a code and a reason", 1000, "Hello World!"),
		close("with a code and the longest reason that is allowed, 123 octets", 1000, strings.Repeat("*", 123)),
		wrong("with a code and a reason of 124 octets, one too many", 1000, strings.Repeat("*", 124)),
	}
}

func closeCodes(description, expectation string, end func(int) expectedClose, codes ...int) []*Case {
	var list []*Case
	for _, code := range codes {
		list = append(list, &Case{
			Description: fmt.Sprintf(description, code),
			Expectation: expectation,
			expect:      wantNothing(),
			close:       end(code),
			script:      []step{closeWith(code, ""), kill(second)},
			judge:       codeDecides,
		})
	}
	return list
}

func undefinedCode(code int) *Case {
	return &Case{
		Description: "A Close frame with the code " + strconv.Itoa(code) + ", for which the RFC has no rule.",
		Expectation: "Anything: the report shows what the endpoint makes of it.",
		expect:      wantNothing(),
		close:       weCloseBadly(1000, code, 1002),
		script:      []step{closeWith(code, ""), kill(second)},
		judge: func(r *run) {
			if r.opened {
				r.res.Behavior, r.res.BehaviorClose = Informational, Informational
				r.res.Result = "The RFC does not say what should happen."
			}
		},
	}
}

// repeatTo repeats s until it has n octets; the last repetition may be cut.
func repeatTo(s string, n int) string {
	return strings.Repeat(s, n/len(s)+1)[:n]
}
