package websocket

// This file holds what writers may do with the descriptor of a transport that polls, and what is known of their replies.
//
// The descriptor stays open as long as a Messages loop is inside of transport.run, whoever closes the net.Conn: its owner
// may, at any time, and then its number soon is another connection's. In the meantime writers may use it without the
// locks of package net. The states, of Conn.offered and Conn.lent:
//
//	withheld   neither        A write takes the locks of package net.
//	offered    offered        A loop is inside of transport.run, and stays there until it has recalled the descriptor.
//	lent       offered, lent  The goroutine that writes makes one system call, which never waits.
//	recalled   lent           The reader waits for the end of that system call.
//
//	offer      withheld → offered; by the reader, inside of transport.run
//	lend       offered → lent; by the goroutine that writes, before a system call
//	giveBack   lent → offered, recalled → withheld; by the same, behind it
//	recall     offered → withheld, lent → recalled → withheld; by the reader, before it leaves transport.run
//
// All of it is guarded by mu. Only the reader sets offered, so that it may read it without. On a transport that cannot
// poll, where a write may wait, nothing is ever offered.
//
// Nobody else names these fields: TestFieldOwners.

import "context"

// offer lets writers use the descriptor directly, where that can be. mu is held.
func (c *Conn) offer() { c.offered = c.t.Polls() }

// isOffered reports whether offer has done so, and recall has not undone it. Only the reader may ask.
func (c *Conn) isOffered() bool { return c.offered }

// lend reports whether the caller, who is the one that writes to the transport, may use the descriptor directly for one
// system call. If so, giveBack must follow. mu is held.
func (c *Conn) lend() bool {
	c.lent = c.offered
	return c.lent
}

// giveBack ends what lend began, if it lent anything. mu is held.
func (c *Conn) giveBack() {
	if c.lent && !c.offered {
		c.notify() // the reader waits in recall
	}
	c.lent = false
}

// recall withholds the descriptor from now on, and waits for the end of a system call that uses it.
func (c *Conn) recall() {
	if !c.offered {
		return
	}
	c.mu.Lock()
	for c.offered = false; c.lent; {
		c.await(context.Background(), nil)
	}
	c.unlock()
}

// reply is what is known of the writes that began after the bytes came that the body of a loop deals with. A write that
// succeeds shows that no reset had come before it.
type reply uint8

const (
	noReply   reply = iota // none has begun
	underWay               // the one that is being made has
	itArrived              // one has, and has succeeded
)

// replyBegins notes that a write begins. mu is held.
func (c *Conn) replyBegins() {
	if c.reply == noReply && c.bodyRuns() {
		c.reply = underWay
	}
}

// replySent notes that everything that was taken to be written is with the kernel. mu is held.
func (c *Conn) replySent() {
	if c.reply == underWay {
		c.reply = itArrived
	}
}

// takeReply reports whether a write that began after the last bytes came has succeeded, and forgets it. mu is held.
func (c *Conn) takeReply() (arrived bool) {
	arrived = c.reply == itArrived
	c.reply = noReply
	return arrived
}
