//go:build !js

package soak

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// patience is how long a client waits for anything.
const patience = 30 * time.Second

// talk is one connection of a client's from its beginning to its end, which its seed decides about.
func talk(s server, seed uint64) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r := rand.New(rand.NewPCG(seed, 1))
	c, err := s.dial(ctx, r)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	for n := r.IntN(20); n > 0; n-- {
		if err := exchange(ctx, c, r); err != nil {
			return err
		}
	}
	return end(ctx, c, r)
}

// dial connects to s.
func (s server) dial(ctx context.Context, r *rand.Rand) (*websocket.Conn, error) {
	d := &websocket.Dialer{Options: websocket.Options{ReadLimit: 4 << 20}}
	if r.IntN(2) == 0 {
		d.Compression = &websocket.CompressionOptions{
			FromServer: websocket.CompressionDirection{NoContextTakeover: r.IntN(2) == 0},
			FromClient: websocket.CompressionDirection{NoContextTakeover: r.IntN(2) == 0},
		}
	}
	if s.http != nil {
		d.TLS = &tls.Config{RootCAs: s.http.Transport.(*http.Transport).TLSClientConfig.RootCAs}
	}
	c, _, err := d.Dial(ctx, s.url)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	return c, nil
}

// stayer is a connection that lasts as long as the soak.
type stayer struct {
	server
	c *websocket.Conn
	r *rand.Rand
}

// exchange is one on it.
func (s stayer) exchange() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return exchange(ctx, s.c, s.r)
}

// exchange sends some messages at once, in one of the ways to do so, and wants all of them back.
func exchange(ctx context.Context, c *websocket.Conn, r *rand.Rand) error {
	seeds, sizes := make([]uint64, 1+r.IntN(8)), make([]int, 8)
	budget := 32 << 10 // of what may be on its way while nobody reads
	for i := range seeds {
		seeds[i], sizes[i] = r.Uint64(), min(size(r), budget)
		budget -= sizes[i]
	}
	if r.IntN(8) == 0 {
		seeds, sizes[0] = seeds[:1], size(r)
	}
	sent := make(chan error, 1)
	way := r.IntN(3)
	go func() { sent <- send(ctx, c, way, seeds, sizes) }()
	for i, seed := range seeds {
		op, want := content(seed, sizes[i])
		got, err := c.Read(ctx)
		if err != nil {
			c.CloseNow()
			<-sent
			return fmt.Errorf("message %d of %d, of %d bytes: %w", i, len(seeds), len(want), err)
		}
		if got.Op != op || !bytes.Equal(got.Data, want) {
			return fmt.Errorf("message %d of %d: %v of %d bytes, want %v of %d", i, len(seeds), got.Op, len(got.Data), op, len(want))
		}
	}
	return <-sent
}

// send sends messages whole, streamed, or as those that are prepared for many.
func send(ctx context.Context, c *websocket.Conn, way int, seeds []uint64, sizes []int) error {
	for i, seed := range seeds {
		op, p := content(seed, sizes[i])
		var err error
		switch way {
		case 0:
			err = c.Write(ctx, op, p)
		case 1:
			err = stream(ctx, c, op, p)
		default:
			var m *websocket.PreparedMessage
			if m, err = websocket.NewPreparedMessage(op, p); err == nil {
				err = c.WritePrepared(ctx, m)
			}
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// stream sends a message in pieces.
func stream(ctx context.Context, c *websocket.Conn, op websocket.Opcode, p []byte) error {
	w, err := c.Writer(ctx, op)
	if err != nil {
		return err
	}
	for len(p) > 0 {
		n := min(len(p), 5000)
		if _, err := w.Write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return w.Close()
}

// end ends a connection in one of the ways in which they end.
func end(ctx context.Context, c *websocket.Conn, r *rand.Rand) error {
	switch r.IntN(5) {
	case 0, 1:
		if err := c.Close(websocket.StatusNormalClosure, "done"); err != nil {
			return fmt.Errorf("close: %w", err)
		}
	case 2:
		c.CloseNow()
	case 3:
		c.NetConn().Close() // amid whatever is under way
	default:
		op, p := content(r.Uint64(), size(r))
		go c.Write(ctx, op, p) // the end comes amid it
		c.CloseNow()
	}
	return nil
}
