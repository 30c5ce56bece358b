package main

// The rules about frames that depend on what came before.

var receiving = group{
	file: "receiver.go", tests: `^Test(Receiver|ParseHeader|BothRoles|HostileMasking)|^FuzzReceiver`,
	list: []change{
		{`1.4: what follows a close frame is looked at`, `	if r.closed {
		// RFC`, `	if r.closed && len(src) == 0 {
		// RFC`},
		{`5.2: reserved bits may be set`, `if h.b0&(rsv1Bit|rsv2Bit|rsv3Bit)&^allowed != 0 {`, `if h.b0&(rsv1Bit|rsv2Bit)&^allowed != 0 {`},
		{`5.2: the second reserved bit may be set`, `if h.b0&(rsv1Bit|rsv2Bit|rsv3Bit)&^allowed != 0 {`, `if h.b0&(rsv1Bit|rsv3Bit)&^allowed != 0 {`},
		{`5.2: the first reserved bit may be set without an extension`, `if r.inflater != nil && op.isData() {`, `if op.isData() {`},
		{`RFC 7692, 6.1: the bit may be set on a control frame`, `if r.inflater != nil && op.isData() {`, `if r.inflater != nil && op != OpContinuation {`},
		{`RFC 7692, 6.1: the bit may be set on a fragment that is not the first`, `if r.inflater != nil && op.isData() {`, `if r.inflater != nil && !op.IsControl() {`},
		{`5.1: a client takes masked frames, and a server plain ones`, `	if h.masked == r.client {
		// RFC`, `	if false {
		// RFC`},
		{`5.1: a server takes plain control frames`, `	if h.masked == r.client {
		// RFC`, `	if h.masked == r.client && !op.IsControl() {
		// RFC`},
		{`5.1: a whole message in one frame need not be masked`, `!op.isData() || h.masked == r.client {`, `!op.isData() {`},
		{`5.4: a continuation may begin a message`, `if op == OpContinuation && !r.inMessage {`, `if op == OpContinuation && !r.inMessage && h.b0&finBit == 0 {`},
		{`5.4: a message may begin inside of another`, `if op.isData() && r.inMessage {`, `if op.isData() && r.inMessage && op != r.op {`},
		{`5.4: a whole message may stand inside of another`, `if r.inFrame || r.inMessage || r.headerLen > 0`, `if r.inFrame || r.headerLen > 0`},
		{`5.4: a control frame ends the message around it`, `	if op := h.opcode(); !op.IsControl() {
		if err := r.beginData`, `	if op := h.opcode(); op != OpPing {
		if err := r.beginData`},
		{`5.4: a fragment ends its message`, `	last := !r.inFrame && r.h.b0&finBit != 0`, `	last := !r.inFrame`},
		{`5.4: a message ends with a part of its last frame`, `	last := !r.inFrame && r.h.b0&finBit != 0`, `	last := r.h.b0&finBit != 0`},
		{`5.6: a continuation changes the kind of its message`, `	if op := h.opcode(); op != OpContinuation {
		r.inMessage`, `	if op := h.opcode(); op != OpPong {
		r.inMessage`},
		{`8.1: a text need not be UTF-8`, `if !r.text.valid(p) || last && !r.text.complete() {`, `if last && !r.text.complete() {`},
		{`8.1: a text may end inside of a character`, `if !r.text.valid(p) || last && !r.text.complete() {`, `if !r.text.valid(p) {`},
		{`8.1: each fragment must end on a whole character`, `if !r.text.valid(p) || last && !r.text.complete() {`, `if !r.text.valid(p) || !r.inFrame && !r.text.complete() {`},
		{`8.1: a binary message must be UTF-8`, `	if r.op == OpText {
`, `	if r.op != 0 {
`},
		{`8.1: a text in one frame need not be UTF-8`, `if op == OpText && !validText(p) {`, `if op == OpText && len(p) > 1<<10 && !validText(p) {`},
		{`7.4.1: a text that is not UTF-8 is a protocol error`, `return protocolError(StatusInvalidPayload, "8.1"`, `return protocolError(StatusProtocolError, "8.1"`},
		{`7.4.1: a message over the limit is a protocol error`, `err := protocolError(StatusMessageTooBig, "7.4.1"`, `err := protocolError(StatusProtocolError, "7.4.1"`},
		{`7.1.7: after an error the next frame is taken`, `	r.err = err.(*ProtocolError)
`, `	_ = r.err
`},
		{`5.3: the key of a payload in parts is not turned`, `		r.h.key = bits.RotateLeft32(r.h.key, -8*(len(src)&3))
	}
	r.h.length`, `	}
	r.h.length`},
		{`5.3: a client unmasks with a key of zeros`, `	if r.h.masked && len(src) > 0 {`, `	if !r.client && len(src) > 1 {`},
		{`5.5: control frames of a payload in parts lose a part`, `	if r.inFrame || r.control != nil {`, `	if r.inFrame {`},
		{`5.5.2: a ping is a pong`, `		ev.Kind = EventPing
`, `		ev.Kind = EventPong
`},
		{`5.5.1: a close frame is not the last`, `	ev.Kind = EventClose
	r.closed = true`, `	ev.Kind = EventClose`},
		{`5.5.1: a close frame's payload is not looked at`, `	if err != nil {
		*ev = Event{}
		return n, err
	}`, `	if err != nil && n == 1 {
		*ev = Event{}
		return n, err
	}`},
		{`10.4: a message may pass the limit by a byte`, `	case r.size > r.limit:`, `	case r.size > r.limit+1:`},
		{`10.4: the limit is one byte less`, `	case r.size > r.limit:`, `	case r.size >= r.limit:`},
		{`10.4: a whole message in one frame may pass the limit`, `|| r.limit > 0 && h.length > r.limit {`, `|| false {`},
		{`10.4: each fragment may have the limit's size`, `		r.empty, r.size, r.wire = 0, 0, 0
	}`, `	}
	r.size = 0`},
		{`10.4: what an inflated message delivers has no limit`, `if r.limit > 0 && r.size > r.limit {
		return dst, n, tooBig(overLimit)`, `if r.limit > 0 && uint64(n) > r.limit {
		return dst, n, tooBig(overLimit)`},
		{`10.4: what an inflated message takes on the wire has no limit`, `case r.wire > 2*r.limit+wireSlack:`, `case r.wire > 20*r.limit+10*wireSlack:`},
		{`10.4: empty fragments have no limit`, `r.empty > maxEmptyFragments {`, `r.empty > 2*maxEmptyFragments {`},
		{`10.4: the limit of empty fragments is the connection's`, `		r.empty, r.size, r.wire = 0, 0, 0
`, `		r.size, r.wire = 0, 0
`},
		{`RFC 7692, 7.2.2: a message is inflated although its bit is not set`, `		r.op, r.compressed = op, h.b0&rsv1Bit != 0`, `		r.op, r.compressed = op, r.inflater != nil`},
		{`RFC 7692, 7.2.2: a message's bit is taken from its last fragment`, `ends := r.h.b0&finBit != 0 && uint64(len(src)) == r.h.length`, `ends := uint64(len(src)) == r.h.length`},
		{`RFC 7692, 7.2.2: a message ends before the end of its last frame`, `ends := r.h.b0&finBit != 0 && uint64(len(src)) == r.h.length`, `ends := r.h.b0&finBit != 0`},
		{`RFC 7692, 7.2.2: what is not inflated at once is lost`, `r.inFrame = r.h.length > 0 || len(p) == most && !done`, `r.inFrame = r.h.length > 0`},
		{`RFC 7692, 7.2.2: what was not inflated stays unmasked`, `		maskBytes(src[n:], src[n:], r.h.key)
`, ``},
		{`RFC 7692, 7.2.2: a payload that cannot be inflated is a protocol error`, `err := protocolError(StatusInvalidPayload, "RFC 7692`, `err := protocolError(StatusProtocolError, "RFC 7692`},
		{`RFC 7692, 7.2.3.6: a compressed message without payload is not delivered`, `	r.inFrame = false
	if r.h.b0&finBit == 0 {`, `	r.inFrame = false
	if r.h.b0&finBit != 0 {`},
		{`5.2: a wrong header is found when it is whole`, `		r.headerLen = uint8(copy(r.header[:], src))
		return len(src), r.checkPartial()`, `		r.headerLen = uint8(copy(r.header[:], src))
		return len(src), nil`},
		{`5.1: a wrong mask bit is found when the header is whole`, `		h.masked = r.header[1]&maskBit != 0`, ``},
	},
}

