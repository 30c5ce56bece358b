package compress

// This file holds the negotiation of permessage-deflate (RFC 7692, Sections 5 and 7.1) for both roles: functions of
// lists that have been parsed already. It knows nothing of headers or of other extensions.

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Name is the extension's name in Sec-WebSocket-Extensions.
const Name = "permessage-deflate"

// The parameters that the extension has.
const (
	serverNoContextTakeover = "server_no_context_takeover"
	clientNoContextTakeover = "client_no_context_takeover"
	serverMaxWindowBits     = "server_max_window_bits"
	clientMaxWindowBits     = "client_max_window_bits"
)

// ErrNegotiation is wrapped by the errors of Options.Confirm: the server's answer is not one to what was offered, and
// the client must fail the connection.
var ErrNegotiation = errors.New("compress: invalid answer to the offer of permessage-deflate")

// Param is one parameter of an extension: "name", "name=value" or, the same, "name=\"value\"".
type Param struct {
	Name, Value string // Value without quotes
	HasValue    bool   // so that an empty Value is told from none
}

// Options are what one side wants of permessage-deflate. A nil *Options means no compression; the zero value means
// context takeover in both directions and the largest windows, unless the peer asks for less.
//
// What a connection holds at level Balanced, for each direction with context takeover and once it has seen so much: the
// receiver its window, the sender the window and a quarter, or 1 KiB, more, and six bytes of table for each byte of the
// window, at most 48 KiB. Both directions together come to 120 KiB for 15 bits, 33 KiB for 12, 17 KiB for 11, 3 KiB for 8.
// A direction without takeover holds nothing.
type Options struct {
	// Level says how hard to look for repeats. The zero value is Balanced. At level Fastest a sender's table takes two
	// bytes for each byte of the window, at most 16 KiB, and of windows of 13 bits and more nothing is held beside the
	// window: 80 KiB for both directions of 15 bits. At level Smallest the table takes four, at most 96 KiB.
	Level Level

	// MinSize is the size in bytes of the smallest message that is worth compressing; smaller ones are to be sent as
	// they are. 0 means DefaultMinSize, negative means that there is none. Compressing costs time only.
	MinSize int

	// IdleAfter has a connection give memory back that says nothing for long: where no message was compressed, or none
	// decompressed, for this time to twice as long, the window and table of what this side sends go, and the window of what
	// it receives is held compressed: 12 KiB of chat instead of 80 to 168. The next messages pay for it: the first that
	// comes takes about 0.1 ms longer, and those that go out 3 to 6 % more bytes for the next 64 KiB. So minutes are
	// meant; 0 means that memory is kept as long as the connection lasts. Whoever holds a Deflater and an Inflater calls
	// their methods Rest every IdleAfter.
	IdleAfter time.Duration

	// FromServer and FromClient are about what servers send and what clients send. Both roles may ask for both: a server
	// decides, and a client wishes.
	FromServer, FromClient Direction

	// Strict is for clients: the answer of a server that does not grant all of FromServer fails the handshake. Without
	// it, what is asked is a wish: many servers answer less than they were asked, and what they do answer is used. Params
	// show it.
	Strict bool
}

// Direction is what is wanted of the messages that one role sends. The zero value means context takeover and the largest
// window.
type Direction struct {
	// NoContextTakeover makes each message one by itself. Neither side then holds memory for this direction between
	// messages, and small messages shrink much less.
	NoContextTakeover bool

	// MaxWindowBits limits the window to two to the power of this many bytes: 8 to 15, and 0 means 15. Smaller windows
	// hold less, see Options, and find less. A server gives up context takeover where the client cannot be told to use so
	// small a window.
	//
	// What the world supports: every peer can do 15, and nearly every one without takeover. zlib cannot compress with 8,
	// so that peers built on it refuse it or break: 9 and more is safe with them. The zero value works with all.
	//
	// In FromServer of a client: many servers know no windows, and ignore this, or decline the offer, which leaves messages
	// uncompressed, as coder/websocket and Java's do. A second offer without it would be for those, and is made where Strict
	// is set; but libsoup accepts both in an answer that means nothing, and fails the handshake, which a wish must not do.
	// NoContextTakeover is what nearly all servers grant, and saves this side more.
	MaxWindowBits int
}

// DefaultMinSize is what a zero in Options.MinSize stands for, in bytes.
const DefaultMinSize = 64

// Params are what was agreed upon.
type Params struct {
	ServerNoContextTakeover bool // the server compresses each message by itself
	ClientNoContextTakeover bool // the client does
	ServerMaxWindowBits     int  // 8 to 15
	ClientMaxWindowBits     int  // 8 to 15
}

// Validate returns an error if a number is out of its range. The other methods take such a number for the nearest
// within.
func (o *Options) Validate() error {
	for _, n := range []int{o.FromServer.MaxWindowBits, o.FromClient.MaxWindowBits} {
		if n != 0 && n != windowBits(n) {
			return fmt.Errorf("compress: window of %d bits: must be 8 to 15", n)
		}
	}
	if o.Level > Smallest {
		return fmt.Errorf("compress: unknown level %d", o.Level)
	}
	return nil
}

