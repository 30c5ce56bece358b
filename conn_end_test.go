package websocket

// This file tests the table of doc.go that says how connections end: every row is a situation that is brought about here.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// endRow is what the table says of a situation.
type endRow struct {
	code               StatusCode
	local, eof, closed bool
	reconnect          string
}

// endTable returns the table of doc.go, by situation.
func endTable(t *testing.T) map[string]endRow {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^//\t(\S.*?) +(\d{4}) +(yes|no) +(yes|no) +(yes|no) +(yes|no|by code)$`)
	table := make(map[string]endRow)
	for _, m := range line.FindAllStringSubmatch(string(doc), -1) {
		code, _ := strconv.Atoi(m[2])
		table[m[1]] = endRow{StatusCode(code), m[3] == "yes", m[4] == "yes", m[5] == "yes", m[6]}
	}
	return table
}

// worthReconnecting is the rule that doc.go gives for the last column.
func worthReconnecting(err error) string {
	switch code := CloseStatus(err); {
	case errors.Is(err, net.ErrClosed):
		return "no"
	case code == 1001 || code == 1006 || code >= 1011 && code <= 1014:
		return "yes"
	case code >= 3000:
		return "by code"
	}
	return "no"
}

// peerCloses returns a situation in which the peer sends a close frame with this payload.
func peerCloses(payload string) func(*testing.T, bool) (*Conn, error) {
	return peerSends(nil, func(p *peer) []byte { return p.frame(true, OpClose, payload) })
}

// peerSends returns a situation in which the peer sends something that ends the connection.
func peerSends(o *Options, what func(*peer) []byte) func(*testing.T, bool) (*Conn, error) {
	return func(t *testing.T, client bool) (*Conn, error) {
		c, p := newPeer(t, client, o)
		p.write(what(p))
		return c, second(c.Read(t.Context()))
	}
}

