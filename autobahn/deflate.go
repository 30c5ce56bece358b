package autobahn

// This file negotiates permessage-deflate (RFC 7692, Section 7.1) and compresses. The compressor is compress/flate on
// its fastest level, and that of matcher.go where a window below 15 bits was agreed. Inflating is inflate.go's.

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const deflateName = "permessage-deflate"

// A deflateWish is what a case asks of the endpoint's sending side.
type deflateWish struct {
	noContext bool // it must not keep its window from one message to the next
	bits      int  // its window is at most 1<<bits octets; 0: the case does not say
}

// deflateParams are the parameters of RFC 7692, Section 7.1. Bits of 0 mean that the parameter is absent, and unvalued
// that it has no value, which only an offer of client_max_window_bits may have.
type deflateParams struct {
	serverNoContext, clientNoContext bool
	serverBits, clientBits           int
}

const unvalued = -1

// String writes the parameters as an element of Sec-WebSocket-Extensions.
func (p deflateParams) String() string {
	s := deflateName
	for _, f := range []struct {
		name string
		on   bool
		bits int
	}{
		{"client_no_context_takeover", p.clientNoContext, unvalued},
		{"client_max_window_bits", p.clientBits != 0, p.clientBits},
		{"server_no_context_takeover", p.serverNoContext, unvalued},
		{"server_max_window_bits", p.serverBits != 0, p.serverBits},
	} {
		if f.on {
			s += "; " + f.name
			if f.bits != unvalued {
				s += "=" + strconv.Itoa(f.bits)
			}
		}
	}
	return s
}

// offerString is the suite's offer as a client: one element a wish. It always leaves the server free to restrict the
// suite's own sending.
func offerString(wishes []deflateWish) string {
	var offers []string
	for _, w := range wishes {
		offers = append(offers, deflateParams{
			clientNoContext: true, clientBits: unvalued, serverNoContext: w.noContext, serverBits: w.bits,
		}.String())
	}
	return strings.Join(offers, ", ")
}

// acceptOffers picks, as a server, the first wish that an offer of the client allows, and answers it. The result is nil
// if there is none.
func acceptOffers(values []string, wishes []deflateWish) (*deflateParams, error) {
	exts, err := parseExtensions(values)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		for _, e := range exts {
			if e.name != deflateName {
				continue
			}
			o, err := parseDeflate(e, true)
			if err != nil {
				return nil, err
			}
			// RFC 7692, Section 7.1.1.2, lets a server ask for client_no_context_takeover unasked, but Section 7.1.2.2
			// does not let it name client_max_window_bits to a client that has not.
			if w.bits != 0 && o.clientBits == 0 {
				continue
			}
			a := deflateParams{serverNoContext: o.serverNoContext, serverBits: o.serverBits,
				clientNoContext: w.noContext, clientBits: w.bits}
			if w.bits != 0 && o.clientBits > 0 {
				a.clientBits = min(w.bits, o.clientBits)
			}
			return &a, nil
		}
	}
	return nil, nil
}

// An extension is an element of Sec-WebSocket-Extensions.
type extension struct {
	name   string
	params []field
	valued []bool // whether the parameter of that index has a value
}

// parseExtensions takes the lists apart. Quoted values may hold anything but a quotation mark or a backslash, which no
// parameter in use has.
func parseExtensions(values []string) ([]extension, error) {
	var exts []extension
	for _, v := range values {
		for element := range strings.SplitSeq(v, ",") {
			element = strings.Trim(element, " \t")
			if element == "" {
				continue
			}
			parts := strings.Split(element, ";")
			e := extension{name: strings.Trim(parts[0], " \t")}
			for _, p := range parts[1:] {
				name, value, valued := strings.Cut(strings.Trim(p, " \t"), "=")
				name, value = strings.Trim(name, " \t"), strings.Trim(value, " \t")
				if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
					value = value[1 : len(value)-1]
				}
				if name == "" || valued && value == "" {
					return nil, fmt.Errorf("malformed Sec-WebSocket-Extensions: %q", v)
				}
				e.params, e.valued = append(e.params, field{name, value}), append(e.valued, valued)
			}
			exts = append(exts, e)
		}
	}
	return exts, nil
}

// parseDeflate reads the parameters of an offer or of an answer.
func parseDeflate(e extension, offer bool) (p deflateParams, err error) {
	seen := map[string]bool{}
	for i, f := range e.params {
		if seen[f.name] {
			return p, fmt.Errorf("%s is given twice", f.name)
		}
		seen[f.name] = true
		switch f.name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if e.valued[i] {
				return p, fmt.Errorf("%s has a value", f.name)
			}
			if f.name[0] == 's' {
				p.serverNoContext = true
			} else {
				p.clientNoContext = true
			}
		case "server_max_window_bits", "client_max_window_bits":
			bits := unvalued
			if e.valued[i] {
				if bits, err = windowBits(f.value); err != nil {
					return p, err
				}
			} else if !offer || f.name[0] == 's' {
				return p, fmt.Errorf("%s has no value", f.name)
			}
			if f.name[0] == 's' {
				p.serverBits = bits
			} else {
				p.clientBits = bits
			}
		default:
			return p, fmt.Errorf("unknown parameter %q of %s", f.name, e.name)
		}
	}
	return p, nil
}

// windowBits: RFC 7692, Section 7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15, inclusive".
func windowBits(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 8 || n > 15 || strconv.Itoa(n) != s {
		return 0, errors.New("window bits are not a number from 8 to 15: " + s)
	}
	return n, nil
}

// agree sets up both directions by what was negotiated.
func (r *run) agree(p deflateParams) {
	r.agreed = &p
	mineNoContext, mineBits, theirsNoContext, theirsBits := p.clientNoContext, p.clientBits, p.serverNoContext, p.serverBits
	if r.isServer {
		mineNoContext, mineBits, theirsNoContext, theirsBits = theirsNoContext, theirsBits, mineNoContext, mineBits
	}
	r.deflate = newDeflater(mineBits, mineNoContext)
	r.inflate = newInflater(theirsBits, theirsNoContext)
}

// A deflater compresses messages.
type deflater struct {
	w         *flate.Writer // nil: small does it
	buf       bytes.Buffer
	small     *matcher
	bits      int
	noContext bool
}

// newDeflater makes a deflater for a window of 1<<bits octets; 0 stands for 15.
func newDeflater(bits int, noContext bool) *deflater {
	d := &deflater{bits: bits, noContext: noContext}
	if bits > 0 && bits < 15 {
		d.small = &matcher{window: 1 << bits}
		return d
	}
	d.bits = 15
	d.w, _ = flate.NewWriter(&d.buf, flate.BestSpeed) // fails for unknown levels only
	return d
}

// message is the payload of p, compressed, valid until the next call (RFC 7692, Section 7.2.1).
func (d *deflater) message(p []byte) []byte {
	if d.small != nil {
		return d.small.message(p, !d.noContext)
	}
	d.buf.Reset()
	if d.noContext {
		d.w.Reset(&d.buf)
	}
	d.w.Write(p) // to memory: cannot fail
	d.w.Flush()
	return d.buf.Bytes()[:d.buf.Len()-4]
}
