package autobahn

// Section 4, reserved opcodes.

import "fmt"

func section4() []*Case {
	return append(reservedOpcodes("4.1", "data", 3), reservedOpcodes("4.2", "control", 11)...)
}

// reservedOpcodes tries five opcodes from first on: two alone, three after a good message.
func reservedOpcodes(group, kind string, first byte) []*Case {
	const payload = "reserved opcode payload"
	alone := func(op byte, payload, with string) *Case {
		return &Case{
			Description: fmt.Sprintf("A frame with the reserved %s opcode %d%s.", kind, op, with),
			Expectation: failedAtOnce,
			expect:      wantNothing(),
			close:       theyFail(1002),
			script:      []step{send(opcode(op, payload)), kill(second)},
		}
	}
	later := func(op byte, payload, with string, chop func(frame) frame) *Case {
		return afterEcho(fmt.Sprintf("a frame with the reserved %s opcode %d%s", kind, op, with), opcode(op, payload), chop)
	}
	return numbered(group,
		alone(first, "", ""),
		alone(first+1, payload, " and a payload"),
		later(first+2, "", "", plain),
		later(first+3, hello, " and a payload", plain),
		later(first+4, hello, " and a payload", octetwise),
	)
}
