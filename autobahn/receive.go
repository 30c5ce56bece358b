package autobahn

// This file takes apart and judges what arrives. The suite is a strict endpoint itself: what breaks RFC 6455 makes it
// fail the connection, and the events and the closing code tell that in the verdict.

import (
	"encoding/binary"
	"unicode/utf8"
)

const (
	rsv1       = 4
	maxMessage = 64 << 20 // no case has more than 16 MiB
	maxBacklog = 4 << 20  // pongs are left out while more than this waits to be written
)

// receiver is the state of the incoming stream.
type receiver struct {
	rest     []byte // octets of an incomplete header, or of an incomplete opening handshake
	inFrame  bool
	h        header
	got      uint64 // octets of the payload of h that arrived
	ctl      []byte // payload of a control frame under way
	msg      []byte // payload of the message under way, compressed if packed is set
	frameAt  int    // where in msg the payload of h starts
	op       byte   // opcode of the message under way; 0: there is none
	packed   bool
	gotClose bool
	skip     bool             // the frame under way breaks a rule: nothing in it counts
	late     bool             // a data frame came after a Close frame
	again    bool             // a second Close frame came
	keys     map[[4]byte]bool // mask keys of data frames, up to a few
}

// octets handles what arrived after the opening handshake.
func (r *run) octets(b []byte) {
	if r.state == connecting {
		r.rx.rest = append(r.rx.rest, b...)
		return
	}
	if len(r.rx.rest) > 0 {
		b = append(r.rx.rest, b...)
		r.rx.rest = nil
	}
	for len(b) > 0 && r.state != closed {
		if !r.rx.inFrame {
			h, n := parseHeader(b)
			if n == 0 {
				r.rx.rest = append([]byte(nil), b...)
				return
			}
			b = b[n:]
			r.beginFrame(h)
			if r.state == closed {
				return
			}
		}
		b = r.payload(b)
	}
	// A frame without payload at the very end of b is complete too.
	if r.rx.inFrame && r.rx.got == r.rx.h.length && r.state != closed {
		r.payload(nil)
	}
}

// payload takes octets of the frame under way and returns those that lie behind it.
func (r *run) payload(b []byte) []byte {
	x := &r.rx
	n := min(uint64(len(b)), x.h.length-x.got)
	part := b[:n]
	switch {
	case x.skip: // not kept
	case x.h.opcode >= opClose:
		if len(x.ctl) <= 125 {
			x.ctl = appendUnmasked(x.ctl, part, x.h, x.got)
		}
	default:
		x.msg = appendUnmasked(x.msg, part, x.h, x.got)
	}
	x.got += n
	if x.got == x.h.length {
		x.inFrame = false
		r.endFrame()
	}
	return b[n:]
}

func appendUnmasked(dst, b []byte, h header, phase uint64) []byte {
	at := len(dst)
	dst = append(dst, b...)
	if h.masked {
		xorMask(dst[at:], h.key, int(phase&3))
	}
	return dst
}

// violate fails the connection for what the endpoint did. What it did first is what the verdict tells.
func (r *run) violate(code int, what string) {
	if r.broke == "" {
		r.broke = what
		r.res.Result = asSentence(r.cause())
	}
	r.fail(code, what)
}

// cause is how the endpoint broke the protocol, or "" if it did not.
func (r *run) cause() string {
	if r.broke == "" {
		return ""
	}
	return "the endpoint broke the protocol: " + r.broke
}

// beginFrame judges a header. Once the suite has failed the connection, only Close frames matter.
func (r *run) beginFrame(h header) {
	x := &r.rx
	x.inFrame, x.h, x.got, x.ctl = true, h, 0, x.ctl[:0]
	x.skip = r.failed && h.opcode != opClose
	if x.skip {
		return
	}
	if x.gotClose && h.opcode < opClose {
		x.late = true
	}
	if code, what := r.fault(h); what != "" {
		x.skip = true
		r.violate(code, what)
		return
	}
	if h.opcode == opText || h.opcode == opBinary {
		x.op, x.packed, x.msg = h.opcode, h.rsv != 0, x.msg[:0]
	}
	x.frameAt = len(x.msg)
}

