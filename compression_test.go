//go:build !js

package websocket

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// TestCompressionEcho protects the whole way of compressed messages, with every way of reading and writing, in both
// roles, for what can be agreed on about takeover and windows.
func TestCompressionEcho(t *testing.T) {
	for _, o := range []compress.Options{
		{},
		{FromServer: compress.Direction{NoContextTakeover: true}},
		{FromClient: compress.Direction{NoContextTakeover: true}, Level: compress.Fastest},
		{FromServer: compress.Direction{NoContextTakeover: true}, FromClient: compress.Direction{NoContextTakeover: true}, Level: compress.Smallest},
		{FromServer: compress.Direction{MaxWindowBits: 8}, FromClient: compress.Direction{MaxWindowBits: 9}},
		{FromServer: compress.Direction{MaxWindowBits: 12}, FromClient: compress.Direction{MaxWindowBits: 10}, MinSize: -1},
	} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			up := &Upgrader{Options: Options{Compression: &o, ReadLimit: 8 << 20}}
			s := httptest.NewServer(up.Handler(func(c *Conn, r *http.Request) {
				for msg, err := range c.MessagesInPlace(c.Context()) {
					if err != nil {
						return
					}
					if err := c.Write(c.Context(), msg.Op, msg.Data); err != nil {
						t.Error(err)
					}
				}
			}))
			defer s.Close()
			d := Dialer{Options: Options{Compression: &compress.Options{FromServer: o.FromServer}, ReadLimit: 8 << 20}}
			c, _, err := d.Dial(t.Context(), s.URL)
			if err != nil {
				t.Fatal(err)
			}
			if p, ok := c.Compression(); !ok || p.ServerNoContextTakeover != o.FromServer.NoContextTakeover {
				t.Fatalf("agreed on %+v, %v", p, ok)
			}
			for i, n := range []int{0, 1, 63, 64, 200, 1000, 4000, 20000, 65536, 200000, 500} {
				op, p := OpText, compressible(n, uint64(i))
				if i%3 == 0 {
					op = OpBinary
					rand.New(rand.NewPCG(uint64(i), 2)).Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
				}
				exchangeMessage(t, c, op, p)
			}
			before := c.Stats()
			exchangeMessage(t, c, OpText, compressible(50000, 9))
			if after := c.Stats(); after.BytesOut-before.BytesOut > 25000 {
				t.Errorf("a message of 50000 bytes took %d on the wire", after.BytesOut-before.BytesOut)
			}
			if err := c.Close(StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// exchangeMessage sends a message to an echo server in each way, and reads it back in each way.
func exchangeMessage(t *testing.T, c *Conn, op Opcode, p []byte) {
	t.Helper()
	check := func(what string, gotOp Opcode, got []byte, err error) {
		t.Helper()
		if err != nil || gotOp != op || !bytes.Equal(got, p) {
			t.Fatalf("%s: %v message of %d bytes, %v; want %v of %d", what, gotOp, len(got), err, op, len(p))
		}
	}
	write := func() {
		if err := c.Write(t.Context(), op, p); err != nil {
			t.Fatal(err)
		}
	}
	write()
	m, err := c.Read(t.Context())
	check("Read", m.Op, m.Data, err)

	w, err := c.Writer(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	for rest := p; len(rest) > 0; {
		n := min(len(rest), 7777)
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	m, err = c.AppendRead(t.Context(), []byte("before"))
	check("AppendRead", m.Op, bytes.TrimPrefix(m.Data, []byte("before")), err)

	write()
	gotOp, r, err := c.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	check("Reader", gotOp, got, err)
}
