package autobahn

// Sections 12 and 13, permessage-deflate: round trips of parts of five payloads (12), and of the first with seven sets
// of parameters (13).

import (
	"bytes"
	"fmt"
	"time"
)

// compressedSizes are the eighteen cases of a group: size of the messages in characters, octets of a fragment (0: not
// fragmented) and seconds until all must be back.
var compressedSizes = []struct {
	size, fragment int
	limit          time.Duration
}{
	{16, 0, 60}, {64, 0, 60}, {256, 0, 120}, {1 * kib, 0, 240}, {4 * kib, 0, 480},
	{8 * kib, 0, 480}, {16 * kib, 0, 480}, {32 * kib, 0, 480}, {64 * kib, 0, 480}, {128 * kib, 0, 480},
	{8 * kib, 256, 480}, {16 * kib, 256, 480}, {32 * kib, 256, 480}, {64 * kib, 256, 480}, {128 * kib, 256, 480},
	{128 * kib, 1024, 480}, {128 * kib, 4096, 480}, {128 * kib, 32768, 480},
}

func section12() []*Case {
	var list []*Case
	for i, p := range payloads {
		group := fmt.Sprintf("12.%d", i+1)
		titles[group] = "Round trips of " + p.name
		list = append(list, numbered(group, compressed(p, []deflateWish{{}}, "the default parameters")...)...)
	}
	return list
}

func section13() []*Case {
	var list []*Case
	for i, wishes := range [][]deflateWish{
		{{false, 0}}, {{true, 0}}, {{false, 9}}, {{false, 15}}, {{true, 9}}, {{true, 15}}, {{true, 9}, {true, 0}, {false, 0}},
	} {
		group := fmt.Sprintf("13.%d", i+1)
		what := describeWishes(wishes)
		titles[group] = "Round trips with " + what
		list = append(list, numbered(group, compressed(payloads[0], wishes, what)...)...)
	}
	return list
}

func describeWishes(wishes []deflateWish) string {
	s := ""
	for i, w := range wishes {
		if i > 0 {
			s += ", or "
		}
		switch {
		case w.noContext && w.bits > 0:
			s += fmt.Sprintf("no context takeover and a window of %d bits", w.bits)
		case w.noContext:
			s += "no context takeover"
		case w.bits > 0:
			s += fmt.Sprintf("a window of %d bits", w.bits)
		default:
			s += "the default parameters"
		}
	}
	return s
}

func compressed(p *payload, wishes []deflateWish, what string) []*Case {
	var list []*Case
	for _, s := range compressedSizes {
		description := fmt.Sprintf("%d round trips of messages of %d characters of %s, compressed with %s", manyRounds, s.size, p.name, what)
		if s.fragment > 0 {
			description += fmt.Sprintf(", in fragments of %d octets", s.fragment)
		}
		list = append(list, &Case{
			Description: description + ".",
			Expectation: fmt.Sprintf("Every message comes back, all within %d seconds.", s.limit),
			Heavy:       true,
			timed:       true,
			ratio:       true,
			close:       weClose(1000),
			wishes:      wishes,
			script:      []step{unlessPlain(exchange(s.limit, p.next(s.size, s.fragment)))},
		})
	}
	return list
}

// unlessPlain does the step if compression was agreed; without it the case is unimplemented.
func unlessPlain(s step) step {
	return func(r *run) {
		if r.agreed == nil {
			r.decide(Unimplemented, "The endpoint did not agree to permessage-deflate with these parameters.")
			r.sendClose(1000, "")
			return
		}
		s(r)
	}
}

// next sends part after part of the payload.
func (p *payload) next(size, fragment int) func(*run) func([]byte, bool) string {
	opcode := byte(opText)
	if p.binary {
		opcode = opBinary
	}
	return func(r *run) func([]byte, bool) string {
		part := p.part(r.offset, size)
		r.offset += size
		r.sendMessage(opcode, part, fragment)
		return func(got []byte, binary bool) string {
			switch {
			case binary != p.binary:
				return "A message came back as the other kind."
			case len(got) != len(part):
				return fmt.Sprintf("A message of %d octets came back as one of %d.", len(part), len(got))
			case !bytes.Equal(got, part):
				return "A message came back with other contents."
			}
			return ""
		}
	}
}
