package compress

// This file holds what a connection without messages gives back: a deflater may forget what it keeps, at the price of a few bytes
// more later on; an inflater may not, for the peer's next message may refer to all of it, but can hold it compressed.

// Rest is to be called now and then, as every few minutes. Where no message was compressed since the last call, it gives back
// what is held between messages: those that follow refer to nothing before them, which makes 3 to 6 % more bytes of the next
// 64 KiB of chat.
func (d *Deflater) Rest() {
	if !d.used && d.stream.encoder == nil {
		d.history.forget()
	}
	d.used = false
}

// Rest is to be called now and then, as every few minutes. Where nothing was decompressed since the last call, the window is
// held compressed from now on, to a third of its size if it is JSON, until the next message, which takes about 0.1 ms longer
// for it. Rest itself takes some tenths of a millisecond then.
func (f *Inflater) Rest() {
	if !f.used && f.decoder == nil {
		f.window.pack()
	}
	f.used = false
}

// forget gives all memory back.
func (h *history) forget() {
	h.window = window{bias: emptyBias}
	h.heads, h.pairs, h.older = nil, nil, nil
}

// leastPacked is the smallest window worth packing.
const leastPacked = 4 << 10

// pack compresses the window, if that makes it a good deal smaller.
func (r *ring) pack() {
	if r.packed != 0 || len(r.buf) < leastPacked {
		return
	}
	e := encoders.Get().(*encoder)
	plain := r.appendTo(e.room())
	like := history{level: Balanced, maxDistance: r.size}
	out, worth := e.compressAlone(plain[len(plain):], &like, plain)
	if out = e.finish(out); worth && len(out) < len(plain)-len(plain)>>2 {
		r.buf, r.packed = append([]byte(nil), out...), len(plain)
	}
	encoders.Put(e)
}

// unpack undoes it.
func (r *ring) unpack() {
	if r.packed == 0 {
		return
	}
	alone := Inflater{window: ring{size: r.size}}
	packed, n := r.buf, r.packed
	*r = ring{size: r.size}
	r.reserve(n)
	r.buf, _, _, _ = alone.Append(r.buf, packed, true, n) // it is of our own making
	r.head = n & (r.size - 1)
}

// appendTo appends the window to p, from the oldest byte to the newest.
func (r *ring) appendTo(p []byte) []byte {
	if len(r.buf) < r.size {
		return append(p, r.buf...)
	}
	return append(append(p, r.buf[r.head:]...), r.buf[:r.head]...)
}
