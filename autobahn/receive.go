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
	case r.failed && x.h.opcode != opClose: // not kept
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

// violate fails the connection for what the endpoint did.
func (r *run) violate(code int, what string) {
	if r.failed {
		return
	}
	if r.note == "" {
		r.note = what
	}
	r.res.Result = "The endpoint broke the protocol: " + what + "."
	r.fail(code, what)
}

// beginFrame judges a header.
func (r *run) beginFrame(h header) {
	x := &r.rx
	x.inFrame, x.h, x.got, x.ctl = true, h, 0, x.ctl[:0]
	if r.failed {
		return
	}
	control := h.opcode >= opClose
	switch {
	case h.rsv&^rsv1 != 0, h.rsv != 0 && r.inflate == nil:
		r.violate(1002, "a reserved bit is set that no extension defines")
	case h.rsv != 0 && (control || h.opcode == opContinuation):
		r.violate(1002, "RSV1 is set on a frame that does not start a message")
	case h.masked != r.isServer && r.isServer:
		r.violate(1002, "a frame from a client is not masked")
	case h.masked != r.isServer:
		r.violate(1002, "a frame from a server is masked")
	case h.opcode > opBinary && h.opcode < opClose, h.opcode > opPong:
		r.violate(1002, "a reserved opcode")
	case h.length>>63 != 0:
		r.violate(1002, "the top bit of a 64-bit length is set")
	case h.form != minimalForm(h.length):
		r.violate(1002, "a length is not encoded in the fewest octets")
	case control && (!h.fin || h.length > 125):
		r.violate(1002, "a control frame is fragmented or longer than 125 octets")
	case control:
	case h.opcode == opContinuation && x.op == 0:
		r.violate(1002, "a continuation frame with nothing to continue")
	case h.opcode != opContinuation && x.op != 0:
		r.violate(1002, "a new message before the end of a fragmented one")
	case uint64(len(x.msg))+h.length > maxMessage:
		r.violate(1009, "a message far longer than anything that was sent")
	case h.opcode != opContinuation:
		x.op, x.packed, x.msg = h.opcode, h.rsv != 0, x.msg[:0]
	}
	x.frameAt = len(x.msg)
}

// endFrame handles a complete frame.
func (r *run) endFrame() {
	x := &r.rx
	payload := x.ctl
	if x.h.opcode < opClose && !r.failed {
		payload = x.msg[x.frameAt:]
	}
	r.logReceived(x.h, payload)
	r.traffic.IncomingWebSocketFrames++
	r.traffic.IncomingOctetsWebSocketLevel += int64(len(payload))
	if x.h.masked && x.h.opcode < opClose && len(x.keys) < 16 {
		if x.keys == nil {
			x.keys = map[[4]byte]bool{}
		}
		x.keys[x.h.key] = true
	}
	switch {
	case x.h.opcode == opClose:
		r.closeArrived(x.ctl)
	case r.failed || x.gotClose:
		// RFC 6455, Section 1.4: "discards any further data received" after a Close frame.
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
		return
	}
	r.rx.gotClose = true
	if !r.noteClose(payload) {
		return
	}
	r.res.WasClean, r.res.WasNotCleanReason = true, nil
	r.sendCloseFrame(1000, "", true)
	if r.isServer {
		r.drop()
		return
	}
	r.after(r.timeouts.Drop, func() {
		r.res.WasServerConnectionDropTimeout = true
		r.notClean("The server did not drop the TCP connection in time.")
		r.drop()
	})
}

// noteClose records the code and reason of a Close frame and says whether it is a legal one.
func (r *run) noteClose(payload []byte) bool {
	if len(payload) >= 2 {
		code := int(binary.BigEndian.Uint16(payload))
		r.res.RemoteCloseCode = &code
		reason := show(string(payload[2:]))
		r.res.RemoteCloseReason = &reason
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
