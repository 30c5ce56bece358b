package main

// The rules about streams of net/http.

var streaming = group{
	file: "internal/httpstream/conn.go", pkg: "internal/httpstream", tests: `.`,
	list: []change{
		{`a stream is written to after Close`, `	c.writing = !c.closed
	return c.writing`, `	c.writing = true
	return c.writing`},
		{`Wait does not wait for a write`, `	for !c.closed || c.writing || c.in.pumping {`, `	for !c.closed || c.in.pumping {`},
		{`Wait does not wait for the body`, `	for !c.closed || c.writing || c.in.pumping {`, `	for !c.closed || c.writing {`},
		{`Wait does not wait for Close`, `	for !c.closed || c.writing || c.in.pumping {`, `	for c.writing || c.in.pumping {`},
		{`RFC 8441, 5: Abort ends the stream in order`, `	if (reset || c.writing) && !c.over {`, `	if c.writing && !c.over {`},
		{`Close waits for a write that the peer does not take`, `	if (reset || c.writing) && !c.over {`, `	if reset && !c.over {`},
		{`Close of a stream is not seen by Read`, `	c.in.stopTimer()
	c.changed.Broadcast()
	return nil`, `	c.in.stopTimer()
	return nil`},
		{`what was written does not leave`, `	if n, err = c.w.Write(p); err == nil {
		err = c.control.Flush()
	}`, `	n, err = c.w.Write(p)`},
		{`a write deadline is no timeout`, `	case expired(c.writeBy):`, `	case false:`},
		{`the server's own deadlines end a stream`, `errors.Join(c.control.SetReadDeadline(time.Time{}), c.control.SetWriteDeadline(time.Time{}))`, `errors.Join(nil, nil)`},
	},
}

var receivingStreams = group{
	file: "internal/httpstream/receive.go", pkg: "internal/httpstream", tests: `.`,
	list: []change{
		{`a read deadline ends nothing`, `		case expired(in.readBy):`, `		case false:`},
		{`bytes that came with the end are lost`, `		case len(in.have) > 0:
			return c.take(p), nil
		case in.err != nil:
			return 0, in.err`, `		case in.err != nil:
			return 0, in.err
		case len(in.have) > 0:
			return c.take(p), nil`},
		{`what a read has no room for is lost`, `	if c.in.have = c.in.have[n:]; len(c.in.have) == 0 {`, `	if c.in.have = c.in.have[len(c.in.have):]; len(c.in.have) == 0 {`},
		{`the pump reads beyond what was asked for`, `	room = room[:min(c.in.wanted, len(room))]
`, ``},
		{`the pump does not end with the stream`, `		if c.closed {
			break
		}
		c.fetch()`, `		c.fetch()`},
		{`a deadline in the future wakes nobody`, `			in.timer = time.AfterFunc(time.Until(t), c.wake)`, `			in.timer = time.AfterFunc(time.Until(t), func() {})`},
	},
}
