package reactor

// This file tests terms that connections share.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// alone are parameters without context takeover.
func alone(bits int) *compress.Params {
	return &compress.Params{ServerMaxWindowBits: bits, ClientMaxWindowBits: 15, ServerNoContextTakeover: true, ClientNoContextTakeover: true}
}

// deflating returns a client that compresses as one without context takeover.
func deflating() *client {
	c := newClient()
	c.Reset(websocket.SenderOptions{Client: true, Deflater: compress.NewDeflater(compress.DeflaterOptions{}), MinSize: -1})
	return c
}

// TestSharedCompressors protects connections whose compressors are shared: one that ends in the middle of a message, or with one that does
// not inflate, does no harm to others; nor do messages whose parts come in turns.
func TestSharedCompressors(t *testing.T) {
	h := echoing(t)
	o := websocket.Options{Compression: &compress.Options{MinSize: -1}}
	m := newSim(t, &Server{Handler: h, Upgrader: &websocket.Upgrader{Options: o}})
	text := strings.Repeat("compressible ", 100)
	whole := deflating().message(websocket.OpText, text)
	join := func() (int32, *simSock) {
		return m.connect(&adoption{agreed: websocket.Agreement{Compression: alone(15)}})
	}
	inflater := func(o *websocket.ReceiverOptions) { o.Inflater = compress.NewInflater(compress.InflaterOptions{}) }
	want := []string{fmt.Sprintf("text %d %.20q", len(text), text)}
	for _, end := range []func(fd int32){
		func(fd int32) { m.arrive(fd, whole[:len(whole)/2]); m.end(fd) },
		func(fd int32) { m.arrive(fd, []byte("\xc1\x84\x00\x00\x00\x00\xff\xff\xff\xff")); m.end(fd) },
		func(fd int32) { m.arrive(fd, whole[:10], []byte("\xff")); m.end(fd) },
		func(fd int32) { m.arrive(fd, whole, whole[:1], whole[1:]); m.end(fd) },
	} {
		first, _ := join()
		end(first)
		a, sa := join()
		b, sb := join()
		for i := range whole {
			m.arrive(a, whole[i:i+1])
			m.arrive(b, whole[i:i+1])
		}
		for _, s := range []*simSock{sa, sb} {
			if got := received(t, s.out, inflater); !slices.Equal(got, want) {
				t.Errorf("the peer got %q, want %q", got, want)
			}
		}
		if in := m.conn(a).in; in != nil {
			t.Error("an idle connection has an inbound")
		}
		m.end(a)
		m.end(b)
	}
	if !m.idle() {
		t.Error("what is lent is in the middle of something")
	}
}

// TestManyTerms protects a server from clients that make up terms: it keeps 256, and serves connections with others as well.
func TestManyTerms(t *testing.T) {
	o := websocket.Options{Compression: &compress.Options{MinSize: -1}}
	m := newSim(t, &Server{Handler: echo, Upgrader: &websocket.Upgrader{Options: o}})
	text := strings.Repeat("compressible ", 100)
	for i := range 2 * maxTerms {
		protocol := fmt.Sprint(i)
		fd, s := m.connect(&adoption{agreed: websocket.Agreement{Subprotocol: protocol, Compression: alone(9 + i%7)}})
		c := m.conn(fd)
		p, ok := c.Compression()
		if c.Subprotocol() != protocol || !ok || p != *alone(9 + i%7) {
			t.Fatalf("connection %d has %q, %v", i, c.Subprotocol(), p)
		}
		m.arrive(fd, deflating().message(websocket.OpText, text))
		c.WritePrepared(context.Background(), prepared("prepared"))
		got := received(t, s.out, func(o *websocket.ReceiverOptions) { o.Inflater = compress.NewInflater(compress.InflaterOptions{}) })
		if want := []string{fmt.Sprintf("text %d %.20q", len(text), text), `text 8 "prepared"`}; !slices.Equal(got, want) {
			t.Fatalf("connection %d got %q", i, got)
		}
		m.end(fd)
	}
	if n := len(*m.loop.server.terms.list.Load()); n != maxTerms {
		t.Errorf("%d terms are kept", n)
	}
}