// endSituations bring about what the table's rows are named after, and return the connection and the first error that
// tells of the end.
var endSituations = map[string]func(t *testing.T, client bool) (*Conn, error){
	`Close(1000, "")`: func(t *testing.T, client bool) (*Conn, error) {
		c, p := newPeer(t, client, nil)
		closed := inGoroutine(func() error { return c.Close(StatusNormalClosure, "") })
		p.close(StatusNormalClosure, "")
		if err := <-closed; err != nil {
			t.Error("Close:", err)
		}
		return c, second(c.Read(t.Context()))
	},
	`Close(1000, ""), and the peer does not answer`: func(t *testing.T, client bool) (*Conn, error) {
		c, _ := newPeer(t, client, nil)
		return c, c.Close(StatusNormalClosure, "")
	},
	`CloseNow()`: func(t *testing.T, client bool) (*Conn, error) {
		c, _ := newPeer(t, client, nil)
		c.CloseNow()
		return c, second(c.Read(t.Context()))
	},
	`Shutdown`: func(t *testing.T, client bool) (*Conn, error) {
		c, p := newPeer(t, client, nil)
		var up Upgrader
		up.conns.add(c)
		done := inGoroutine(func() error { return up.Shutdown(t.Context()) })
		p.close(StatusGoingAway, "")
		if err := <-done; err != nil {
			t.Error("Shutdown:", err)
		}
		return c, second(c.Read(t.Context()))
	},
	`Shutdown, cut by its context`: func(t *testing.T, client bool) (*Conn, error) {
		c, _ := newPeer(t, client, nil)
		var up Upgrader
		up.conns.add(c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		up.Shutdown(ctx)
		return c, second(c.Read(t.Context()))
	},
	`the net.Conn was closed under it`: func(t *testing.T, client bool) (*Conn, error) {
		nc, _ := netpipe.New(pipeSize)
		c := connOver(t, nc, client, nil)
		read := inGoroutine(func() error { return second(c.Read(t.Context())) })
		synctest.Wait()
		nc.Close()
		return c, <-read
	},
	`peer closes with 1000 (normal closure)`:     peerCloses(closePayload(1000, "bye")),
	`peer closes with 1001 (going away)`:         peerCloses(closePayload(1001, "")),
	`peer closes without a code: close()`:        peerCloses(""),
	`peer closes with 1002 (protocol error)`:     peerCloses(closePayload(1002, "")),
	`peer closes with 1008 (policy violation)`:   peerCloses(closePayload(1008, "")),
	`peer closes with 1009 (message too big)`:    peerCloses(closePayload(1009, "")),
	`peer closes with 1011 (internal error)`:     peerCloses(closePayload(1011, "")),
	`peer closes with 1012 (service restart)`:    peerCloses(closePayload(1012, "")),
	`peer closes with a code of the application`: peerCloses(closePayload(4000, "token expired")),
	`peer's stream ends without a close frame`: func(t *testing.T, client bool) (*Conn, error) {
		c, p := newPeer(t, client, nil)
		p.nc.Close()
		return c, second(c.Read(t.Context()))
	},
	`the connection is reset`: func(t *testing.T, client bool) (*Conn, error) {
		a, b := tcpPair(t)
		c := connOver(t, a, client, nil)
		b.(*net.TCPConn).SetLinger(0)
		b.Close()
		return c, second(c.Read(t.Context()))
	},
	`a write fails`: func(t *testing.T, client bool) (*Conn, error) {
		c, p := newPeer(t, client, nil)
		p.nc.Close()
		c.Write(context.Background(), OpBinary, nil)
		return c, second(c.Read(t.Context()))
	},
	`peer breaks the protocol`: peerSends(nil, func(p *peer) []byte { return []byte{0x83} }),
	`peer's text is not UTF-8`: peerSends(nil, func(p *peer) []byte { return p.message("\xff") }),
	`peer's message is over the read limit`: peerSends(&Options{ReadLimit: 4}, func(p *peer) []byte {
		return p.message("Hello")
	}),
	`peer sends a flood of empty fragments`: peerSends(nil, func(p *peer) []byte {
		return append(p.frame(false, OpText, ""), bytes.Repeat(p.frame(false, OpContinuation, ""), maxEmptyFragments)...)
	}),
	`a Stream gets a message of the other kind`: func(t *testing.T, client bool) (*Conn, error) {
		c, p := newPeer(t, client, nil)
		p.send(OpText, "text")
		return c, second(Stream(c, OpBinary).Read(make([]byte, 1)))
	},
	`write timeout`: func(t *testing.T, client bool) (*Conn, error) {
		c, _ := narrow(t, 100, client, nil)
		return c, c.Write(context.Background(), OpBinary, make([]byte, 1000))
	},
	`pong timeout`: func(t *testing.T, client bool) (*Conn, error) {
		c, _ := newPeer(t, client, &Options{PingInterval: time.Minute})
		return c, second(c.Read(t.Context()))
	},
	`a context cuts a large Write in the middle`: func(t *testing.T, client bool) (*Conn, error) {
		c, _ := narrow(t, 1000, client, nil)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		return c, c.Write(ctx, OpBinary, make([]byte, 1<<20))
	},
	`a Writer's message cannot be finished`: func(t *testing.T, client bool) (*Conn, error) {
		c, _ := newPeer(t, client, nil)
		ctx, cancel := context.WithCancel(t.Context())
		w, err := c.Writer(ctx, OpBinary)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(make([]byte, 2*fragmentSize))
		cancel()
		return c, w.Close()
	},
	`the body of a Messages loop panics`: func(t *testing.T, client bool) (*Conn, error) {
		c, p := newPeer(t, client, nil)
		p.send(OpText, "fatal")
		func() {
			defer func() { recover() }()
			for range c.MessagesInPlace(t.Context()) {
				panic("body")
			}
		}()
		return c, second(c.Read(t.Context()))
	},
	`peer updates keys of TLS, takes no answers`: func(t *testing.T, client bool) (*Conn, error) {
		nc, _ := netpipe.New(pipeSize)
		c := connOver(t, flooded{nc}, client, nil)
		return c, second(c.Read(t.Context()))
	},
	`a context ends a read that has no deadline`: func(t *testing.T, client bool) (*Conn, error) {
		nc, far := netpipe.New(pipeSize)
		c := connOver(t, undated{nc}, client, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() {
			<-c.Context().Done()
			far.Close()
		}()
		c.Read(ctx)
		return c, second(c.Read(t.Context()))
	},
}

// flooded is a transport whose TLS has had to answer too much.
type flooded struct{ net.Conn }

func (flooded) Read([]byte) (int, error) { return 0, transport.ErrFlooded }

// undated is a transport without deadlines for reading.
type undated struct{ net.Conn }

func (undated) SetReadDeadline(time.Time) error { return errors.ErrUnsupported }

// TestEnds is the table of doc.go: every situation in it, and none besides, ends a connection as it says, for both roles,
// with one *CloseError for every call.
func TestEnds(t *testing.T) {
	table := endTable(t)
	for name := range endSituations {
		if _, ok := table[name]; !ok {
			t.Errorf("%s is not in the table", name)
		}
	}
	for name, want := range table {
		drive := endSituations[name]
		if drive == nil {
			t.Errorf("%s has no test", name)
			continue
		}
		for _, client := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/client=%v", name, client), func(t *testing.T) {
				if name == "the connection is reset" { // on a socket
					want.check(t, client, drive)
					return
				}
				synctest.Test(t, func(t *testing.T) { want.check(t, client, drive) })
			})
		}
	}
}

// check brings the situation about and compares.
func (want endRow) check(t *testing.T, client bool, drive func(*testing.T, bool) (*Conn, error)) {
	c, first := drive(t, client)
	later := c.cause()
	for call, err := range map[string]error{"the first error": first, "a later error": later} {
		var closed *CloseError
		if !errors.As(err, &closed) {
			t.Fatalf("%s is %v", call, err)
		}
		got := endRow{CloseStatus(err), closed.Local, errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), worthReconnecting(err)}
		if got != want {
			t.Errorf("%s is %v: %+v, want %+v", call, err, got, want)
		}
		text, ok := strings.CutPrefix(err.Error(), "websocket: ")
		for part := range strings.SplitSeq(text, ": ") {
			if !ok || strings.Count(text, part) > 1 {
				t.Errorf("%s has no prefix, or says %q more than once: %v", call, part, err)
			}
		}
	}
	for call, err := range map[string]error{
		"Read": second(c.Read(t.Context())), "Write": c.Write(t.Context(), OpText, nil), "Ping": second(c.Ping(t.Context())),
		"Close": c.Close(StatusNormalClosure, ""), "CloseNow": c.CloseNow(), "Context": context.Cause(c.Context()),
	} {
		if err != later {
			t.Errorf("%s returns %v, want %v", call, err, later)
		}
	}
}
