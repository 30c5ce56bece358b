package websocket

import (
	"context"
	"net"
	"testing"
)

// tcpPair returns the two ends of a TCP connection.
func tcpPair(t testing.TB) (client, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err = net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

func TestEcho(t *testing.T) {
	for _, raw := range []bool{true, false} {
		cn, sn := tcpPair(t)
		if !raw {
			cn, sn = struct{ net.Conn }{cn}, struct{ net.Conn }{sn}
		}
		c, s := ClientConn(cn, nil, Agreement{}, nil), ServerConn(sn, nil, Agreement{}, nil)
		go func() {
			for msg, err := range s.MessagesInPlace(t.Context()) {
				if err != nil {
					t.Log(err)
					return
				}
				s.Write(t.Context(), msg.Op, msg.Data)
			}
		}()
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 200000, 1 << 20} {
			p := make([]byte, n)
			for i := range p {
				p[i] = byte(i)
			}
			if err := c.Write(t.Context(), OpBinary, p); err != nil {
				t.Fatal(err)
			}
			m, err := c.Read(t.Context())
			if err != nil || m.Op != OpBinary || string(m.Data) != string(p) {
				t.Fatal(n, m.Op, len(m.Data), err)
			}
		}
		go c.CloseRead(context.Background())
		rtt, err := c.Ping(t.Context())
		t.Log(rtt, err)
		if err := c.Close(StatusNormalClosure, "bye"); err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", c.Stats())
	}
}

func BenchmarkEcho(b *testing.B) {
	for _, mode := range []string{"messages", "append"} {
		b.Run(mode, func(b *testing.B) {
			cn, sn := tcpPair(b)
			c, s := ClientConn(cn, nil, Agreement{}, nil), ServerConn(sn, nil, Agreement{}, nil)
			go func() {
				ctx := context.Background()
				if mode == "messages" {
					for msg, err := range s.MessagesInPlace(ctx) {
						if err != nil {
							return
						}
						s.Write(ctx, msg.Op, msg.Data)
					}
					return
				}
				var buf []byte
				for {
					m, err := s.AppendRead(ctx, buf[:0])
					if err != nil {
						return
					}
					s.Write(ctx, m.Op, m.Data)
					buf = m.Data
				}
			}()
			p := make([]byte, 125)
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Write(b.Context(), OpBinary, p); err != nil {
					b.Fatal(err)
				}
				m, err := c.AppendRead(b.Context(), buf[:0])
				if err != nil {
					b.Fatal(err)
				}
				buf = m.Data
			}
			c.Close(StatusNormalClosure, "")
		})
	}
}
