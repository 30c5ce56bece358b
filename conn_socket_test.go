package websocket

// This file tests Conn on real sockets, where the transport of sockets, TLS and the kernel's ways are, which
// no bubble can hold. Nothing here depends on time.

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// socketPairs are the kinds of connected sockets.
var socketPairs = map[string]func(t testing.TB) (client, server net.Conn){
	"TCP":  tcpPair,
	"Unix": unixPair,
	"TLS":  tlsPair, // over a net.Conn that is not known to be a socket
	"wss":  wssPair,
	"wrapped": func(t testing.TB) (client, server net.Conn) {
		c, s := tcpPair(t)
		return struct{ net.Conn }{c}, struct{ net.Conn }{s}
	},
}

func unixPair(t testing.TB) (client, server net.Conn) {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if client, err = net.Dial("unix", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// certificate returns a self-signed certificate.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func tlsPair(t testing.TB) (client, server net.Conn) { return secured(t)(tcpPair(t)) }

// wssPair is what Dialer and Listener make.
func wssPair(t testing.TB) (client, server net.Conn) {
	c, s := tcpPair(t)
	return secured(t)(transport.UnderTLS(c), transport.UnderTLS(s))
}

// secured returns what makes a TLS connection of two ends.
func secured(t testing.TB) func(c, s net.Conn) (client, server net.Conn) {
	return func(c, s net.Conn) (client, server net.Conn) { return secure(t, c, s) }
}

// secure makes a TLS connection of two ends.
func secure(t testing.TB, c, s net.Conn) (client, server net.Conn) {
	tc := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	ts := tls.Server(s, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	done := inGoroutine(ts.Handshake)
	if err := errors.Join(tc.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	return tc, ts
}

// onSockets runs f over every kind of socket.
func onSockets(t *testing.T, f func(t *testing.T, client, server net.Conn)) {
	for name, pair := range socketPairs {
		t.Run(name, func(t *testing.T) {
			c, s := pair(t)
			f(t, c, s)
		})
	}
}

// TestSocketsEcho protects messages of all sizes over every kind of socket, in every way of reading, with and without
// a context that can end, and the closing handshake behind them.
func TestSocketsEcho(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		c, s := connOver(t, cn, true, nil), connOver(t, sn, false, nil)
		served := inGoroutine(func() (end error) {
			for m, err := range s.MessagesInPlace(t.Context()) {
				if end = err; err == nil {
					if err := s.Write(t.Context(), m.Op, m.Data); err != nil {
						t.Error(err)
					}
				}
			}
			return end
		})
		for _, n := range []int{0, 1, 125, 126, 20000, 65535, 65536, 200000, 1 << 20} {
			for i, kind := range readKinds {
				ctx := context.Background()
				if i%2 == 0 {
					ctx = t.Context()
				}
				want := strings.Repeat("x", n)
				wrote := inGoroutine(func() error { return c.Write(ctx, OpText, []byte(want)) })
				op, got, err := kind.read(t, ctx, c)
				wantMessage(t, op, got, err, want)
				if err := <-wrote; err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := c.Close(StatusNormalClosure, "bye"); err != nil {
			t.Error(err)
		}
		wantClosed(t, <-served, StatusNormalClosure, false)
	})
}

// TestSocketsCancelledRead protects that a read whose context ends in the middle of a message can be repeated.
func TestSocketsCancelledRead(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		c, p := connOver(t, cn, true, nil), peerOver(t, sn, false)
		for name, m := range wireMessages(p) {
			for _, first := range readKinds {
				for i, next := range readKinds {
					cut := min(i, m.dataAt-1)
					p.write(m.wire[:cut])
					ctx, cancel := context.WithCancel(t.Context())
					go cancel()
					if _, _, err := first.read(t, ctx, c); err != context.Canceled {
						t.Fatal(err)
					}
					p.write(m.wire[cut:])
					op, got, err := next.read(t, t.Context(), c)
					if op != OpText || string(got) != m.want || err != nil {
						t.Fatalf("%s: %v %.20q %v", name, op, got, err)
					}
				}
			}
		}
		c.CloseNow()
	})
}

// TestCloseCodeArrives protects that a peer that breaks the protocol and has sent much more reads the close code: a
// socket that is closed with unread input would send a reset, and destroy it.
func TestCloseCodeArrives_7_1_7(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		s, p := connOver(t, sn, false, nil), peerOver(t, cn, true)
		p.write(p.message("\xff"), make([]byte, 100000))
		_, err := s.Read(t.Context())
		closed := wantClosed(t, err, StatusInvalidPayload, true)
		p.write(make([]byte, 100000))
		p.expect(OpClose, closePayload(StatusInvalidPayload, closed.Reason))
		cn.Close()
		s.Close(StatusNormalClosure, "")
	})
}

