//go:build unix && (amd64 || arm64)

package transport

// This file is the canary for what TLS relies on of crypto/tls, which does not promise all of it: each fact by itself, over a net.Conn
// that does what tlsSocket does and nothing else.

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"
)

// script is a net.Conn that, once it is on, gives what it is told to, and notes what crypto/tls does with it.
type script struct {
	net.Conn
	on      bool
	give    []byte
	end     error // behind give; errNothingCame if nil
	refused int   // reads that found nothing
	wrote   []byte
	writes  int
	until   []time.Time // write deadlines
	closed  bool
}

func (s *script) Read(p []byte) (int, error) {
	switch {
	case !s.on:
		return s.Conn.Read(p)
	case len(s.give) > 0:
		n := copy(p, s.give)
		s.give = s.give[n:]
		return n, nil
	case s.end != nil:
		return 0, s.end
	}
	s.refused++
	return 0, errNothingCame
}

func (s *script) Write(p []byte) (int, error) {
	if !s.on {
		return s.Conn.Write(p)
	}
	s.writes++
	s.wrote = append(s.wrote, p...)
	return len(p), nil
}

func (s *script) Close() error {
	s.closed = true
	return s.Conn.Close()
}

func (s *script) SetWriteDeadline(at time.Time) error {
	s.until = append(s.until, at)
	return nil
}

// onScript runs f in both roles, with a TLS whose handshake is done.
func onScript(t *testing.T, f func(t *testing.T, client bool, tc *tls.Conn, s *script, p *tlsPeer)) {
	onRoles(t, func(t *testing.T, client bool) {
		var s *script
		tc, p, _ := dialPeer(t, "unix", client, func(nc net.Conn) net.Conn {
			s = &script{Conn: nc}
			return s
		}, -1)
		s.on = true
		f(t, client, tc, s, p)
	})
}

// TestCryptoTLSForgets: a read whose error is Temporary leaves no trace, wherever in a record, or in a message of the handshake, that
// is, and its error comes back as it is, with no bytes.
func TestCryptoTLSForgets(t *testing.T) {
	onScript(t, func(t *testing.T, client bool, tc *tls.Conn, s *script, p *tlsPeer) {
		rs, text := conversation(client)
		got, b := "", make([]byte, 100)
		for _, octet := range p.out.sealAll(rs...) {
			s.give = []byte{octet}
			for n, err := tc.Read(b); err != errNothingCame || n > 0; n, err = tc.Read(b) {
				if got += string(b[:n]); err != nil {
					t.Fatalf("%d bytes, %v", n, err)
				}
			}
		}
		if got != text {
			t.Errorf("%q, want %q", got, text)
		}
	})
}

// TestCryptoTLSAsksForNoMore: what is given ends with a record, and a read that has got the data of that does not ask for more; nor
// does one that gets the rest of it.
func TestCryptoTLSAsksForNoMore(t *testing.T) {
	onScript(t, func(t *testing.T, client bool, tc *tls.Conn, s *script, p *tlsPeer) {
		for _, room := range []int{4, 3, 100} {
			s.give = p.out.sealAll(data("data"))
			got := ""
			for b := make([]byte, room); len(got) < 4; {
				n, err := tc.Read(b)
				if got += string(b[:n]); err != nil {
					t.Fatal(err)
				}
			}
			if s.refused > 0 || got != "data" {
				t.Errorf("room for %d: it got %q, and asked for more %d times", room, got, s.refused)
			}
		}
	})
}

// TestCryptoTLSKeeps: every other error stays, and tells an end in a record from one between two.
func TestCryptoTLSKeeps(t *testing.T) {
	for cut, want := range map[int]error{0: io.EOF, 3: io.ErrUnexpectedEOF, 20: io.ErrUnexpectedEOF} {
		onScript(t, func(t *testing.T, client bool, tc *tls.Conn, s *script, p *tlsPeer) {
			s.give, s.end = p.out.sealAll(data("data"))[:cut], io.EOF
			for range 2 {
				if _, err := tc.Read(make([]byte, 100)); err != want {
					t.Errorf("cut at %d: %v", cut, err)
				}
			}
		})
	}
}

// TestCryptoTLSAnswers: an update of keys is answered inside of Read, by one Write. (That must not fail: the keys of reading would stay
// the old ones.)
func TestCryptoTLSAnswers(t *testing.T) {
	onScript(t, func(t *testing.T, client bool, tc *tls.Conn, s *script, p *tlsPeer) {
		s.give = p.out.sealAll(record{handshakeRecord, updateBoth}, data("behind"))
		b := make([]byte, 100)
		if n, err := tc.Read(b); string(b[:n]) != "behind" || err != nil {
			t.Errorf("%q, %v", b[:n], err)
		}
		if rs := p.in.open(s.wrote); len(rs) != 1 || !bytes.Equal(rs[0].p, updateKeys) || s.writes != 1 {
			t.Errorf("it answered %v in %d writes", rs, s.writes)
		}
	})
}

// TestCryptoTLSCloses: CloseWrite sets two deadlines of writes, the last of which has passed, and reading goes on. Close sends a
// close_notify, unless CloseWrite has, and closes what is below.
func TestCryptoTLSCloses(t *testing.T) {
	for _, half := range []bool{true, false} {
		onScript(t, func(t *testing.T, client bool, tc *tls.Conn, s *script, p *tlsPeer) {
			if half {
				if err := tc.CloseWrite(); err != nil {
					t.Error(err)
				}
				if len(s.until) != 2 || !s.until[0].After(time.Now()) || s.until[1].After(time.Now()) {
					t.Errorf("deadlines: %v", s.until)
				}
				s.give = p.out.sealAll(data("still"))
				b := make([]byte, 100)
				if n, err := tc.Read(b); string(b[:n]) != "still" || err != nil {
					t.Errorf("%q, %v", b[:n], err)
				}
			}
			if err := tc.Close(); err != nil || !s.closed {
				t.Errorf("%v, closed: %v", err, s.closed)
			}
			if rs := p.in.open(s.wrote); len(rs) != 1 || !bytes.Equal(rs[0].p, closeNotify) {
				t.Errorf("it said %v", rs)
			}
		})
	}
}
