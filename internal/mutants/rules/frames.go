package main

// The rules about a frame by itself: its header, its masking, the payload of a close frame, and text.

var frames = group{
	file: "frame.go", tests: `ParseHeader|AppendHeader|Header|Opcode|Receiver$`,
	list: []change{
		{`5.2: an opcode above the text's is not checked`, `if op := h.opcode(); op > OpBinary {`, `if op := h.opcode(); op > OpPing {`},
		{`5.2: opcodes 3 to 7 are defined`, `return op <= OpBinary || op >= OpClose`, `return op <= 7 || op >= OpClose`},
		{`5.2: opcodes 11 to 15 are defined`, `op >= OpClose && op <= OpPong }`, `op >= OpClose }`},
		{`5.2: opcode 11 is defined`, `op >= OpClose && op <= OpPong }`, `op >= OpClose && op <= OpPong+1 }`},
		{`5.2: an opcode has three bits`, `op := Opcode(b0 & 0xF)`, `op := Opcode(b0 & 0xB)`},
		{`5.5: a control frame may be fragmented`, `if op.IsControl() && b0&finBit == 0 {`, `if op == OpClose && b0&finBit == 0 {`},
		{`5.5: a control frame may have 126 bytes`, `if h.length > MaxControlPayload {`, `if h.length > MaxControlPayload+1 {`},
		{`5.5: a control frame may not have 125 bytes`, `if h.length > MaxControlPayload {`, `if h.length >= MaxControlPayload {`},
		{`5.2: 125 in 16 bits is minimal`, `if length < length16 {`, `if length < length16-1 {`},
		{`5.2: 126 in 16 bits is not minimal`, `if length < length16 {`, `if length <= length16 {`},
		{`5.2: a length below 65536 in 64 bits is minimal`, `[6]byte(b[2:8]) == [6]byte{}`, `[8]byte(b[2:10]) == [8]byte{}`},
		{`5.2: the top bit of a length may be set`, `if len(b) > 2 && b[2]&0x80 != 0 {`, `if len(b) > 2 && b[2] == 0xFF {`},
		{`5.2: the length in 16 bits is little-endian`, `uint64(binary.BigEndian.Uint16(b[2:4]))`, `uint64(binary.LittleEndian.Uint16(b[2:4]))`},
		{`5.2: the length in 64 bits is one of 32`, `return binary.BigEndian.Uint64(b[2:10]), 10, nil`, `return uint64(binary.BigEndian.Uint32(b[6:10])), 10, nil`},
		{`5.2: a header ends before the last byte of its key`, `if len(b) < n+4 {`, `if len(b) < n+3 {`},
		{`5.2: the mask bit is the top bit of a length`, `h.length = uint64(b[1] &^ maskBit)`, `h.length = uint64(b[1])`},
		{`5.3: the key's last byte comes first`, `h.key = binary.LittleEndian.Uint32(b[n:])`, `h.key = binary.BigEndian.Uint32(b[n:])`},
		{`5.2: 126 is written in 7 bits`, `case h.length < length16:`, `case h.length <= length16:`},
		{`5.2: 65535 is written in 64 bits`, `case h.length <= 0xFFFF:`, `case h.length < 0xFFFF:`},
		{`5.2: 65536 is written in 16 bits`, `case h.length <= 0xFFFF:`, `case h.length <= 0x10000:`},
		{`5.5: opcodes 4 to 7 are those of control frames`, `return op&0x8 != 0 }`, `return op&0xC != 0 }`},
	},
}