// fault is what is wrong with a header here and now, and the code to fail the connection with.
func (r *run) fault(h header) (code int, what string) {
	x := &r.rx
	control := h.opcode >= opClose
	switch {
	case h.rsv&^rsv1 != 0, h.rsv != 0 && r.inflate == nil:
		return 1002, "a reserved bit is set that no extension defines"
	case h.rsv != 0 && (control || h.opcode == opContinuation):
		return 1002, "RSV1 is set on a frame that does not start a message"
	case h.masked != r.isServer && r.isServer:
		return 1002, "a frame from a client is not masked"
	case h.masked != r.isServer:
		return 1002, "a frame from a server is masked"
	case h.opcode > opBinary && h.opcode < opClose, h.opcode > opPong:
		return 1002, "a reserved opcode"
	case h.length>>63 != 0:
		return 1002, "the top bit of a 64-bit length is set"
	case h.form != minimalForm(h.length):
		return 1002, "a length is not encoded in the fewest octets"
	case control && !h.fin:
		return 1002, "a control frame is fragmented"
	case control && h.length > 125:
		return 1002, "a control frame is longer than 125 octets"
	case control:
	case x.gotClose:
		// RFC 6455, Section 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
		return 1002, "a data frame after its Close frame"
	case h.opcode == opContinuation && x.op == 0:
		return 1002, "a continuation frame with nothing to continue"
	case h.opcode != opContinuation && x.op != 0:
		return 1002, "a new message before the end of a fragmented one"
	case uint64(len(x.msg))+h.length > maxMessage:
		return 1009, "a message far longer than anything that was sent"
	}
	return 0, ""
}

// endFrame handles a complete frame.
func (r *run) endFrame() {
	x := &r.rx
	payload := x.ctl
	if x.h.opcode < opClose && !x.skip {
		payload = x.msg[x.frameAt:]
	}
	r.logReceived(x.h, payload)
	if x.h.opcode < opClose && r.state == open {
		r.traffic.IncomingWebSocketFrames++
		r.traffic.IncomingOctetsWebSocketLevel += int64(len(payload))
	}
	if x.h.masked && x.h.opcode < opClose && len(x.keys) < 16 {
		if x.keys == nil {
			x.keys = map[[4]byte]bool{}
		}
		x.keys[x.h.key] = true
	}
	switch {
	case x.skip:
	case x.h.opcode == opClose:
		r.closeArrived(x.ctl)
	case x.gotClose: // a ping or a pong, which is not data
	case x.h.opcode == opPing:
		if r.state == open && r.out.backlog() < maxBacklog {
			r.sendFrame(pong(string(payload)))
		}
	case x.h.opcode == opPong:
		r.receive(ponged(string(payload)))
	case x.h.fin:
		r.endMessage()
	}
}

func (r *run) endMessage() {
	x := &r.rx
	payload, op := x.msg, x.op
	x.op = 0
	if x.packed {
		var err error
		if payload, err = r.inflate.message(payload, maxMessage); err != nil {
			r.violate(1007, err.Error())
			return
		}
	}
	r.traffic.IncomingWebSocketMessages++
	r.traffic.IncomingOctetsAppLevel += int64(len(payload))
	switch {
	case op == opText && !utf8.Valid(payload):
		r.violate(1007, "a text message is not UTF-8")
	case r.onMessage != nil:
		r.onMessage(payload, op == opBinary)
	case op == opText:
		r.receive(textMessage(string(payload)))
	default:
		r.receive(binaryMessage(string(payload)))
	}
}

// closeArrived handles the endpoint's Close frame: it is the answer to ours, or it starts the closing handshake.
func (r *run) closeArrived(payload []byte) {
	if r.rx.gotClose {
		r.rx.again = true
		return
	}
	r.rx.gotClose = true
	if !r.noteClose(payload) {
		return
	}
	r.res.WasClean, r.res.WasNotCleanReason = true, nil
	r.sendCloseFrame(1000, "", true)
	switch {
	case r.linger > 0:
		r.after(r.linger, r.drop)
	case r.isServer:
		r.drop()
	default:
		r.after(r.timeouts.Drop, func() {
			r.res.WasServerConnectionDropTimeout = true
			r.notClean(serverKeptTCP)
			r.drop()
		})
	}
}

// noteClose records the code and reason of a Close frame and says whether it is a legal one.
func (r *run) noteClose(payload []byte) bool {
	if len(payload) >= 2 {
		code := int(binary.BigEndian.Uint16(payload))
		r.res.RemoteCloseCode = &code
		if len(payload) > 2 {
			reason := show(string(payload[2:]))
			r.res.RemoteCloseReason = &reason
		}
		if !legalCloseCode(code) {
			r.rx.gotClose = false
			r.violate(1002, "a close code that must not be sent")
			return false
		}
		if !utf8.Valid(payload[2:]) {
			r.rx.gotClose = false
			r.violate(1007, "a close reason is not UTF-8")
			return false
		}
	}
	if len(payload) == 1 {
		r.rx.gotClose = false
		r.violate(1002, "a Close frame with a payload of one octet")
		return false
	}
	return true
}

// legalCloseCode: RFC 6455, Section 7.4, and the registry of close codes as of 2026.
func legalCloseCode(code int) bool {
	switch {
	case code >= 3000 && code <= 4999, code >= 1007 && code <= 1014:
		return true
	}
	return code >= 1000 && code <= 1003
}
