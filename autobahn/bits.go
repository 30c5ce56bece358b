package autobahn

// This file writes DEFLATE by hand, so that the catalogue can send what no compressor would.

// A bitWriter appends bits from the low end of each octet, as RFC 1951, Section 3.1.1 has it.
type bitWriter struct {
	out []byte
	n   uint // bits written
}

func (w *bitWriter) bits(v uint32, n uint) *bitWriter {
	for i := range n {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[len(w.out)-1] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
	return w
}

// code writes a Huffman code, whose first bit is its highest.
func (w *bitWriter) code(v uint32, n uint) *bitWriter {
	for i := range n {
		w.bits(v>>(n-1-i), 1)
	}
	return w
}

// literals writes s by the fixed code (RFC 1951, Section 3.2.6).
func (w *bitWriter) literals(s string) *bitWriter {
	for _, c := range []byte(s) {
		if c < 144 {
			w.code(0x30+uint32(c), 8)
		} else {
			w.code(0x190+uint32(c)-144, 9)
		}
	}
	return w
}

// match3 writes a match of three octets from distance back, by the fixed code.
func (w *bitWriter) match3(distance int) *bitWriter {
	w.code(1, 7) // symbol 257
	sym := 29
	for int(distBase[sym]) > distance {
		sym--
	}
	return w.code(uint32(sym), 5).bits(uint32(distance-int(distBase[sym])), uint(distExtra[sym]))
}

// fixedBlock is a message of one block with the fixed code; body writes what is in it. The message ends as RFC 7692,
// Section 7.2.1 wants it: with an empty stored block whose last four octets are left out.
func fixedBlock(body func(*bitWriter)) string {
	w := new(bitWriter).bits(0b010, 3)
	body(w)
	return string(w.code(0, 7).bits(0, 3).out)
}