// Compress reports whether a message of n bytes is large enough to be compressed.
func (o *Options) Compress(n int) bool {
	if o.MinSize == 0 {
		return n >= DefaultMinSize
	}
	return n >= o.MinSize
}

// offer is a list of parameters that may stand in an offer or an answer, each at most once. 0 bits mean that the
// parameter is absent.
type offer struct {
	serverNoTakeover, clientNoTakeover bool
	serverBits, clientBits             int
}

// anyBits stands for client_max_window_bits without a value.
const anyBits = -1

// parse reads a list of parameters, by the letter. What it does not accept, an answer must not hold, and an offer must
// not be accepted with.
//
// RFC 7692, Section 7: a server must decline an offer, and a client must fail the connection for an answer, that
// "contains an extension parameter not defined for use in an offer", or an answer, one "with an invalid value", or
// "multiple extension parameters with the same name".
func parse(params []Param, answer bool) (o offer, err error) {
	for _, p := range params {
		twice, valid := false, !p.HasValue
		switch p.Name {
		case serverNoContextTakeover:
			twice, o.serverNoTakeover = o.serverNoTakeover, true
		case clientNoContextTakeover:
			twice, o.clientNoTakeover = o.clientNoTakeover, true
		case serverMaxWindowBits:
			twice = o.serverBits != 0
			o.serverBits, valid = parseBits(p)
		case clientMaxWindowBits:
			twice = o.clientBits != 0
			o.clientBits, valid = parseBits(p)
			if !p.HasValue && !answer {
				// Section 7.1.2.2, of an offer: "This parameter has no value or a decimal integer value".
				o.clientBits, valid = anyBits, true
			}
		default:
			return o, fmt.Errorf("unknown parameter %.40q", p.Name)
		}
		if twice {
			return o, fmt.Errorf("%s stands twice", p.Name)
		}
		if !valid {
			return o, fmt.Errorf("%s has the wrong value %.40q", p.Name, p.Value)
		}
	}
	return o, nil
}

// parseBits reads the value of a window size parameter.
//
// RFC 7692, Section 7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15, inclusive".
func parseBits(p Param) (int, bool) {
	switch {
	case len(p.Value) == 1 && (p.Value[0] == '8' || p.Value[0] == '9'):
		return int(p.Value[0] - '0'), true
	case len(p.Value) == 2 && p.Value[0] == '1' && p.Value[1] >= '0' && p.Value[1] <= '5':
		return 10 + int(p.Value[1]-'0'), true
	}
	return 0, false
}

// Accept is the server's part: if it can accept one offer of the client, it appends the element to answer with to dst,
// name and parameters, and returns what is agreed upon by it. If not, ok is false, dst is returned as it was, and the
// client's next offer of the extension is to be looked at.
func (o *Options) Accept(dst []byte, params []Param) (out []byte, p Params, ok bool) {
	offered, err := parse(params, false)
	if err != nil {
		return dst, Params{}, false
	}
	p = Params{
		// Section 7.1.1.1: the server accepts server_no_context_takeover by answering it, and may answer it unasked.
		ServerNoContextTakeover: o.FromServer.NoContextTakeover || offered.serverNoTakeover,
		// Section 7.1.1.2: for client_no_context_takeover it is a hint, which is taken: it costs nothing to answer it.
		ClientNoContextTakeover: o.FromClient.NoContextTakeover || offered.clientNoTakeover,
		ServerMaxWindowBits:     windowBits(o.FromServer.MaxWindowBits),
		ClientMaxWindowBits:     15,
	}
	if offered.serverBits != 0 {
		p.ServerMaxWindowBits = min(p.ServerMaxWindowBits, offered.serverBits)
	}
	wanted := windowBits(o.FromClient.MaxWindowBits)
	switch {
	case offered.clientBits == anyBits:
		p.ClientMaxWindowBits = wanted
	case offered.clientBits != 0:
		p.ClientMaxWindowBits = min(wanted, offered.clientBits)
	case wanted < 15:
		// Section 7.1.2.2: when the offer does not have client_max_window_bits, the answer "MUST NOT include" it.
		// Takeover can still be refused.
		p.ClientNoContextTakeover = true
	}
	answer := offer{serverNoTakeover: p.ServerNoContextTakeover, clientNoTakeover: p.ClientNoContextTakeover}
	// Section 7.1.2.1: a server accepts server_max_window_bits by answering it "with the same or smaller value".
	if p.ServerMaxWindowBits < 15 || offered.serverBits != 0 {
		answer.serverBits = p.ServerMaxWindowBits
	}
	if p.ClientMaxWindowBits < 15 {
		answer.clientBits = p.ClientMaxWindowBits
	}
	return answer.append(dst), p, true
}

