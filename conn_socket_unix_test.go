//go:build unix

package websocket

// This file tests what only the transport of transport_unix.go could get wrong: it is told of the edges of
// readability.

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
)

// TestQueuedEnd protects that a message is delivered and the end noticed when both were queued before the reader ran,
// whatever the end is, with one processor, with a body that writes and with one that is silent.
func TestQueuedEnd(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ends := map[string]func(p *peer){
		"FIN":        func(p *peer) { p.nc.Close() },
		"half-close": func(p *peer) { p.nc.(*net.TCPConn).CloseWrite() },
		"RST": func(p *peer) {
			p.nc.(*net.TCPConn).SetLinger(0)
			p.nc.Close()
		},
		"close frame": func(p *peer) {
			p.send(OpClose, closePayload(StatusNormalClosure, ""))
			p.nc.(*net.TCPConn).CloseWrite()
		},
		"urgent byte": func(p *peer) {
			sendUrgent(p.t, p.nc.(*net.TCPConn))
			p.nc.Close()
		},
	}
	for name, end := range ends {
		for _, writes := range []bool{true, false} {
			for _, reads := range []string{"Messages", "AppendRead"} {
				cn, sn := tcpPair(t)
				s, p := connOver(t, sn, false, nil), peerOver(t, cn, true)
				p.send(OpText, "message")
				end(p)
				got := 0
				handle := func(op Opcode, data []byte) {
					got++
					if writes {
						s.Write(t.Context(), op, data)
					}
				}
				var err error
				if reads == "Messages" {
					var m Message
					for m, err = range s.Messages(t.Context()) {
						if err == nil {
							handle(m.Op, m.Data)
						}
					}
				} else {
					for err == nil {
						var op Opcode
						var data []byte
						if op, data, err = s.AppendRead(t.Context(), nil); err == nil {
							handle(op, data)
						}
					}
				}
				var closed *CloseError
				// A reset may destroy the message on its way.
				if got != 1 && name != "RST" || !errors.As(err, &closed) {
					t.Errorf("%s, %s, writes %v: %d messages, %v", name, reads, writes, got, err)
				}
				if name == "close frame" {
					wantClosed(t, err, StatusNormalClosure, false)
				} else if closed.Code != StatusAbnormalClosure {
					t.Errorf("%s: %v", name, err)
				}
				cn.Close()
			}
		}
	}
}

// sendUrgent sends a byte out of band.
func sendUrgent(t testing.TB, nc *net.TCPConn) {
	rc, err := nc.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	rc.Control(func(fd uintptr) { err = syscall.Sendto(int(fd), []byte("!"), syscall.MSG_OOB, nil) })
	if err != nil {
		t.Fatal(err)
	}
}

// TestLargeWriteNotBegun protects that a large message of which the kernel has taken nothing when its context ends
// leaves the connection as it was: the next message arrives.
func TestLargeWriteNotBegun(t *testing.T) {
	for _, client := range []bool{false, true} {
		cn, sn := unixPair(t)
		rc, err := sn.(*net.UnixConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		filled := 0
		rc.Write(func(fd uintptr) bool {
			for {
				n, err := syscall.Write(int(fd), make([]byte, 100000))
				if err != nil {
					return true // the kernel's buffer is full
				}
				filled += n
			}
		})
		c, p := connOver(t, sn, client, nil), peerOver(t, cn, !client)
		ctx, cancel := context.WithCancel(t.Context())
		wrote := inGoroutine(func() error { return c.Write(ctx, OpText, make([]byte, 1<<20)) })
		for c.Buffered() == 0 {
			runtime.Gosched() // until the message is on its way
		}
		cancel()
		if err := <-wrote; err != context.Canceled {
			t.Error(err)
		}
		if s := c.Stats(); s.MessagesOut != 0 || c.Buffered() != 0 {
			t.Errorf("%d messages counted, %d bytes buffered", s.MessagesOut, c.Buffered())
		}
		io.ReadFull(p.br, make([]byte, filled))
		if err := c.Write(t.Context(), OpText, []byte("next")); err != nil {
			t.Error(err)
		}
		p.expect(OpText, "next")
	}
}