var sending = group{
	file: "sender.go", tests: `^Test(Sender($|Refuses|Accepted|MaskKeys|MessageHeader)|SenderDeflate(Frames|Refuses|InPlace)|BothRoles)`,
	list: []change{
		{`5.1: a client does not mask`, `		h.masked, h.key = true, s.nextKey()`, `		h.masked, h.key = s.maskKey != nil, s.nextKey()`},
		{`5.1: a client's large payload goes out as it is`, `	if s.client {
		return dst, errSendMasked
	}`, ``},
		{`5.3: a client's compressed payload is not masked`, `	if h.masked {
		maskBytes(p, p, h.key)`, `	if h.masked && s.maskKey != nil {
		maskBytes(p[:0], p[:0], h.key)`},
		{`5.4: every fragment has the opcode of its message`, `		b0 = byte(OpContinuation)
`, `		b0 = byte(op)
`},
		{`5.4: the last fragment does not end its message`, `	if last {
		b0 |= finBit
	}`, `	if last && first {
		b0 |= finBit
	}`},
		{`5.4: a fragment of another kind goes into a message`, `	case s.inMessage && op != s.op:
		return dst, errSendInside
`, ``},
		{`5.4: a message may begin inside of another`, `	if s.closed || s.inMessage {
		return dst, s.refusal()
	}
	if s.compresses(len(p)) {`, `	if s.closed {
		return dst, s.refusal()
	}
	if s.compresses(len(p)) {`},
		{`5.4: the header of a large message may stand inside of another`, `	if s.closed || s.inMessage {
		return dst, s.refusal()
	}
	if s.client {`, `	if s.closed {
		return dst, s.refusal()
	}
	if s.client {`},
		{`5.5.1: a message may follow the close frame`, `	if s.closed || s.inMessage {
		return dst, s.refusal()
	}
	if s.compresses(len(p)) {`, `	if s.inMessage {
		return dst, s.refusal()
	}
	if s.compresses(len(p)) {`},
		{`5.5.1: a fragment may follow the close frame`, `	case s.closed:
		return dst, errSendClosed
	case s.inMessage`, `	case s.inMessage`},
		{`5.5.1: a ping may follow the close frame`, `	case s.closed:
		return dst, errSendClosed
	}
	return s.appendFrame(dst, finBit|byte(op), p), nil`, `	}
	return s.appendFrame(dst, finBit|byte(op), p), nil`},
		{`5.5.1: a close frame may follow another`, `	s.closed = true
	return`, `	return`},
		{`5.5: a control frame of 126 bytes is sent`, `	case len(p) > MaxControlPayload:`, `	case len(p) > MaxControlPayload+1:`},
		{`5.5: a control frame has no FIN bit`, `		return dst, errSendClosed
	}
	return s.appendFrame(dst, finBit|byte(op), p), nil`, `		return dst, errSendClosed
	}
	return s.appendFrame(dst, byte(op), p), nil`},
		{`5.5: a close frame is sent as a ping would be`, `	case op != OpPing && op != OpPong:`, `	case !op.IsControl():`},
		{`5.6: a message may have the opcode of a continuation`, `	switch {
	case !op.isData():
		return errSendOpcode`, `	switch {
	case op > OpBinary:
		return errSendOpcode`},
		{`5.6: a text that is not UTF-8 is sent`, `	case op == OpText && !validText(p):`, `	case op == OpText && len(p) == 0 && !validText(p):`},
		{`5.6: a text may end inside of a character`, `	return text.valid(p) && text.complete()`, `	return text.valid(p)`},
		{`5.6: a fragment that is not UTF-8 is sent`, `		if !text.valid(p) || last && !text.complete() {
			return dst, errSendUTF8`, `		if last && !text.complete() {
			return dst, errSendUTF8`},
		{`5.6: a text in fragments may end inside of a character`, `		if !text.valid(p) || last && !text.complete() {
			return dst, errSendUTF8`, `		if !text.valid(p) {
			return dst, errSendUTF8`},
		{`5.6: what is known of a text is forgotten between its fragments`, `		s.text = text
`, ``},
		{`RFC 7692, 6: a compressed message has no bit`, `	return s.frame(out, start, room, b0|rsv1Bit)`, `	return s.frame(out, start, room, b0)`},
		{`RFC 7692, 6.1: every fragment has the bit`, `	if !s.inMessage {
		// RFC`, `	if true {
		// RFC`},
		{`RFC 7692, 6: what was not compressed has the bit`, `		return s.appendFrame(dst, b0, p)
	}
	// RFC`, `		return s.appendFrame(dst, b0|rsv1Bit, p)
	}
	// RFC`},
	},
}