// append appends the element of Sec-WebSocket-Extensions.
func (o offer) append(dst []byte) []byte {
	dst = append(dst, Name...)
	if o.serverNoTakeover {
		dst = append(dst, "; "+serverNoContextTakeover...)
	}
	if o.clientNoTakeover {
		dst = append(dst, "; "+clientNoContextTakeover...)
	}
	if o.serverBits != 0 {
		dst = append(dst, "; "+serverMaxWindowBits+"="...)
		dst = strconv.AppendInt(dst, int64(o.serverBits), 10)
	}
	if o.clientBits != 0 {
		dst = append(dst, "; "+clientMaxWindowBits...)
		if o.clientBits != anyBits {
			dst = append(dst, '=')
			dst = strconv.AppendInt(dst, int64(o.clientBits), 10)
		}
	}
	return dst
}

// offers returns what the client offers, in order of preference.
func (o *Options) offers() (first, second offer, two bool) {
	first = offer{serverNoTakeover: o.FromServer.NoContextTakeover, clientNoTakeover: o.FromClient.NoContextTakeover, clientBits: anyBits}
	if n := windowBits(o.FromClient.MaxWindowBits); n < 15 {
		first.clientBits = n
	}
	n := windowBits(o.FromServer.MaxWindowBits)
	if n == 15 {
		return first, offer{}, false
	}
	// Who insists is content with a server that cannot limit its window but does without takeover, which saves as much
	// memory. Who does not insist makes one offer, though coder's server declines it: libsoup's accepts both of two, in one
	// answer that nobody can take, and no wish is worth a connection.
	second = first
	second.serverNoTakeover = true
	first.serverBits = n
	return first, second, o.Strict
}

// AppendOffer is the client's part before the handshake: it appends what to offer, one or two elements of
// Sec-WebSocket-Extensions, to dst.
func (o *Options) AppendOffer(dst []byte) []byte {
	first, second, two := o.offers()
	dst = first.append(dst)
	if two {
		dst = second.append(append(dst, ", "...))
	}
	return dst
}

// Confirm is the client's part after the handshake: it returns what is agreed upon by the server's answer, given
// without its name, to what AppendOffer offered. An error wraps ErrNegotiation, and the client must fail the
// connection.
func (o *Options) Confirm(answer []Param) (Params, error) {
	a, err := parse(answer, true)
	if err != nil {
		return Params{}, fmt.Errorf("%w: %w", ErrNegotiation, err)
	}
	first, second, two := o.offers()
	if err = first.answeredBy(a); err != nil && two && second.answeredBy(a) == nil {
		err = nil
	}
	// RFC 7692, Section 7.1, has the client refuse an answer that grants less than was asked. An Inflater can serve a larger
	// window, and our own side keeps what it has said.
	if err != nil && o.Strict {
		return Params{}, fmt.Errorf("%w: %w", ErrNegotiation, err)
	}
	p := Params{
		ServerNoContextTakeover: a.serverNoTakeover,
		// The client may always do without, and does when it said so, also if the server did not repeat it.
		ClientNoContextTakeover: a.clientNoTakeover || o.FromClient.NoContextTakeover,
		ServerMaxWindowBits:     windowBits(a.serverBits),
		ClientMaxWindowBits:     min(windowBits(a.clientBits), windowBits(o.FromClient.MaxWindowBits)),
	}
	return p, nil
}

// answeredBy returns an error unless a is an answer that accepts the offer.
func (o offer) answeredBy(a offer) error {
	if o.serverNoTakeover && !a.serverNoTakeover {
		return errors.New(serverNoContextTakeover + " was offered and not answered")
	}
	if o.serverBits != 0 && (a.serverBits == 0 || a.serverBits > o.serverBits) {
		return fmt.Errorf("%s=%d was offered and not answered with as much or less", serverMaxWindowBits, o.serverBits)
	}
	if o.clientBits > 0 && a.clientBits > o.clientBits {
		return fmt.Errorf("%s=%d was answered to %d", clientMaxWindowBits, a.clientBits, o.clientBits)
	}
	return nil
}

// ServerDeflater returns the Deflater of a server.
func (o *Options) ServerDeflater(p Params) *Deflater {
	return NewDeflater(DeflaterOptions{WindowBits: p.ServerMaxWindowBits, Takeover: !p.ServerNoContextTakeover, Level: o.Level})
}

// ServerInflater returns the Inflater of a server.
func (p Params) ServerInflater() *Inflater {
	return NewInflater(InflaterOptions{WindowBits: p.ClientMaxWindowBits, Takeover: !p.ClientNoContextTakeover})
}

// ClientDeflater returns the Deflater of a client.
func (o *Options) ClientDeflater(p Params) *Deflater {
	return NewDeflater(DeflaterOptions{WindowBits: p.ClientMaxWindowBits, Takeover: !p.ClientNoContextTakeover, Level: o.Level})
}

// ClientInflater returns the Inflater of a client.
func (p Params) ClientInflater() *Inflater {
	return NewInflater(InflaterOptions{WindowBits: p.ServerMaxWindowBits, Takeover: !p.ServerNoContextTakeover})
}
