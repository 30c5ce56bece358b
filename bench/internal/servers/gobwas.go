package servers

import (
	"bufio"
	"io"
	"net"
	"slices"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
)

func init() {
	register(Library{
		Name:    "gobwas",
		Module:  "github.com/gobwas/ws",
		Setup:   "zero-copy upgrade, ReadHeader through a bufio.Reader, one Write for a frame",
		Deflate: true,
		Serve: func(ln net.Listener, o Options) error {
			return serveConns(ln, func(nc net.Conn) { gobwasEcho(nc, o, bufio.NewReader(nc)) })
		},
	})
	register(Library{
		Name:     "gobwas-unbuffered",
		Module:   "github.com/gobwas/ws",
		Setup:    "zero-copy upgrade, ReadHeader from the socket",
		IdleOnly: true,
		Serve: func(ln net.Listener, o Options) error {
			return serveConns(ln, func(nc net.Conn) { gobwasEcho(nc, o, nc) })
		},
	})
}

// gobwasEcho reads from r, which is nc with or without a buffer.
func gobwasEcho(nc net.Conn, o Options, r io.Reader) {
	defer nc.Close()
	if gobwasUpgrade(nc, r, o.Deflate) != nil {
		return
	}
	var in, out []byte
	for {
		h, err := ws.ReadHeader(r)
		if err != nil {
			return
		}
		in = slices.Grow(in[:0], int(h.Length))[:h.Length]
		if _, err := io.ReadFull(r, in); err != nil {
			return
		}
		ws.Cipher(in, h.Mask, 0)
		h.Masked = false
		if out, err = gobwasReply(out[:0], h, in); err != nil {
			return
		}
		if _, err := nc.Write(out); err != nil {
			return
		}
	}
}

func gobwasUpgrade(nc net.Conn, r io.Reader, deflate bool) error {
	var up ws.Upgrader
	if deflate {
		extension := wsflate.Extension{Parameters: wsflate.DefaultParameters}
		up.Negotiate = extension.Negotiate
	}
	_, err := up.Upgrade(struct {
		io.Reader
		io.Writer
	}{r, nc})
	return err
}

// gobwasReply appends the frame that echoes p.
func gobwasReply(out []byte, h ws.Header, p []byte) ([]byte, error) {
	compressed, err := wsflate.IsCompressed(h)
	if err != nil {
		return out, err
	}
	w := appender{out}
	if !compressed {
		err := ws.WriteHeader(&w, h)
		return append(w.b, p...), err
	}
	codec := gobwasCodecs.Get().(*gobwasCodec)
	defer gobwasCodecs.Put(codec)
	packed, err := codec.recompress(p)
	if err != nil {
		return out, err
	}
	h.Length = int64(len(packed))
	err = ws.WriteHeader(&w, h)
	return append(w.b, packed...), err
}

// appender is a slice as an io.Writer.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