// TestSocketsCloseNowBesideBody protects that CloseNow returns while a body runs, that the peer sees the end at once,
// and that the descriptor is closed when the body has returned.
func TestSocketsCloseNowBesideBody(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		s, p := connOver(t, sn, false, nil), peerOver(t, cn, true)
		p.send(OpText, "message")
		inside, leave := make(chan struct{}), make(chan struct{})
		ended := inGoroutine(func() (end error) {
			for _, err := range s.MessagesInPlace(t.Context()) {
				if end = err; err == nil {
					close(inside)
					<-leave
				}
			}
			return end
		})
		<-inside
		if err := s.CloseNow(); err != nil {
			t.Error(err)
		}
		if _, _, err := p.next(); err == nil {
			t.Error("the peer did not see the end")
		}
		close(leave)
		wantClosed(t, <-ended, StatusAbnormalClosure, true)
		wantClosed(t, s.Close(StatusNormalClosure, ""), StatusAbnormalClosure, true)
		if _, err := sn.Write([]byte("x")); err == nil {
			t.Error("the descriptor is still open")
		}
	})
}

// TestSocketsCloseInBody protects that the loop completes the closing handshake that its body began.
func TestSocketsCloseInBody(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		c, s := connOver(t, cn, true, nil), connOver(t, sn, false, nil)
		c.Write(t.Context(), OpText, []byte("message"))
		c.Write(t.Context(), OpText, []byte("discarded"))
		read := inGoroutine(func() error { return second(c.Read(t.Context())) })
		bodies := 0
		for _, err := range s.MessagesInPlace(t.Context()) {
			if err != nil {
				wantClosed(t, err, 4000, true)
				break
			}
			bodies++
			if err := s.Close(4000, ""); err != nil {
				t.Error(err)
			}
		}
		wantClosed(t, <-read, 4000, false)
		s.Close(StatusNormalClosure, "")
		if bodies != 1 || !s.r.closed {
			t.Errorf("%d bodies, handshake completed: %v", bodies, s.r.closed)
		}
	})
}

// TestSocketsContextDuringBody protects that the end of a context while a body runs is not lost.
func TestSocketsContextDuringBody(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		s, p := connOver(t, sn, false, nil), peerOver(t, cn, true)
		for i := range 100 {
			ctx, cancel := context.WithCancel(t.Context())
			p.send(OpText, fmt.Sprint(i))
			for m, err := range s.MessagesInPlace(ctx) {
				if err != nil {
					if err != context.Canceled {
						t.Fatal(err)
					}
					break
				}
				if string(m.Data) != fmt.Sprint(i) {
					t.Fatal(i, string(m.Data))
				}
				if i%2 == 0 {
					cancel()
				} else {
					go cancel()
				}
			}
			cancel()
		}
	})
}

// TestSocketsBodyPanics protects that a panic in a body leaves no lock of the socket held: the peer is told, and the
// socket can be closed.
func TestSocketsBodyPanics(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		s, p := connOver(t, sn, false, nil), peerOver(t, cn, true)
		p.send(OpText, "message")
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not come through")
				}
			}()
			for range s.MessagesInPlace(t.Context()) {
				panic("in a body")
			}
		}()
		p.expect(OpClose, closePayload(StatusInternalError, ""))
		p.nc.Close()
		if err := s.Close(StatusNormalClosure, ""); !errors.Is(err, errBodyPanicked) {
			t.Error(err)
		}
	})
}

// TestSocketsWriteToSilentPeer protects writing against a peer that does not read: reading goes on, a context ends a
// write that waits, and CloseNow ends the others.
func TestSocketsWriteToSilentPeer(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		s, p := connOver(t, sn, false, nil), peerOver(t, cn, true)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				size := 10000
				if i == 0 {
					size = 8 << 20
				}
				for {
					if err := s.Write(ctx, OpBinary, make([]byte, size)); err != nil {
						if err != context.Canceled {
							var closed *CloseError
							if !errors.As(err, &closed) {
								t.Error(err)
							}
						}
						return
					}
				}
			})
		}
		for i := range 100 {
			p.send(OpPing, "ping")
			p.send(OpText, fmt.Sprint(i))
			m, err := s.Read(context.Background())
			wantMessage(t, m.Op, m.Data, err, fmt.Sprint(i))
		}
		short, cancelShort := context.WithCancel(t.Context())
		go cancelShort()
		for {
			if err := s.Write(short, OpBinary, make([]byte, 10000)); err != nil {
				if err != context.Canceled {
					t.Error(err)
				}
				break
			}
		}
		s.CloseNow()
		wg.Wait()
		s.Close(StatusNormalClosure, "")
	})
}

