package badnet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/errno"
	"github.com/seed-d69ae1b7/websocket/internal/leak"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

func TestMain(m *testing.M) { leak.Main(m, nil) }

// between returns the two ends of a bad network in memory, which ends with the test.
func between(t *testing.T, toServer, toClient Way) (client, server net.Conn) {
	client, left := netpipe.New(1 << 20)
	right, server := netpipe.New(1 << 20)
	r := New(left, right, toServer, toClient)
	t.Cleanup(func() { client.Close(); server.Close(); r.Close() })
	return client, server
}

// reads returns what single reads of nc get until its end, with the time that each comes at.
func reads(nc net.Conn) (pieces []string, at []time.Duration, err error) {
	began, buf := time.Now(), make([]byte, 1<<10)
	for {
		n, err := nc.Read(buf)
		if n > 0 {
			pieces, at = append(pieces, string(buf[:n])), append(at, time.Since(began))
		}
		if err != nil {
			return pieces, at, err
		}
		synctest.Wait()
	}
}

// TestWays protects that a network does to bytes what it was told to, and nothing else: what passes, in which pieces, when, and
// how it ends.
func TestWays(t *testing.T) {
	for _, test := range []struct {
		name   string
		way    Way
		writes []string // a second apart
		want   string   // what passes, in all
		at     []time.Duration
	}{
		{"as they come", Way{}, []string{"abc", "def"}, "abcdef", []time.Duration{0, time.Second}},
		{"delayed", Way{Delay: 50 * time.Millisecond}, []string{"abc", "def"}, "abcdef",
			[]time.Duration{50 * time.Millisecond, 1050 * time.Millisecond}},
		{"gathered", Way{Gather: 1500 * time.Millisecond}, []string{"abc", "def"}, "abcdef", []time.Duration{time.Second}},
		{"ended in order", Way{Fault: HalfClose, After: 4}, []string{"abc", "def"}, "abcd", []time.Duration{0, time.Second}},
		{"truncated", Way{Fault: Truncate, After: 2}, []string{"abc"}, "ab", []time.Duration{0}},
		{"reset", Way{Fault: Reset, After: 3}, []string{"abc", "def"}, "abc", []time.Duration{0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := between(t, test.way, Way{})
				var writer sync.WaitGroup
				defer writer.Wait()
				writer.Go(func() {
					for i, w := range test.writes {
						if i > 0 {
							time.Sleep(time.Second)
						}
						client.Write([]byte(w))
					}
					client.(*netpipe.Conn).CloseWrite()
				})
				pieces, at, err := reads(server)
				got := bytes.Join(toBytes(pieces), nil)
				if string(got) != test.want || len(at) != len(test.at) || err != io.EOF {
					t.Fatalf("%q came at %v, %v; want %q at %v", pieces, at, err, test.want, test.at)
				}
				for i := range at {
					if at[i] != test.at[i] {
						t.Errorf("%q came at %v, want %v", pieces[i], at[i], test.at[i])
					}
				}
			})
		})
	}
}

func toBytes(pieces []string) (all [][]byte) {
	for _, p := range pieces {
		all = append(all, []byte(p))
	}
	return all
}

// TestPieces protects that writes are cut where they are to be.
func TestPieces(t *testing.T) {
	for _, test := range []struct {
		way    Way
		passed int64
		n      int
		want   int
	}{
		{Way{}, 0, 10, 10},
		{Way{Pieces: 3}, 0, 10, 3},
		{Way{Pieces: 3}, 8, 2, 2},
		{Way{Cut: 4}, 0, 10, 4},
		{Way{Cut: 4}, 3, 10, 1},
		{Way{Cut: 4}, 4, 10, 10},
		{Way{Fault: Stall, After: 5}, 0, 10, 5},
		{Way{Fault: Stall, After: 5}, 5, 10, 0},
	} {
		if got := test.way.next(test.passed, test.n); got != test.want {
			t.Errorf("%+v: %d of %d bytes behind %d, want %d", test.way, got, test.n, test.passed, test.want)
		}
	}
}

// TestStall protects that a stall holds one way and not the other.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := between(t, Way{Fault: Stall, After: 2}, Way{})
		client.Write([]byte("abc"))
		server.Write([]byte("back"))
		buf := make([]byte, 8)
		if n, err := client.Read(buf); string(buf[:n]) != "back" || err != nil {
			t.Errorf("%q came back, %v", buf[:n], err)
		}
		server.SetReadDeadline(time.Now().Add(time.Hour))
		if n, err := io.ReadFull(server, buf); n != 2 || err == nil || err == io.EOF {
			t.Errorf("%d bytes passed, %v; want 2 and silence", n, err)
		}
	})
}

// TestReset protects that sockets are really reset.
func TestReset(t *testing.T) {
	a, left := sockets(t)
	right, b := sockets(t)
	r := New(left, right, Way{Fault: Reset, After: 1}, Way{})
	defer r.Close()
	a.Write([]byte("ab"))
	for _, nc := range []net.Conn{a, b} {
		if _, err := io.Copy(io.Discard, nc); !errors.Is(err, errno.ConnReset) {
			t.Errorf("the end is %v, want a reset", err)
		}
		nc.Close()
	}
}

// sockets returns the two ends of a TCP connection.
func sockets(t *testing.T) (a, b net.Conn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		nc, _ := ln.Accept()
		accepted <- nc
	}()
	if a, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	b = <-accepted
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}
