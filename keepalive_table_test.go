package websocket

// This file tests the keepalive in every form of reading, with every kind of peer, over every kind of transport that can
// live in a bubble, with exact times.

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// pollingPipe is a transport that polls, over a pipe in memory: what a socket is, in a bubble.
type pollingPipe struct {
	netTransport
	come []byte // has come, and the reader has been told
	err  error
}

func (t *pollingPipe) run(r reader, holds bool) error {
	if holds {
		defer r.leave()
	}
	for !r.readable() {
		b := make([]byte, 1<<10)
		n, err := t.nc.Read(b)
		if isTimeout(err) {
			return err
		}
		t.come, t.err = b[:n], err
	}
	return nil
}

func (t *pollingPipe) polls() bool  { return true }
func (t *pollingPipe) room() []byte { return nil }

func (t *pollingPipe) recv(p []byte, asks bool) (int, bool, error) {
	n := copy(p, t.come)
	t.come = t.come[n:]
	switch {
	case n > 0:
		return n, asks && len(t.come) == 0, nil
	case t.err != nil:
		return 0, false, t.err
	}
	return 0, false, errWouldBlock
}

func (t *pollingPipe) trySend(p []byte, _ bool) (int, error) { return t.nc.Write(p) }

// deadlineless is a net.Conn whose deadlines cannot be set, as that of some tunnels.
type deadlineless struct{ net.Conn }

var errUnsupported = errors.New("deadlines are not supported")

func (deadlineless) SetDeadline(time.Time) error      { return errUnsupported }
func (deadlineless) SetReadDeadline(time.Time) error  { return errUnsupported }
func (deadlineless) SetWriteDeadline(time.Time) error { return errUnsupported }

// bubbleNetworks return a Conn of a role and the other end of its network, all of which can be in a bubble.
var bubbleNetworks = map[string]func(t *testing.T, client bool, o *Options) (*Conn, net.Conn){
	"pipe": func(t *testing.T, client bool, o *Options) (*Conn, net.Conn) {
		a, b := netpipe.New(pipeSize)
		return connOver(t, a, client, o), b
	},
	"socket": func(t *testing.T, client bool, o *Options) (*Conn, net.Conn) {
		a, b := netpipe.New(pipeSize)
		c := connOver(t, a, client, o)
		c.t = &pollingPipe{netTransport: netTransport{nc: a}}
		return c, b
	},
	"TLS": func(t *testing.T, client bool, o *Options) (*Conn, net.Conn) {
		a, b := netpipe.New(pipeSize)
		ta := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{certificate()}, Time: certificateTime})
		tb := tls.Client(b, &tls.Config{InsecureSkipVerify: true})
		done := inGoroutine(ta.Handshake)
		if err := errors.Join(tb.Handshake(), <-done); err != nil {
			t.Fatal(err)
		}
		return connOver(t, ta, client, o), tb
	},
	"without deadlines": func(t *testing.T, client bool, o *Options) (*Conn, net.Conn) {
		a, b := netpipe.New(pipeSize)
		return connOver(t, deadlineless{a}, client, o), b
	},
}

func certificateTime() time.Time { return time.Now() }

// untilEnd are forms of reading, until there is the error that ended the connection.
var untilEnd = map[string]func(c *Conn) error{
	"Read": func(c *Conn) error {
		for {
			if _, err := c.Read(context.Background()); err != nil {
				return err
			}
		}
	},
	"AppendRead": func(c *Conn) error {
		for {
			if _, err := c.AppendRead(context.Background(), nil); err != nil {
				return err
			}
		}
	},
	"Messages": func(c *Conn) (end error) {
		for _, err := range c.Messages(context.Background()) {
			end = err
		}
		return end
	},
	"MessagesInPlace": func(c *Conn) (end error) {
		for _, err := range c.MessagesInPlace(context.Background()) {
			end = err
		}
		return end
	},
	"Reader": func(c *Conn) error {
		for {
			_, r, err := c.Reader(context.Background())
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			if err != nil {
				return err
			}
		}
	},
	"CloseRead": func(c *Conn) error {
		ctx := c.Context()
		c.CloseRead(context.Background())
		<-ctx.Done()
		return context.Cause(ctx)
	},
	"Stream": func(c *Conn) error {
		_, err := io.Copy(io.Discard, Stream(c, OpText))
		return err
	},
	"cancelled reads": func(c *Conn) error {
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 250*time.Millisecond)
			_, err := c.Read(ctx)
			cancel()
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				return err
			}
			var closed *CloseError
			if errors.As(err, &closed) {
				return err
			}
		}
	},
}

