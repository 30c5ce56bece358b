package autobahn

// Section 10, automatic fragmentation: the suite fragments a message by itself.

import (
	"fmt"
	"strings"
)

func section10() []*Case {
	const size, fragment = 65536, 1300
	payload := strings.Repeat("*", size)
	return numbered("10.1", &Case{
		Description: fmt.Sprintf("A text message of %d octets in fragments of at most %d.", size, fragment),
		Expectation: echoed + " The suite also checks that it sent as many frames as it should.",
		expect:      want(textMessage(payload)),
		close:       weClose(1000),
		script:      []step{message(opText, payload, fragment), kill(10 * second)},
		judge: func(r *run) {
			if got := r.res.TxFrameStats; r.opened && (got[opText] != 1 || got[opContinuation] != size/fragment) {
				r.decide(Failed, fmt.Sprintf("The suite sent %v frames by opcode.", got))
			}
		},
	})
}
