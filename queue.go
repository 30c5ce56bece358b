package websocket

// This file holds writing that sends nothing: for those who have messages for many connections, or many for one, and want each
// connection to send what there is for it at once.

// Queue puts a message into the write buffer as Write does, and neither sends nor waits. first reports that nobody else is going
// to send it: then call Send when what belongs together has been queued. It leaves with whatever is written next in any case.
//
// Where nothing waits for the network, one item of any size is taken. Otherwise the error is ErrBackpressure if the buffer has no
// room, and ErrWriteInProgress while a Writer is open, whatever Options.FailWhenFull says. Others are those of Write.
func (c *Conn) Queue(op Opcode, p []byte) (first bool, err error) {
	need := c.writeNeed(len(p))
	c.mu.Lock()
	defer c.unlock()
	if err := c.unready(need, forMessage); err != nil {
		return false, err
	}
	first = c.wouldWait()
	out, err := c.appendMessage(growBuffer(c.out, need), op, p)
	c.keepOut(out)
	if err != nil {
		return false, err
	}
	c.counts.messagesOut++
	return first, nil
}

// QueuePrepared is Queue for a prepared message, or several: all of them are one item.
func (c *Conn) QueuePrepared(m *PreparedMessage) (first bool, err error) {
	need := c.preparedNeed(m)
	c.mu.Lock()
	defer c.unlock()
	if err := c.unready(need, forMessage); err != nil {
		return false, err
	}
	first = c.wouldWait()
	c.appendPrepared(m, need)
	return first, nil
}

// Send sends what is queued or held back on its way, as far as the kernel takes it at once, and leaves the rest to another
// goroutine. It does not wait. What becomes of it is told by later writes and reads.
func (c *Conn) Send() {
	c.mu.Lock()
	c.flushByReader()
	c.unlock()
}

// wouldWait reports whether a frame that is put into out now stays there until somebody is told to send it: nothing that will be
// sent is before it. mu is held.
func (c *Conn) wouldWait() bool { return c.isIdle() && !c.hasFrames() }
