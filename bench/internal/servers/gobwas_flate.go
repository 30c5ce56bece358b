package servers

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"

	"github.com/gobwas/ws/wsflate"
)

// gobwasCodec is a compressor and a decompressor, which gobwas leaves to the application to keep and reuse.
type gobwasCodec struct {
	r     *wsflate.Reader
	w     *wsflate.Writer
	plain appender
	out   appender
}

var gobwasCodecs = sync.Pool{New: func() any {
	return &gobwasCodec{
		r: wsflate.NewReader(nil, func(r io.Reader) wsflate.Decompressor { return flateReader{flate.NewReader(r)} }),
		w: wsflate.NewWriter(nil, func(w io.Writer) wsflate.Compressor {
			f, _ := flate.NewWriter(w, flate.BestSpeed) // fails only for an unknown level
			return f
		}),
	}
}}

// recompress inflates p and deflates what it holds. The result is valid until the codec is used again.
func (c *gobwasCodec) recompress(p []byte) ([]byte, error) {
	c.r.Reset(bytes.NewReader(p))
	c.plain.b = c.plain.b[:0]
	if _, err := io.Copy(&c.plain, c.r); err != nil {
		return nil, err
	}
	c.out.b = c.out.b[:0]
	c.w.Reset(&c.out)
	if _, err := c.w.Write(c.plain.b); err != nil {
		return nil, err
	}
	if err := c.w.Flush(); err != nil {
		return nil, err
	}
	return c.out.b, nil
}

// flateReader makes the standard library's inflater one that gobwas can reuse: it knows Reset by one argument only.
type flateReader struct{ io.Reader }

func (f flateReader) Reset(r io.Reader) {
	_ = f.Reader.(flate.Resetter).Reset(r, nil) // never fails
}
