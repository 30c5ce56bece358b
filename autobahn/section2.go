package autobahn

// Section 2, pings and pongs.

import (
	"fmt"
	"strings"
	"time"
)

func section2() []*Case {
	const nothing = "Nothing comes back; then the connection is closed cleanly with 1000."
	fe := func(n int) string { return strings.Repeat("\xfe", n) }
	answered := func(description, payload string, chop int, limit time.Duration) *Case {
		return &Case{
			Description: description,
			Expectation: "A pong with the ping's payload; then the connection is closed cleanly with 1000.",
			expect:      want(ponged(payload)),
			close:       weClose(1000),
			script:      []step{send(ping(payload).chops(chop)), closeAfter(limit)},
		}
	}
	ignored := func(description, payload string) *Case {
		return &Case{
			Description: description,
			Expectation: nothing,
			expect:      wantNothing(),
			close:       weClose(1000),
			script:      []step{send(pong(payload)), closeWith(1000, ""), closeAfter(second)},
		}
	}
	return numbered("2",
		answered("A ping without payload.", "", 0, second),
		answered("A ping with a short text.", "Hello, world!", 0, second),
		answered("A ping with a short payload that is not UTF-8.", "\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 0, second),
		answered("A ping with the longest payload that is allowed, 125 octets.", fe(125), 0, second),
		&Case{
			Description: "A ping with a payload of 126 octets.",
			Expectation: "The endpoint fails the connection with 1002: a control frame has at most 125 octets.",
			expect:      wantNothing(),
			close:       theyFail(1002),
			script:      []step{send(ping(fe(126))), kill(second)},
		},
		answered("A ping with 125 octets that leaves octet by octet.", fe(125), 1, 2*second),
		ignored("A pong without payload that nobody asked for.", ""),
		ignored("A pong with a payload that nobody asked for.", "unsolicited pong payload"),
		&Case{
			Description: "A pong that nobody asked for, then a ping.",
			Expectation: "One pong, for the ping; then the connection is closed cleanly with 1000.",
			expect:      want(ponged("ping payload")),
			close:       weClose(1000),
			script:      []step{send(pong("unsolicited pong payload"), ping("ping payload")), closeAfter(second)},
		},
		tenPings("Ten pings, each with another payload.", 0),
		tenPings("Ten pings, each with another payload, leaving octet by octet.", 1),
	)
}

func tenPings(description string, chop int) *Case {
	c := &Case{
		Description: description,
		Expectation: "Ten pongs with the payloads in order, which the RFC wishes but does not demand; then a clean close with 1000.",
		close:       weClose(1000),
	}
	var pongs []event
	for i := range 10 {
		payload := fmt.Sprintf("payload-%d", i)
		c.script = append(c.script, send(ping(payload).chops(chop)))
		pongs = append(pongs, ponged(payload))
	}
	c.expect, c.script = want(pongs...), append(c.script, closeAfter(3*second))
	return c
}
