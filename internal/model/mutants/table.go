package main

import "github.com/seed-d69ae1b7/websocket/internal/mutants"

// mutant is a defect to be put into the library. Its old text must stand in its file exactly once.
type mutant struct {
	name, file string
	old, new   string
	flags      []string // of the model, beside those of all
	behind     string   // what the model leaves out as known, and without which it cannot find this; or empty
}

// defect is m for what puts it in.
func (m mutant) defect() mutants.Mutant {
	return mutants.Mutant{Name: m.name, File: m.file, Old: m.old, New: m.new}
}

// churn lets the model hold only short conversations whose owner closes the net.Conn.
var churn = []string{"-model.only=real", "-model.parallel=32", "-model.churn"}

// filter lets the model hold only conversations over TLS on sockets.
var filter = []string{"-model.only=real", "-model.filter"}

// table begins with the defects of issue 10 that were in the library, put back where the code stands now.
var table = []mutant{
	{name: "1.1 a loop releases the reading before it has forgotten its body", file: "reading.go",
		old: "	c.loopBody = nil\n	c.state.And(^uint32(inBody)) // Close waits again\n	return firstError(c.endRead(), err)\n",
		new: "	err = firstError(c.endRead(), err)\n	c.loopBody = nil\n	c.state.And(^uint32(inBody))\n	return err\n"},
	{name: "1.2 what is known of the socket is forgotten before the keepalive asks", file: "read.go",
		old: "		default:\n			if err := c.timedOut(err); err != nil {",
		new: "		default:\n			c.look()\n			if err := c.timedOut(err); err != nil {"},
	{name: "1.3 a loop lends what cannot poll, and waits for a write that does", file: "descriptor.go",
		old: "c.offered = c.t.Polls() }", new: "c.offered = true }"},
	{name: "1.4 a loop does not hold the descriptor", file: "internal/transport/descriptor_unix.go", flags: churn,
		old: "	if err := d.rc.Control(d.onHold); err != nil {\n		return err\n	}\n", new: "	d.onHold(0)\n"},
	{name: "2.1 a write that fails ends the connection", file: "writing.go",
		old: "if why := brokenBy(err); why.Local {", new: "if why := brokenBy(err); true {"},
	{name: "2.2 with FailWhenFull a write waits for a transport that cannot poll", file: "writing.go",
		old: "return ctx.Done() == nil && !c.opts.FailWhenFull }", new: "return ctx.Done() == nil }"},
	{name: "2.21 a writer that waits does not look at the end", file: "room.go",
		old: "	for {\n		if err := c.refused(); err != nil {\n			return err\n		}\n		if ready() {",
		new: "	if err := c.refused(); err != nil {\n		return err\n	}\n	for {\n		if ready() {"},

	// reading.go
	{name: "a second read is let in unless a body runs", file: "reading.go",
		old: "case s&reading != 0:", new: "case s&(reading|inBody) == reading|inBody:"},
	{name: "a read that ends after the end does not hand over to finish", file: "reading.go",
		old: "		if s&over != 0 {\n			go c.finish()", new: "		if s&over != 0 && len(c.in) > 0 {\n			go c.finish()"},
	{name: "the reader waits although there may be more", file: "reading.go",
		old: "return c.known == noneLeft }", new: "return c.known == noneLeft || c.known == someLeft }"},
	{name: "a panic in a body ends nothing", file: "reading.go",
		old: "	if !returned {\n", new: "	if false {\n"},

	// descriptor.go
	{name: "who gives the descriptor back does not wake the reader", file: "descriptor.go",
		old: "if c.lent && !c.offered {", new: "if c.lent && !c.offered && c.err != nil && c.ending < endAborted {"},
	{name: "recall does not wait for the system call", file: "descriptor.go", flags: churn,
		old: "c.offered = false; c.lent; {", new: "c.offered = false; c.lent && c.err != nil; {"},
	{name: "recall does not withhold the descriptor", file: "descriptor.go", flags: churn,
		old: "	for c.offered = false; c.lent; {", new: "	for c.lent {"},

	// writing.go
	{name: "what has collected is left", file: "writing.go",
		old: "if c.hasOutput() && c.ending < endAborted && !c.largeIsNext() {", new: "if c.hasOutput() && len(c.out) > 64 && !c.largeIsNext() {"},
	{name: "a buffer that has left is not counted", file: "writing.go",
		old: "	c.flushed = c.taken\n	c.replySent()", new: "	c.flushed = c.taken - 1\n	c.replySent()"},
	{name: "the flusher forgets where it began", file: "writing.go",
		old: "b, n = c.takeOut(), 0", new: "b = c.takeOut()"},
	{name: "the rest of what the kernel did not take is sent from its beginning", file: "writing.go",
		old: "			c.flushLater(b, n)\n			return nil", new: "			c.flushLater(b, 0)\n			return nil"},
	{name: "behind a large message nobody sends", file: "writing.go",
		old: "	c.notify()\n	c.flushByReader()\n}", new: "	c.notify()\n}"},
	{name: "what was accepted is dropped when the connection ends", file: "writing.go",
		old: "		case c.hasOutput():\n			c.startFlush(true)", new: "		case false:\n			c.startFlush(true)"},
	{name: "a failed write wakes nobody", file: "writing.go",
		old: "		c.expectEnd()\n	}\n	c.notify()", new: "		c.expectEnd()\n	}"},
	{name: "nobody expects the end behind a failed write", file: "writing.go",
		old: "		c.expectEnd()\n", new: "		_ = c.expectEnd\n"},

	// The line of large messages.
	{name: "a large message goes into a streamed one", file: "writelarge.go", behind: "overtaking",
		old: "c.hasFlushed(t.after) && c.writer == nil && c.err == nil", new: "c.hasFlushed(t.after) && c.err == nil"},
	{name: "17 TLS on a socket believes what the kernel said in another run", file: "internal/transport/tls_unix.go", flags: filter,
		old: "	t.drained = false\n", new: ""},
	{name: "17 TLS on a socket is drained though it holds something", file: "internal/transport/tls_unix.go", flags: filter,
		old: "t.drained && !t.holds() && t.err == nil", new: "t.drained && t.err == nil"},
	{name: "17 what the kernel has not taken of TLS is forgotten", file: "internal/transport/tlsqueue_unix.go", flags: filter,
		old: "	q.backlog.Store(int32(q.waiting()))\n	q.mu.Unlock()", new: "	q.mu.Unlock()"},
}
