//go:build linux

package load

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// serve accepts connections and gives each to echo.
func serve(t *testing.T, echo func(net.Conn)) *net.TCPAddr {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				echo(nc)
			}()
		}
	}()
	return ln.Addr().(*net.TCPAddr)
}

// Every message that is sent must come back and be counted, also where bursts are larger than socket buffers.
func TestRunCountsEchoes(t *testing.T) {
	addr := serve(t, func(nc net.Conn) { io.Copy(nc, nc) })
	for _, s := range []wire.Shape{{Conns: 3, InFlight: 1, Size: 125}, {Conns: 2, InFlight: 16, Size: 1 << 20}} {
		l, err := Open(Args{Addr: addr.AddrPort(), Shape: s, Raw: true}, wire.NewTraffic(s))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			r, err := l.Run(Period{Bursts: 2})
			if want := 2 * s.Conns * s.InFlight; err != nil || r.Messages != want || r.Bytes < want*s.Size || r.P50 <= 0 || r.P99 < r.P50 {
				t.Errorf("%v: %+v, %v; want %d messages", s, r, err, want)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A load that is asked to pause does so before every answer.
func TestRunPauses(t *testing.T) {
	addr := serve(t, func(nc net.Conn) { io.Copy(nc, nc) })
	s := wire.Shape{Conns: 1, InFlight: 1, Size: 125}
	l, err := Open(Args{Addr: addr.AddrPort(), Shape: s, Raw: true}, wire.NewTraffic(s))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := Period{Bursts: 5, Pause: 2 * time.Millisecond}
	if r, err := l.Run(p); err != nil || r.Messages != 5 || r.Elapsed < 5*p.Pause {
		t.Errorf("%+v, %v; want 5 messages in no less than %v", r, err, 5*p.Pause)
	}
}

// A server that changes one byte, says one thing twice or hangs up must not get a result.
func TestRunFindsWrongEchoes(t *testing.T) {
	for name, echo := range map[string]func(net.Conn){
		"corrupted": func(nc net.Conn) {
			b := make([]byte, 64<<10)
			for seen := 0; ; {
				n, err := nc.Read(b)
				if err != nil {
					return
				}
				if seen += n; seen > 1000 {
					b[n-1] ^= 1
				}
				nc.Write(b[:n])
			}
		},
		"twice": func(nc net.Conn) {
			b := make([]byte, 64<<10)
			n, _ := nc.Read(b)
			nc.Write(bytes.Repeat(b[:n], 2))
			io.Copy(io.Discard, nc)
		},
		"closed": func(nc net.Conn) { nc.Read(make([]byte, 10)) },
	} {
		addr := serve(t, echo)
		s := wire.Shape{Conns: 2, InFlight: 4, Size: 125}
		l, err := Open(Args{Addr: addr.AddrPort(), Shape: s, Raw: true}, wire.NewTraffic(s))
		if err != nil {
			t.Fatal(err)
		}
		if r, err := l.Run(Period{Bursts: 50}); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
		l.Close()
	}
}

// A server that negotiates something else than it was asked for would be compared with others that did as they were
// asked.
func TestCheckResponse(t *testing.T) {
	const (
		ok      = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nsec-websocket-accept: " + acceptKey + "\r\n"
		deflate = "Sec-Websocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
	)
	none, alone, takeover := wire.Shape{}, wire.Shape{Deflate: true}, wire.Shape{Deflate: true, Chat: true, Takeover: true}
	for _, tc := range []struct {
		response string
		shape    wire.Shape
		want     string // in the error; empty: none
	}{
		{ok + "\r\n", none, ""},
		{ok + deflate + "\r\n", alone, ""},
		{ok + "Sec-Websocket-Extensions: permessage-deflate\r\n\r\n", takeover, ""},
		{ok + deflate + "\r\n", none, "negotiated"},
		{ok + "\r\n", alone, "negotiated"},
		{ok + "\r\n", takeover, "negotiated"},
		{ok + "Sec-Websocket-Extensions: permessage-deflate\r\n\r\n", alone, "context"},
		{ok + deflate + "\r\n", takeover, "no context"},
		{ok + "\r\nx", none, "behind"},
		{strings.Replace(ok, "101", "400", 1) + "\r\n", none, "refused"},
		{strings.Replace(ok, acceptKey, "x", 1) + "\r\n", none, "refused"},
		{"nonsense\r\n\r\n", none, "response"},
	} {
		err := checkResponse([]byte(tc.response), tc.shape)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%q: %v, want %q", tc.response, err, tc.want)
		}
	}
}