// alivePeers are kinds of peer: what they do with a ping, and what they send by themselves. The seconds are those at which
// pings come to them in 100, given an interval of 10 and a timeout of 20.
var alivePeers = map[string]struct {
	pongs   bool
	trickle bool // sends the bytes of one message, one in 7 seconds
	dead    int  // the second at which it is given up, or 0
	pings   []int
}{
	"dead":            {dead: 30, pings: []int{10}},
	"pongs":           {pongs: true, pings: []int{10, 20, 30, 40, 50, 60, 70, 80, 90}},
	"trickles":        {trickle: true},
	"trickles, pongs": {trickle: true, pongs: true},
}

// TestKeepaliveTable protects the times of the keepalive, everywhere.
func TestKeepaliveTable_5_5_2(t *testing.T) {
	for network, dial := range bubbleNetworks {
		for form, read := range untilEnd {
			if network == "without deadlines" && form == "cancelled reads" {
				continue // a context that ends a read ends the connection there
			}
			for name, kind := range alivePeers {
				t.Run(fmt.Sprint(network, "/", form, "/", name), func(t *testing.T) {
					inBubble(t, func(t *testing.T, client bool) {
						c, nc := dial(t, client, &Options{PingInterval: 10 * time.Second, PongTimeout: 20 * time.Second})
						p := peerOver(t, nc, !client)
						start := time.Now()
						var pings []int
						stop := make(chan struct{})
						defer close(stop)
						go func() {
							for {
								h, payload, err := p.next()
								if err != nil {
									return
								}
								if h.Opcode != OpPing {
									continue
								}
								pings = append(pings, int(time.Since(start)/time.Second))
								if kind.pongs {
									nc.Write(p.frame(true, OpPong, string(payload)))
								}
							}
						}()
						if kind.trickle {
							go func() {
								for _, b := range p.message("a message of 20 bytes") {
									select {
									case <-time.After(7 * time.Second):
									case <-stop:
										return
									}
									if _, err := nc.Write([]byte{b}); err != nil {
										return
									}
								}
							}()
						}
						ended := inGoroutine(func() error { return read(c) })
						var err error
						select {
						case err = <-ended:
							if d := time.Since(start); kind.dead == 0 || d != time.Duration(kind.dead)*time.Second {
								t.Errorf("ended after %v: %v", d, err)
							} else if !errors.Is(err, os.ErrDeadlineExceeded) {
								t.Error(err)
							}
						case <-time.After(95 * time.Second):
							if kind.dead > 0 {
								t.Error("a dead peer was not found")
							}
						}
						synctest.Wait()
						if fmt.Sprint(pings) != fmt.Sprint(kind.pings) {
							t.Errorf("pings at %v, want %v", pings, kind.pings)
						}
						c.CloseNow()
						nc.Close()
					})
				})
			}
		}
	}
}

// TestKeepaliveSlowPeer protects a peer that takes one large message slowly, and answers pings when it gets to them: that it
// goes on taking bytes is a sign of life, and the pong timeout begins when the ping leaves.
func TestKeepaliveSlowPeer(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, network := range []string{"pipe", "wide pipe"} {
			size := 64 << 10
			if network == "wide pipe" {
				size = pipeSize
			}
			c, p := narrow(t, size, client, &Options{PingInterval: time.Second, PongTimeout: 3 * time.Second})
			c.CloseRead(context.Background())
			wrote := inGoroutine(func() error { return c.Write(context.Background(), OpBinary, make([]byte, 16<<20)) })
			chunk := make([]byte, 64<<10) // in 62 ms: a mebibyte in a second
			for left := 16 << 20; left > 0; left -= len(chunk) {
				time.Sleep(time.Second / 16)
				if _, err := io.ReadFull(p.br, chunk); err != nil {
					t.Fatalf("%s: with %d bytes to come: %v", network, left, err)
				}
			}
			if err := <-wrote; err != nil {
				t.Errorf("%s: %v", network, err)
			}
			c.CloseNow()
		}
	})
}