var inflating = group{
	file: "compress/inflate.go", pkg: "compress", tests: `^Test(Inflate|Pieces|Empty|RoundTrip)`,
	list: []change{
		{`RFC 7692, 7.2.2: what the sender took away is not put back`, `	if last && err == nil && d.starved {`, `	if last && err == nil && d.starved && d.tail > 0 {`},
		{`RFC 7692, 7.2.2: three bytes are put back`, `[]byte{0x00, 0x00, 0xFF, 0xFF}`, `[]byte{0x00, 0x00, 0xFF}`},
		{`RFC 7692, 7.1.1: without takeover a message may refer to the one before`, `	if !f.takeover {
		d.window = &d.lone`, `	if !f.takeover && f.err != nil {
		d.window = &d.lone`},
		{`RFC 7692, 7.1.1: with takeover the window is forgotten`, `	if err == nil && (f.takeover || !done) {`, `	if err == nil && !done {`},
		{`RFC 7692, 7.1.2: the window is twice as large`, `return &Inflater{window: ring{size: 1 << windowBits(o.WindowBits)}`, `return &Inflater{window: ring{size: 2 << windowBits(o.WindowBits)}`},
		{`RFC 7692, 7.2.2: after an error the next message is taken`, `		f.err = err
`, ``},
	},
}

