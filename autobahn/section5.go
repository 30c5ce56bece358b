package autobahn

// Section 5, fragmentation.

func section5() []*Case {
	list := []*Case{
		fragmentedControl("ping", ping("fragment1")),
		fragmentedControl("pong", pong("fragment1")),
	}
	for _, chop := range chops {
		list = append(list, twoFragments("A text message in two fragments.", chop))
	}
	for _, chop := range chops {
		list = append(list, pingBetween(chop))
	}
	for _, first := range []frame{continuation(nothingToContinue), continuation(nothingToContinue).more()} {
		for _, chop := range chops {
			list = append(list, strayContinuation(first, chop))
		}
	}
	list = append(list,
		&Case{
			Description: "A text message in two fragments, then a continuation frame that is not final, then another text message, all in one piece.",
			Expectation: "The first message comes back, then the endpoint fails the connection: there is nothing to continue.",
			expect:      wantOr([]event{textMessage("fragment1fragment2")}),
			close:       theyFail(1002),
			script: []step{send(text("fragment1").more(), continuation("fragment2"), continuation("fragment3").more(),
				text("fragment4")), kill(second)},
		},
		strayTwice("that is not final", continuation("fragment1").more()),
		strayTwice("that is final", continuation("fragment1")),
		&Case{
			Description: "A text message in two fragments that both have the opcode of a text message.",
			Expectation: failedAtOnce + " Every fragment but the first is a continuation.",
			expect:      wantNothing(),
			close:       theyFail(1002),
			script:      []step{send(text("fragment1").more(), text("fragment2")), kill(second)},
		},
		slowFragments("", plain),
		slowFragments(" Every frame leaves on its own.", frame.apart),
	)
	return numbered("5", list...)
}

const nothingToContinue = "non-continuation payload"

// chops are the three ways in which octets leave: together, frame by frame, octet by octet.
var chops = []func(frame) frame{plain, frame.apart, octetwise}

func howSent(f frame) string {
	switch {
	case f.chop > 0:
		return " The octets leave one by one."
	case f.sync:
		return " Every frame leaves on its own."
	}
	return ""
}

func fragmentedControl(kind string, f frame) *Case {
	return &Case{
		Description: "A " + kind + " in two fragments.",
		Expectation: failedAtOnce + " Control frames must not be fragmented.",
		expect:      wantNothing(),
		close:       theyFail(1002),
		script:      []step{send(f.more(), continuation("fragment2")), kill(second)},
	}
}

func twoFragments(description string, chop func(frame) frame) *Case {
	return &Case{
		Description: description + howSent(chop(text(""))),
		Expectation: echoed,
		expect:      want(textMessage("fragment1fragment2")),
		close:       weClose(1000),
		script:      []step{send(chop(text("fragment1").more()), chop(continuation("fragment2"))), closeAfter(second)},
	}
}

func pingBetween(chop func(frame) frame) *Case {
	return &Case{
		Description: "A text message in two fragments with a ping between them." + howSent(chop(text(""))),
		Expectation: "A pong, then the message; then the connection is closed cleanly with 1000.",
		expect:      want(ponged("ping payload"), textMessage("fragment1fragment2")),
		close:       weClose(1000),
		script: []step{send(chop(text("fragment1").more()), chop(ping("ping payload")), chop(continuation("fragment2"))),
			closeAfter(second)},
	}
}

func strayContinuation(first frame, chop func(frame) frame) *Case {
	final := "final"
	if first.partial {
		final = "not final"
	}
	return &Case{
		Description: "A continuation frame, " + final + ", with nothing to continue, then a text message." + howSent(chop(first)),
		Expectation: failedAtOnce + " There is no message to continue.",
		expect:      wantNothing(),
		close:       theyFail(1002),
		script:      []step{send(chop(first), chop(text(hello))), kill(second)},
	}
}

func strayTwice(which string, stray frame) *Case {
	frames := []frame{stray, text("fragment2").more(), continuation("fragment3")}
	return &Case{
		Description: "Twice: a continuation frame " + which + " with nothing to continue, then a text message in two fragments.",
		Expectation: failedAtOnce + " There is no message to continue.",
		expect:      wantNothing(),
		close:       theyFail(1002),
		script:      []step{send(frames...), send(frames...), kill(second)},
	}
}

func slowFragments(how string, chop func(frame) frame) *Case {
	part := func(s string) frame { return chop(continuation(s).more()) }
	return &Case{
		Description: "A text message in five fragments: two and a ping, a second of silence, two more, a ping and the last." + how,
		Expectation: "Each ping is answered with its payload, the first before the message is complete; then the message comes back.",
		expect:      want(ponged("pongme 1!"), ponged("pongme 2!"), textMessage("fragment1fragment2fragment3fragment4fragment5")),
		close:       weClose(1000),
		script: []step{
			send(chop(text("fragment1").more()), part("fragment2"), chop(ping("pongme 1!"))),
			wait(second),
			send(part("fragment3"), part("fragment4"), chop(ping("pongme 2!")), chop(continuation("fragment5"))),
			closeAfter(second),
		},
	}
}