// TestSocketsLargeWriteCut protects that the end of a context in the middle of a large message ends the connection and
// says so, and that one before it begins does not.
func TestSocketsLargeWriteCut(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		s, _ := connOver(t, sn, false, nil), peerOver(t, cn, true)
		ctx, cancel := context.WithCancel(t.Context())
		wrote := inGoroutine(func() error { return s.Write(ctx, OpBinary, make([]byte, 64<<20)) })
		io.ReadFull(cn, make([]byte, 1000)) // it has begun
		if err := s.Write(endedContext(), OpBinary, make([]byte, 1<<20)); err != context.Canceled {
			t.Error(err)
		}
		cancel()
		err := <-wrote
		wantClosed(t, err, StatusAbnormalClosure, true)
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestSocketsConcurrency runs everything at once over every kind of socket: writers of all kinds on both sides,
// pings, readers that are cancelled again and again, and a Close at the end. What it protects is what the race
// detector and the peers' checks of the protocol see.
func TestSocketsConcurrency(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		c, s := connOver(t, cn, true, nil), connOver(t, sn, false, nil)
		var writers, readers sync.WaitGroup
		for _, conn := range []*Conn{c, s} {
			for i := range 3 {
				writers.Go(func() {
					for j := range 50 {
						if err := conn.Write(t.Context(), OpText, bytes.Repeat([]byte{'x'}, (i*j*997)%100000)); err != nil {
							t.Error(err)
						}
					}
				})
			}
			writers.Go(func() {
				for range 20 {
					w, err := conn.Writer(t.Context(), OpBinary)
					if err != nil {
						t.Error(err)
						return
					}
					for range 3 {
						w.Write(make([]byte, 3000))
					}
					if err := w.Close(); err != nil {
						t.Error(err)
					}
				}
			})
			writers.Go(func() {
				for range 20 {
					if _, err := conn.Ping(t.Context()); err != nil {
						t.Error(err)
					}
					conn.Stats()
					conn.Buffered()
				}
			})
			readers.Go(func() {
				var err error
				for n := 0; ; n++ {
					ctx, cancel := context.WithCancel(t.Context())
					if n%7 == 0 {
						go cancel()
					}
					kind := readKinds[n%len(readKinds)]
					if _, _, err = kind.read(t, ctx, conn); err != nil && err != context.Canceled {
						cancel()
						break
					}
					cancel()
				}
				wantClosedSomehow(t, err)
			})
		}
		writers.Wait()
		if err := c.Close(StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
		readers.Wait()
	})
}

// wantClosedSomehow wants err to be the ordinary end of a connection, seen from either side.
func wantClosedSomehow(t *testing.T, err error) {
	t.Helper()
	var closed *CloseError
	if !errors.As(err, &closed) || closed.Code != StatusNormalClosure {
		t.Error(err)
	}
}

// TestSocketsHeldTooLong protects that replies leave when a body stops in the middle of a burst, on as many connections
// as there may be and again and again.
func TestSocketsHeldTooLong(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		s, p := connOver(t, sn, false, nil), peerOver(t, cn, true)
		arrived := make(chan struct{})
		go func() {
			for range 2 {
				p.write(bytes.Repeat(p.message("m"), 3))
				p.expect(OpText, "m") // while the body waits for it
				arrived <- struct{}{}
				p.expect(OpText, "m")
				p.expect(OpText, "m")
			}
			p.nc.Close()
		}()
		n := 0
		for m, err := range s.MessagesInPlace(t.Context()) {
			if err != nil || s.Write(t.Context(), m.Op, m.Data) != nil {
				break
			}
			if n++; n%3 == 1 {
				<-arrived
			}
		}
		if n != 6 {
			t.Errorf("%d messages", n)
		}
	})
}