var deflating = group{
	file: "compress/deflate.go", pkg: "compress", tests: `^Test(AppendPart|Empty|RoundTrip|Uncompressed|Validate|DeflaterOptions|Zlib)`,
	list: []change{
		{`RFC 7692, 7.2.1: the empty block that ends a message is marked as the last`, `	e.add(0b000, 3)`, `	e.add(0b001, 3)`},
		{`RFC 7692, 7.2.1: no empty block ends a message`, `	e.add(0b000, 3)
`, ``},
		{`RFC 7692, 7.2.1: a message that was not compressed is referred to`, `		d.history.window = before
		out = dst`, `		out = dst`},
		{`RFC 7692, 7.1.2: a window of 16 bits is one`, `	return min(max(n, 8), 15)`, `	return min(max(n, 8), 16)`},
	},
}

var blocks = group{
	file: "compress/inflate_block.go", pkg: "compress", tests: `^TestInflate`,
	list: []change{
		{`RFC 7692, 7.2.2: a message may end inside of a block`, `if d.state != stateBlock || d.count != 0 || d.cut {`, `if false {`},
		{`RFC 7692, 7.2.2: a message may end where no empty block begins`, `if d.state != stateBlock || d.count != 0 || d.cut {`, `if d.state != stateBlock || d.count != 0 {`},
	},
}
