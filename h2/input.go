package h2

// This file holds what has come on a stream and has not been read.

import "sync"

// pooledInput is the capacity of buffers that are kept for others.
const pooledInput = 4 << 10

var inputs = sync.Pool{New: func() any { return new([pooledInput]byte) }}

// input is that, in a buffer that grows with it, and that a stream has only meanwhile. The connection's mutex guards it.
type input struct {
	buf []byte
	off int // what has been read of it
}

func (in *input) len() int { return len(in.buf) - in.off }

// put keeps a copy of p.
func (in *input) put(p []byte) {
	if in.buf == nil {
		in.buf = inputs.Get().(*[pooledInput]byte)[:0]
	}
	if len(in.buf)+len(p) > cap(in.buf) && in.off >= len(in.buf)/2 {
		in.buf = in.buf[:copy(in.buf, in.buf[in.off:])]
		in.off = 0
	}
	old := in.buf
	in.buf = append(in.buf, p...)
	if cap(in.buf) != cap(old) {
		release(old)
	}
}

// take moves bytes to p.
func (in *input) take(p []byte) int {
	n := copy(p, in.buf[in.off:])
	if in.off += n; in.off == len(in.buf) {
		in.drop()
	}
	return n
}

// drop lets go of everything.
func (in *input) drop() {
	release(in.buf)
	*in = input{}
}

// release gives a buffer back that is one of the pool's.
func release(b []byte) {
	if cap(b) == pooledInput {
		inputs.Put((*[pooledInput]byte)(b[:pooledInput]))
	}
}
