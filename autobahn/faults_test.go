package autobahn

// This file lists what the endpoint of endpoint_test.go can do wrong.

import (
	"strings"
	"time"
)

// faults are what an endpoint does wrong. The zero value does nothing wrong.
type faults struct {
	deaf         bool   // reads and never answers
	vanish       bool   // closes TCP when the first frame has come
	refuse       bool   // answers the opening handshake with 503, or as a client does not ask for a WebSocket
	silentOpen   bool   // does not finish the opening handshake
	wrongAccept  bool   // answers with the accept key of another request
	lenientOpen  bool   // agrees to any request, and to any response
	strictHost   bool   // refuses every request or response that is in the least unusual
	lax          bool   // checks no rule of framing
	noUTF8       bool   // takes any octets for text
	lateUTF8     bool   // checks text only when it is complete
	keepLength   bool   // accepts lengths that are not minimal
	noTopBit     bool   // ignores the top bit of a 64-bit length
	anyMask      bool   // accepts frames that are masked against the rules
	packedRSV    bool   // accepts RSV1 wherever it is set once compression is agreed
	changeEcho   bool   // changes an octet of each message, or adds one
	otherKind    bool   // answers text with binary and the other way round
	shorten      bool   // leaves out the last octet of each message, or adds one
	double       bool   // sends each message twice
	noPong       bool   // ignores pings
	wrongPong    bool   // answers pings with another payload
	eagerPong    bool   // answers pongs with pongs
	badClose     bool   // sends 1011 in every Close frame
	anyClose     bool   // accepts any Close frame and answers it
	noClose      bool   // never sends a Close frame and never closes TCP on receiving one
	refuseCodes  bool   // takes every close code but 1000 for an error
	keepTCP      bool   // as a server does not drop TCP
	echoOnClose  bool   // answers data frames even after a Close frame
	masksWrong   bool   // as a server masks, as a client does not
	oneKey       bool   // as a client always uses the same mask key
	noDeflate    bool   // never agrees to compression
	ignoreWindow bool   // compresses with the largest window whatever was agreed
	badDeflate   bool   // sends compressed data that are none
	anyOffer     bool   // agrees to every offer of compression and drops what it does not know
	invent       bool   // answers with an extension and parameters of its own
	takeDeflate  bool   // inflates what is wrong to an empty message
	tookDeflate  string // or to this one
	flood        bool   // sends pings without end
	giant        bool   // sends a header that declares 2^62 octets
	answer200    bool   // answers what it should refuse with 200
	pings        bool   // sends a ping before each message, which is no fault
	silent       bool   // reads and answers Close frames, and nothing else

	lingers       time.Duration // before it closes a connection that it has refused as a client
	reuses        bool          // sends another request over a connection that it has refused as a client
	ownClose      string        // what is wrong with its own Close frame: a key of wrongOwn
	reason        string        // of its Close frames
	forgets       bool          // inflates each message as if nothing had gone before
	mostFragments int           // fails messages of more fragments with 1008; 0: does not count
	ask           string        // what it offers as a client, if set
	limitBits     int           // the window that it lets the suite have as a server, if set and the offer allows it
	narrow        int           // its window for what it receives is so many octets too small
	beyond        int           // looks back so much further than it may
}

// spoil is what becomes of a message that is echoed.
func (f *faults) spoil(msg []byte) []byte {
	switch {
	case !f.changeEcho && !f.shorten:
		return msg
	case len(msg) == 0:
		return []byte("x")
	case f.changeEcho:
		msg[len(msg)/2] ^= 1
		return msg
	}
	return msg[:len(msg)-1]
}

// wrongOwn are the ways in which an endpoint's own Close frame, or what it sends behind it, can be wrong. Those of the
// header are seen by every judge, whatever the case.
var wrongOwn = map[string]func(e *endpoint, f frame) []byte{
	"FIN":         func(e *endpoint, f frame) []byte { return e.octets(f.more()) },
	"RSV1":        func(e *endpoint, f frame) []byte { return e.octets(f.rsvBits(rsv1)) },
	"RSV2":        func(e *endpoint, f frame) []byte { return e.octets(f.rsvBits(2)) },
	"RSV3":        func(e *endpoint, f frame) []byte { return e.octets(f.rsvBits(1)) },
	"132 octets":  func(e *endpoint, f frame) []byte { return e.octets(closeFrame(1000, strings.Repeat("x", 130))) },
	"mask":        func(e *endpoint, f frame) []byte { return appendFrame(nil, f, e.server, [4]byte{1, 2, 3, 4}) },
	"length form": func(e *endpoint, f frame) []byte { return e.octets(f.as(length16)) },
	"one octet":   func(e *endpoint, f frame) []byte { return e.octets(closeFrame(-1, "x")) },
	"code 1005":   func(e *endpoint, f frame) []byte { return e.octets(closeFrame(1005, "")) },
	"code 999":    func(e *endpoint, f frame) []byte { return e.octets(closeFrame(999, "")) },
	"no UTF-8":    func(e *endpoint, f frame) []byte { return e.octets(closeFrame(1000, "caf\xc3")) },
	"data behind": func(e *endpoint, f frame) []byte { return append(e.octets(f), e.octets(text("late"))...) },
	"data behind, and wrong": func(e *endpoint, f frame) []byte {
		return append(e.octets(f), e.octets(text("late").rsvBits(2))...)
	},
	"two": func(e *endpoint, f frame) []byte { return append(e.octets(f), e.octets(f)...) },
}
