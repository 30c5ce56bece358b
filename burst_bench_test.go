package websocket

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// burstTransport is a transport that polls: it yields the same burst of frames again and again, n times, and
// swallows what is written.
type burstTransport struct {
	transport.Transport // nil: what is not implemented below is not called
	burst               []byte
	n                   int
	parked              bool
}

func (t *burstTransport) Run(r transport.Reader, _ bool) error {
	for !r.Readable() {
		t.parked = false
	}
	return nil
}
func (t *burstTransport) Polls() bool { return true }
func (t *burstTransport) Recv(p []byte, _ bool) (int, bool, error) {
	if t.parked = !t.parked; !t.parked {
		return 0, false, transport.ErrWouldBlock
	}
	if t.n--; t.n < 0 {
		return 0, false, context.Canceled
	}
	return copy(p, t.burst), false, nil
}
func (t *burstTransport) TrySend(p []byte, _ bool) (int, error) { return len(p), nil }
func (t *burstTransport) Room() []byte                          { return nil }
func (t *burstTransport) Send(b, p []byte) (int64, error)       { return int64(len(b) + len(p)), nil }
func (t *burstTransport) SetReadDeadline(time.Time) error       { return nil }
func (t *burstTransport) SetWriteDeadline(time.Time)            {}
func (t *burstTransport) CloseWrite() bool                      { return true }
func (t *burstTransport) Abort()                                {}
func (t *burstTransport) Close() error                          { return nil }

// BenchmarkBurst measures what an echo costs apart from system calls: 16 messages of 125 bytes come at once.
func BenchmarkBurst(b *testing.B) {
	sender := Sender{client: true}
	var burst []byte
	for range 16 {
		burst, _ = sender.AppendMessage(burst, OpBinary, make([]byte, 125))
	}
	ctx := context.Background()
	newBurst := func(n int) *Conn {
		c := ServerConn(struct{ net.Conn }{}, nil, Agreement{}, nil)
		c.t = &burstTransport{burst: burst, n: n}
		return c
	}
	b.Run("Messages", func(b *testing.B) {
		c := newBurst(b.N/16 + 1)
		for msg, err := range c.MessagesInPlace(ctx) {
			if err != nil {
				break
			}
			c.Write(ctx, msg.Op, msg.Data)
		}
	})
	b.Run("AppendRead", func(b *testing.B) {
		c := newBurst(b.N/16 + 1)
		var p []byte
		for {
			m, err := c.AppendRead(ctx, p[:0])
			if err != nil {
				break
			}
			p = m.Data
			c.Write(ctx, m.Op, p)
		}
	})
	b.Run("Read", func(b *testing.B) {
		c := newBurst(b.N/16 + 1)
		for {
			m, err := c.Read(ctx)
			if err != nil {
				break
			}
			c.Write(ctx, m.Op, m.Data)
		}
	})
}