// TestSocketsReadAfterLoop protects that a message is read that came, and of which the poller told, while the body of a
// loop ran that left with an answered message: what the loop knew about the socket does not hold for the next read.
func TestSocketsReadAfterLoop(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		s, p := connOver(t, sn, false, nil), peerOver(t, cn, true)
		told, tell := tcpPair(t)
		defer told.Close()
		defer tell.Close()
		for i := range 3 * len(readKinds) {
			go func() {
				for range 2 {
					p.send(OpText, "answered")
					p.expect(OpText, "answered")
				}
				p.send(OpText, "behind")
				tell.Write([]byte("!"))
			}()
			n := 0
			for m, err := range s.MessagesInPlace(t.Context()) {
				if err == nil {
					err = s.Write(t.Context(), m.Op, m.Data)
				}
				if n++; err != nil || n == 2 {
					// The poller that tells of this byte tells of the message before it, too.
					if _, again := told.Read(make([]byte, 1)); err != nil || again != nil {
						t.Fatal(err, again)
					}
					break
				}
			}
			op, got, err := readKinds[i%len(readKinds)].read(t, t.Context(), s)
			wantMessage(t, op, got, err, "behind")
		}
		s.CloseNow()
	})
}

// TestSocketsWritesBesideLoops protects writes of other goroutines while a Messages loop waits, runs its body, is left and
// begins again: they arrive, in order, and none of them outlives the wait whose descriptor it uses.
func TestSocketsWritesBesideLoops(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		c, s := connOver(t, cn, true, nil), connOver(t, sn, false, nil)
		const each = 500
		var writers sync.WaitGroup
		for i := range 2 {
			writers.Go(func() {
				for j := range each {
					if err := s.Write(t.Context(), OpBinary, []byte{byte(i), byte(j), byte(j >> 8)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		looped := inGoroutine(func() error {
			for {
				for m, err := range s.MessagesInPlace(t.Context()) {
					if err != nil {
						return err
					}
					if err := s.Write(t.Context(), m.Op, m.Data); err != nil {
						t.Error(err)
					}
					if m.Data[0]%2 == 0 {
						break
					}
				}
			}
		})
		sent := inGoroutine(func() error {
			for i := range each {
				if err := c.Write(t.Context(), OpText, []byte{byte(i % 100)}); err != nil {
					return err
				}
			}
			return nil
		})
		var next [2]int
		echoed := 0
		for next[0] < each || next[1] < each || echoed < each {
			msg, err := c.Read(t.Context())
			switch {
			case err != nil:
				t.Fatal(err)
			case msg.Op == OpText:
				if int(msg.Data[0]) != echoed%100 {
					t.Fatalf("echo of %d, want %d", msg.Data[0], echoed%100)
				}
				echoed++
			default:
				if j := int(msg.Data[1]) | int(msg.Data[2])<<8; j != next[msg.Data[0]] {
					t.Fatalf("message %d of writer %d, want %d", j, msg.Data[0], next[msg.Data[0]])
				}
				next[msg.Data[0]]++
			}
		}
		writers.Wait()
		if err := errors.Join(<-sent, c.Close(StatusNormalClosure, "")); err != nil {
			t.Error(err)
		}
		wantClosed(t, <-looped, StatusNormalClosure, false)
	})
}

// TestSocketsCloseNowKeepsAccepted protects that CloseNow loses nothing of what a write had accepted, whatever the transport and
// the context, also when there is input that nobody has read; and that the stream then ends.
func TestSocketsCloseNowKeepsAccepted(t *testing.T) {
	cancellable, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, ctx := range map[string]context.Context{"background": context.Background(), "cancellable": cancellable} {
		for _, unread := range []bool{false, true} {
			t.Run(fmt.Sprint(name, "/unread=", unread), func(t *testing.T) {
				onSockets(t, func(t *testing.T, cn, sn net.Conn) {
					// A stream that ends only when it is closed cannot wait for what comes: see CloseNow.
					_, ends := cn.(interface{ CloseWrite() error })
					unread := unread && ends
					c, p := connOver(t, cn, true, nil), peerOver(t, sn, false)
					if unread {
						p.write(bytes.Repeat(p.message("unread"), 100))
					}
					const messages = 40
					for i := range messages {
						if err := c.Write(ctx, OpText, []byte(fmt.Sprint("accepted ", i))); err != nil {
							t.Fatal(err)
						}
					}
					c.CloseNow()
					for i := range messages {
						p.expect(OpText, fmt.Sprint("accepted ", i))
					}
					p.expectEnd()
				})
			})
		}
	}
}
