package autobahn

// Section 1, framing: single unfragmented messages of every length encoding, echoed.

import (
	"fmt"
	"strings"
	"time"
)

func section1() []*Case {
	return append(
		numbered("1.1", echoOfSizes("text", "*", text, textMessage)...),
		numbered("1.2", echoOfSizes("binary", "\xfe", binaryFrame, binaryMessage)...)...)
}

func echoOfSizes(kind, octet string, frameOf func(string) frame, eventOf func(string) event) []*Case {
	var cases []*Case
	for _, s := range []struct {
		size, chop int
		limit      time.Duration
	}{
		{0, 0, 1}, {125, 0, 1}, {126, 0, 1}, {127, 0, 1}, {128, 0, 1}, {65535, 0, 10}, {65536, 0, 10}, {65536, 997, 10},
	} {
		payload := strings.Repeat(octet, s.size)
		what := fmt.Sprintf("One %s message of %d octets.", kind, s.size)
		if s.chop > 0 {
			what += fmt.Sprintf(" Its octets leave in pieces of %d.", s.chop)
		}
		cases = append(cases, &Case{
			Description: what,
			Expectation: echoed,
			expect:      want(eventOf(payload)),
			close:       weClose(1000),
			script:      []step{send(frameOf(payload).chops(s.chop)), kill(s.limit * second)},
		})
	}
	return cases
}