var closes = group{
	file: "close.go", tests: `StatusCode|Close(Payload|EveryCode)|ParseClose|AppendClose|CutReason|Receiver$`,
	list: []change{
		{`7.4: 999 may travel`, `return c >= 1000 && c <= 1003`, `return c >= 999 && c <= 1003`},
		{`7.4.1: 1004 may travel`, `c >= 1000 && c <= 1003`, `c >= 1000 && c <= 1004`},
		{`7.4.1: 1005 and 1006 may travel`, `c >= 1007 && c <= 1014`, `c >= 1005 && c <= 1014`},
		{`7.4.1: 1006 may travel`, `c >= 1007 && c <= 1014`, `c >= 1006 && c <= 1014`},
		{`7.4.1: 1007 may not travel`, `c >= 1007 && c <= 1014`, `c > 1007 && c <= 1014`},
		{`7.4.1: 1015 may travel`, `c >= 1007 && c <= 1014`, `c >= 1007 && c <= 1015`},
		{`7.4.1: 1012 to 1014 may not travel`, `c >= 1007 && c <= 1014`, `c >= 1007 && c <= 1011`},
		{`7.4.2: 2999 may travel`, `c >= 3000 && c <= 4999`, `c >= 2999 && c <= 4999`},
		{`7.4.2: 5000 may travel`, `c >= 3000 && c <= 4999`, `c >= 3000 && c <= 5000`},
		{`7.4.2: 4000 to 4999 may not travel`, `c >= 3000 && c <= 4999`, `c >= 3000 && c <= 3999`},
		{`5.5.1: a payload of one byte is none`, `if len(p) == 0 {`, `if len(p) <= 1 {`},
		{`5.5.1: the code is little-endian`, `code = StatusCode(binary.BigEndian.Uint16(p))`, `code = StatusCode(binary.LittleEndian.Uint16(p))`},
		{`7.4: a code that may not travel is taken`, "	if !code.OnWire() {\n		return 0, nil, protocolError(", "	if code == 0 {\n		return 0, nil, protocolError("},
		{`7.4: a code that may not travel is sent`, "	if !code.OnWire() {\n		return dst, errCloseCode", "	if code == 0 {\n		return dst, errCloseCode"},
		{`8.1: a reason need not be UTF-8`, `if !utf8.Valid(p[2:]) {`, `if !utf8.Valid(p[:0]) {`},
		{`8.1: the first character of a reason is not looked at`, `if !utf8.Valid(p[2:]) {`, `if len(p) > 3 && !utf8.Valid(p[3:]) {`},
		{`5.5.1: a reason that is not UTF-8 is sent`, `if !utf8.ValidString(reason) {`, `if len(reason) > MaxCloseReason && !utf8.ValidString(reason) {`},
		{`5.5: a reason of 124 bytes is sent`, `const MaxCloseReason = MaxControlPayload - 2`, `const MaxCloseReason = MaxControlPayload - 1`},
		{`8.1: a reason is cut inside of a character`, `for !utf8.RuneStart(reason[n]) {`, `for false {`},
		{`7.1.5: no payload stands for 1000`, `		return StatusNoStatusReceived, nil, nil`, `		return StatusNormalClosure, nil, nil`},
		{`7.4.1: 1005 without a reason is an error`, `if code == StatusNoStatusReceived && reason == "" {`, `if code == 0 && reason == "" {`},
	},
}

var texts = group{
	file: "utf8.go", tests: `UTF8|Receiver$|ReceiverSteps|Sender$`,
	list: []change{
		{`8.1: an overlong form of two bytes is valid`, `case c >= 0xC2 && c <= 0xDF:`, `case c >= 0xC0 && c <= 0xDF:`},
		{`8.1: an overlong form of three bytes is valid`, `v.lo = 0xA0 // below`, `v.lo = 0x80 // below`},
		{`8.1: an overlong form of four bytes is valid`, `v.lo = 0x90 // below`, `v.lo = 0x80 // below`},
		{`8.1: surrogates are valid`, `v.hi = 0x9F // above`, `v.hi = 0xBF // above`},
		{`8.1: what lies beyond U+10FFFF is valid`, `v.hi = 0x8F // above`, `v.hi = 0xBF // above`},
		{`8.1: F5 begins a character`, `case c >= 0xF0 && c <= 0xF4:`, `case c >= 0xF0 && c <= 0xF5:`},
		{`8.1: a text may end inside of a character`, `return v.need == 0 }`, `return v.need <= 1 }`},
		{`8.1: any byte may go on a character`, `if c < v.lo || c > v.hi {`, `if c < 0x40 || c > v.hi {`},
		{`8.1: the range of the second byte holds for the third`, `	v.lo, v.hi = 0x80, 0xBF
	return true`, `	return true`},
		{`8.1: the next message goes on with the last one's character`, `*v = utf8Validator{}`, `_ = v`},
		{`8.1: what follows a character that was cut is not looked at`, `	n := simd.ValidPrefix(p)`, `	n := max(simd.ValidPrefix(p), 1&len(p))`},
	},
}

var masks = group{
	file: "mask.go", tests: `Mask|Receiver|Sender`,
	list: []change{
		{`5.3: the key is turned the wrong way`, `bits.RotateLeft32(k, -8*n)`, `bits.RotateLeft32(k, 8*n)`},
		{`5.3: the key is turned by bits`, `bits.RotateLeft32(k, -8*n)`, `bits.RotateLeft32(k, -n)`},
		{`5.3: MaskCopy begins with the last byte of the key`, `maskBytes(dst[:len(src)], src, binary.LittleEndian.Uint32(key[:]))`, `maskBytes(dst[:len(src)], src, binary.BigEndian.Uint32(key[:]))`},
	},
}

var keys = group{
	file: "maskkey.go", tests: `SenderMaskKeys`,
	list: []change{
		{`5.3, 10.3: a key is used for every frame of a block`, `	b.left -= 4
`, `	b.left -= 1 / (1 + b.left)
`},
		{`10.3: keys are zero`, `		rand.Read(b.bytes[:]) // never`, `		rand.Read(nil) // never`},
	},
}
