package websocket

// This file holds what has come over a browser's WebSocket and has not been read, and the frames that Read makes of it.

import "github.com/seed-d69ae1b7/websocket/internal/jssocket"

// browserUnread is the most bytes of messages that wait to be read. A browser goes on to receive whether or not anybody reads: a
// page cannot stall a server. So one that sends more than is read is closed. A message alone may be larger; the read limit is for
// that.
const browserUnread = 16 << 20

// browserMessage is what a message counts for beside its bytes: JavaScript's objects and Go's references to them.
const browserMessage = 1 << 10

// inbox holds the messages that have come, where JavaScript has them, and their end. Guarded by browserConn.mu. In turn:
//
//	neither   messages come
//	full      one came that was too much; it is dropped with all behind it, and the browser has been told to close
//	over      the connection has ended; nothing comes any more. It may be full as well, which is what Read says then.
type inbox struct {
	messages []jssocket.Message
	last     []byte // the close frame behind all; nil if there is none
	unread   int    // bytes that the messages count for, and the one whose frame is being read
	reading  int    // what that one counts for
	full     bool
	over     bool
}

// errInboxFull is what Read returns behind what had come before: a limit of this side's, as the others that a peer passes.
func errInboxFull() *ProtocolError {
	return protocolError(StatusMessageTooBig, "10.4", "over 16 MiB of messages that nobody reads")
}

// add adds a message, and reports false if it is too much.
func (in *inbox) add(m jssocket.Message) (fits bool) {
	if in.over || in.full {
		return true
	}
	size := m.Len + browserMessage
	if in.unread > 0 && in.unread+size > browserUnread {
		in.full = true
		return false
	}
	in.unread += size
	in.messages = append(in.messages, m)
	return true
}

// end notes the end of the connection, with the close frame of the peer unless the code stands for none. It reports whether nothing
// had ended it before.
func (in *inbox) end(code int, reason string) (first bool) {
	if in.over {
		return false
	}
	in.over = true
	if code == int(StatusCode(code)) {
		var s Sender
		in.last, _ = s.AppendClose(nil, StatusCode(code), reason) // nothing for a code that does not travel, such as 1006
	}
	return true
}

// drop lets go of everything.
func (in *inbox) drop() { *in = inbox{over: true} }

// read notes that the message of the frame that was begun counts no more.
func (in *inbox) read() {
	in.unread -= in.reading
	in.reading = 0
}

// next begins the next frame, and reports false if there is none. The one before has been read.
func (in *inbox) next(f *browserFrame) bool {
	switch {
	case len(in.messages) > 0:
		*f = newBrowserFrame(in.messages[0])
		in.messages[0] = jssocket.Message{}
		in.messages = in.messages[1:]
		in.reading = f.left + browserMessage
	case !in.full:
		f.head, in.last = in.last, nil
	}
	return f.begun()
}

// browserFrame is a frame that is being read: the whole of a message, or a close frame, which is all in head.
type browserFrame struct {
	message jssocket.Message
	head    []byte // what is left of the header
	left    int    // bytes of the message
}

// newBrowserFrame returns that of a message.
func newBrowserFrame(m jssocket.Message) browserFrame {
	op := OpBinary
	if m.Text {
		op = OpText
	}
	return browserFrame{message: m, head: appendHead(nil, head{b0: finBit | byte(op), length: uint64(m.Len)}), left: m.Len}
}

// begun reports whether something of it is left.
func (f *browserFrame) begun() bool { return len(f.head) > 0 || f.left > 0 }

// take moves as much to p as is left and fits.
func (f *browserFrame) take(p []byte) (n int, err error) {
	n = copy(p, f.head)
	f.head = f.head[n:]
	if n == len(p) || f.left == 0 {
		return n, nil
	}
	k, err := f.message.Copy(p[n:], f.message.Len-f.left)
	f.left -= k
	return n + k, err
}
