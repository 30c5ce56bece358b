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
	"slices"
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

// loopUntilEnd is the form of a loop.
func loopUntilEnd(messages loopKind) func(c *Conn) error {
	return func(c *Conn) (end error) {
		for _, end = range messages(c, context.Background()) {
		}
		return end
	}
}

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
	"Messages":        loopUntilEnd((*Conn).Messages),
	"MessagesInPlace": loopUntilEnd((*Conn).MessagesInPlace),
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
	"cancelled reads": cancelledReads(250 * time.Millisecond),
}

// cancelledReads is the form of reads that end after a while, one after the other.
func cancelledReads(after time.Duration) func(c *Conn) error {
	return func(c *Conn) error {
		for {
			ctx, cancel := context.WithTimeout(context.Background(), after)
			_, err := c.Read(ctx)
			cancel()
			var closed *CloseError
			if err != nil && !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &closed) {
				return err
			}
		}
	}
}

// alivePeers are kinds of peer: what they do with a ping, and what they send by themselves. The seconds are those at which
// pings come to them in 100, given an interval of 10 and a timeout of 20.
var alivePeers = map[string]struct {
	pongs bool
	sends func(p *peer) [][]byte // one in 7 seconds; nil for nothing
	dead  int                    // the second at which it is given up, or 0
	pings []int
}{
	"dead":            {dead: 30, pings: []int{10}},
	"pongs":           {pongs: true, pings: []int{10, 20, 30, 40, 50, 60, 70, 80, 90}},
	"messages":        {sends: sendsMessages},
	"messages, pongs": {sends: sendsMessages, pongs: true},
	"trickles":        {sends: trickles},
	"trickles, pongs": {sends: trickles, pongs: true},
}

func sendsMessages(p *peer) [][]byte { return slices.Repeat([][]byte{p.message("a message")}, 20) }

func trickles(p *peer) (parts [][]byte) {
	for b := range slices.Chunk(p.message("a message of 20 bytes"), 1) {
		parts = append(parts, b)
	}
	return parts
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
						if kind.sends != nil {
							go func() {
								for _, b := range kind.sends(p) {
									select {
									case <-time.After(7 * time.Second):
									case <-stop:
										return
									}
									if _, err := nc.Write(b); err != nil {
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

// TestKeepaliveHeldPing protects a peer that nobody has asked yet: a ping that has to wait, for the end of a compressed message or
// for room in the buffer, leaves when it can, and the pong timeout begins then, also when nothing else is written any more.
func TestKeepaliveHeldPing(t *testing.T) {
	const ms = time.Millisecond
	compressed := func(t *testing.T, client bool, o Options) (*Conn, *peer, func()) {
		c, p := deflatePeer(t, pipeSize, client, paramsOf(15, true), o)
		return c, p, func() {
			w, err := c.Writer(context.Background(), OpText)
			if err == nil {
				_, err = w.Write(make([]byte, 2*fragmentSize)) // and is left open
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	full := func(t *testing.T, client bool, o Options) (*Conn, *peer, func()) {
		o.WriteBuffer = 1 << 10
		c, p := narrow(t, 100, client, &o)
		return c, p, func() {
			ctx, cancel := context.WithTimeout(context.Background(), 200*ms)
			defer cancel()
			for c.Write(ctx, OpBinary, make([]byte, 100)) == nil {
			}
		}
	}
	for name, row := range map[string]struct {
		make    func(*testing.T, bool, Options) (*Conn, *peer, func())
		answers bool
		takes   time.Duration // from when on the peer takes anything; the ping is due after a second
		dies    time.Duration // 0: never
	}{
		"compressed, alive":       {compressed, true, 0, 0},
		"compressed, dead":        {compressed, false, 0, 900*ms + holdControls + 2000*ms},
		"full, alive":             {full, true, 1100 * ms, 0},
		"full, dead":              {full, false, 1100 * ms, 3100 * ms},
		"full, alive but late":    {full, true, 2900 * ms, 0},
		"full, and takes nothing": {full, false, time.Hour, 3000 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, client bool) {
				c, p, write := row.make(t, client, Options{PingInterval: time.Second, PongTimeout: 2 * time.Second})
				start := time.Now()
				c.CloseRead(context.Background())
				time.AfterFunc(900*ms, write)
				time.AfterFunc(row.takes, func() {
					for {
						h, payload, err := p.next()
						if err != nil {
							return
						}
						if h.Opcode == OpPing && row.answers {
							p.send(OpPong, string(payload))
						}
					}
				})
				select {
				case <-c.Context().Done():
					err := context.Cause(c.Context())
					if d := time.Since(start); d != row.dies || !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("dead after %v, want %v: %v", d, row.dies, err)
					}
				case <-time.After(time.Minute):
					if row.dies > 0 {
						t.Error("a dead peer was not found")
					}
				}
				c.CloseNow()
				p.nc.Close()
				time.Sleep(2 * time.Hour) // until whoever takes has seen it
			})
		})
	}
}
