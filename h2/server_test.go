package h2

// This file tests Serve: connections over streams, how they end, and how Serve does.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// TestServe protects what a request says to the function, what the response says, and messages in frames of DATA.
func TestServe(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		u := &websocket.Upgrader{Subprotocols: []string{"chat"}}
		p := newClientPeer(t, u, func(c *websocket.Conn, r *http.Request) {
			if r.Method != "CONNECT" || r.Host != "server.example" || r.URL.Path != "/a b" || r.URL.RawQuery != "c=d" || r.ProtoMajor != 2 ||
				r.Header.Get("X-Odd") != "1" || r.RemoteAddr != "a" || r.TLS != nil || r.Context() != c.Context() || r.RequestURI != "/a%20b?c=d" ||
				r.Context().Value(http.LocalAddrContextKey).(net.Addr).String() != "b" {
				t.Errorf("%+v", r)
			}
			echo(c, r)
		})
		p.send(appendBlock(nil, 1, 0, p.encode(append(connect[:6:6], ":authority", "server.example", ":path", "/a%20b?c=d",
			"sec-websocket-version", "13", "sec-websocket-protocol", "chat", "x-odd", "1")...)))
		h := p.wantHead(0, 1)
		if len(h) != 3 || h[":status"][0] != "200" || h["sec-websocket-protocol"][0] != "chat" || len(h["date"]) != 1 {
			t.Error(h)
		}
		p.send(data(1, 0, clientText("hello")[:3]), data(1, flagPadded, "\x05"+clientText("hello")[3:]+"12345"))
		if f := p.want(frameData, 0, 1); string(f.payload) != serverText("hello") {
			t.Errorf("%q", f.payload)
		}
		// The closing handshake, and both ends of the stream.
		p.send(data(1, 0, "\x88\x82\x00\x00\x00\x00\x0f\xa0"))
		if f := p.want(frameData, 0, 1); string(f.payload) != "\x88\x02\x0f\xa0" {
			t.Errorf("%q", f.payload)
		}
		p.want(frameData, flagEndStream, 1)
		p.send(data(1, flagEndStream, ""))
		p.answered()
		synctest.Wait()
		if n := u.Len(); n != 0 {
			t.Errorf("%d connections left", n)
		}
		p.nc.Close()
		if err := <-p.served; err != nil {
			t.Error(err)
		}
	})
}

// TestServeEnds protects what follows each way in which a connection over a stream ends: what the client gets, and what the function is told.
func TestServeEnds(t *testing.T) {
	for name, test := range map[string]struct {
		f    func(*websocket.Conn) // nil: it reads
		send func(p *peer) []byte  // nil: nothing
		want func(t *testing.T, p *peer)
		code websocket.StatusCode // of the error that the function gets
		says string
	}{
		"function returns": {f: func(*websocket.Conn) {}, want: func(t *testing.T, p *peer) {
			p.want(frameData, 0, 1) // the close frame
			p.send(data(1, flagEndStream, "\x88\x82\x00\x00\x00\x00\x03\xe8"))
			p.want(frameData, flagEndStream, 1)
		}, code: 1000},
		"function panics": {f: func(*websocket.Conn) { panic("too bad") }, want: func(t *testing.T, p *peer) {
			if f := p.want(frameData, 0, 1); string(f.payload) != "\x88\x02\x03\xf3" {
				t.Errorf("%q", f.payload)
			}
			p.send(data(1, flagEndStream, "\x88\x82\x00\x00\x00\x00\x03\xf3"))
			p.want(frameData, flagEndStream, 1)
		}, code: 1011},
		"close now, and a client that goes on": {f: func(c *websocket.Conn) { c.CloseNow() }, want: func(t *testing.T, p *peer) {
			p.want(frameData, flagEndStream, 1)
			p.wantReset(1, NoError) // a second later
		}, code: 1006},
		"close now": {f: func(c *websocket.Conn) { c.CloseNow() }, want: func(t *testing.T, p *peer) {
			p.want(frameData, flagEndStream, 1)
			p.send(data(1, flagEndStream, ""))
		}, code: 1006},
		"client ends its stream": {send: func(*peer) []byte { return data(1, flagEndStream, "") }, want: func(t *testing.T, p *peer) {
			p.want(frameData, flagEndStream, 1)
		}, code: 1006, says: "EOF"},
		"client resets": {send: func(*peer) []byte { return appendReset(nil, 1, ErrorCode(0x77)) }, code: 1006, says: "peer has reset the stream with error code 119"},
		"client is malformed": {send: func(*peer) []byte { return data(1, 0, "\xff\xff") }, want: func(t *testing.T, p *peer) {
			p.want(frameData, 0, 1)
			p.want(frameData, flagEndStream, 1)
			p.wantReset(1, NoError)
		}, code: 1002},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var logged bytes.Buffer
				u := &websocket.Upgrader{ErrorLog: log.New(&logged, "", 0)}
				ended := make(chan *websocket.Conn, 1)
				p := newClientPeer(t, u, func(c *websocket.Conn, r *http.Request) {
					defer func() { ended <- c }()
					if test.f != nil {
						test.f(c)
						return
					}
					c.Read(r.Context())
				})
				p.open(1)
				if test.send != nil {
					p.send(test.send(p))
				}
				if test.want != nil {
					test.want(t, p)
				}
				p.answered()
				c := <-ended
				<-c.Context().Done()
				err := context.Cause(c.Context())
				if code := websocket.CloseStatus(err); code != test.code || !strings.Contains(err.Error(), test.says) {
					t.Errorf("the function is told %v", err)
				}
				p.nc.Close()
				if err := <-p.served; err != nil {
					t.Error(err)
				}
				if panicked := name == "function panics"; panicked != strings.Contains(logged.String(), "too bad") || !panicked && logged.Len() > 0 {
					t.Errorf("log: %s", &logged)
				}
			})
		})
	}
}

// TestServePanicsBefore protects a server from hooks that panic: the request is reset, and everything else goes on.
func TestServePanicsBefore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var logged bytes.Buffer
		u := &websocket.Upgrader{ErrorLog: log.New(&logged, "", 0), CheckOrigin: func(r *http.Request, _ bool) bool {
			if r.URL.Path == "/panic" {
				panic("too bad")
			}
			return true
		}}
		p := newClientPeer(t, u, echo)
		p.send(appendBlock(nil, 1, 0, p.encode(append(connect[:8:8], ":path", "/panic", "sec-websocket-version", "13")...)))
		p.wantReset(1, Cancel)
		p.open(3)
		p.nc.Close()
		<-p.served
		if !strings.Contains(logged.String(), "too bad") {
			t.Errorf("log: %s", &logged)
		}
	})
}

// TestServeContext protects the end by a context: no more streams are taken, those that there are go on, and Serve returns with the last.
func TestServeContext(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a, b := netpipe.New(0)
		p := newPeer(t, a)
		ctx, cancel := context.WithCancel(t.Context())
		u := &websocket.Upgrader{}
		go func() { p.served <- Serve(ctx, b, u, echo) }()
		p.send([]byte(preface), appendSettings(nil, 0))
		p.greet()
		p.open(1)
		cancel()
		if f := p.want(frameGoAway, 0, 0); !bytes.Equal(f.payload, unhex("00000001 00000000")) {
			t.Errorf("%x", f.payload)
		}
		p.send(appendBlock(nil, 3, 0, p.encode(connect...)))
		p.wantReset(3, RefusedStream)
		p.send(data(1, 0, clientText("still here")))
		p.want(frameData, 0, 1)
		go u.Shutdown(t.Context())
		p.want(frameData, 0, 1)
		p.send(data(1, flagEndStream, "\x88\x82\x00\x00\x00\x00\x03\xe9"))
		p.want(frameData, flagEndStream, 1)
		p.wantEnd()
		if err := <-p.served; err != nil {
			t.Error(err)
		}
	})
}

// TestServeStreams protects the bound on streams: one more is refused, and taken once another has ended.
func TestServeStreams(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := newClientPeer(t, &websocket.Upgrader{}, echo)
		for i := range uint32(maxStreams) {
			p.open(2*i + 1)
		}
		p.send(appendBlock(nil, 2*maxStreams+1, 0, p.encode(connect...)))
		p.wantReset(2*maxStreams+1, RefusedStream)
		p.send(appendReset(nil, 1, Cancel))
		p.open(2*maxStreams + 3)
		p.nc.Close()
		<-p.served
	})
}

// TestServeSilence protects from clients that say nothing: before they begin, and later, when they do not even answer.
func TestServeSilence(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		start := time.Now()
		p := raw(t, &websocket.Upgrader{}, echo)
		p.send([]byte(preface)[:5])
		if err := <-p.served; err == nil {
			t.Error("no error")
		}
		if waited := time.Since(start); waited < websocket.DefaultHandshakeTimeout || waited > websocket.DefaultHandshakeTimeout+2*goodbyeTime {
			t.Errorf("waited %v", waited)
		}
		p.nc.Close()
	})
	inBubble(t, func(t *testing.T) {
		p := newClientPeer(t, &websocket.Upgrader{}, func(c *websocket.Conn, r *http.Request) {
			if _, err := c.Read(context.Background()); !errors.Is(err, errSilent) {
				t.Error(err)
			}
		})
		p.open(1)
		start := time.Now()
		for range 3 { // as long as it answers
			p.want(framePing, 0, 0)
			p.send(appendPing(nil, flagAck, [8]byte{}))
		}
		if waited := time.Since(start); waited < 3*silence || waited > 6*silence {
			t.Errorf("waited %v", waited)
		}
		p.want(framePing, 0, 0)
		if err := <-p.served; !errors.Is(err, errSilent) {
			t.Error(err)
		}
		p.nc.Close()
	})
}

// TestServeCut protects the server from a connection that vanishes with a hundred streams on it.
func TestServeCut(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		u := &websocket.Upgrader{}
		p := newClientPeer(t, u, func(c *websocket.Conn, r *http.Request) {
			if _, err := c.Read(context.Background()); websocket.CloseStatus(err) != websocket.StatusAbnormalClosure {
				t.Error(err)
			}
		})
		for i := range uint32(100) {
			p.open(2*i + 1)
		}
		p.nc.Close()
		if err := <-p.served; !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
		synctest.Wait()
		if n := u.Len(); n != 0 {
			t.Errorf("%d connections left", n)
		}
	})
}

// script is what a client sends in a whole conversation.
func script(p *peer) []byte {
	var b []byte
	b = append(b, preface...)
	b = append(b, appendSettings(nil, 0, pair{settingHeaderTableSize, 100}, pair{settingInitialWindow, 70_000}, pair{0x99, 1})...)
	b = append(b, appendSettings(nil, flagAck)...)
	b = append(b, appendWindowUpdate(nil, 0, 1<<20)...)
	block := p.encode(connect...)
	b = append(b, headersFrame(1, flagPadded|flagPriority, append(append([]byte{2, 0, 0, 0, 0, 9}, block[:5]...), 0, 0))...)
	b = append(b, other(frameContinuation, 0, 1, "")...)
	b = append(b, other(frameContinuation, flagEndHeaders, 1, string(block[5:]))...)
	b = append(b, other(framePriority, 0, 7, "12345")...)
	b = append(b, other(0xFA, 0xFF, 9, "whatever")...)
	b = append(b, data(1, 0, clientText("one"))...)
	b = append(b, data(1, flagPadded, "\x03"+clientText("two")+"xyz")...)
	b = append(b, appendPing(nil, 0, [8]byte{})...)
	b = append(b, appendBlock(nil, 3, 0, p.encode(connect...))...)
	b = append(b, appendReset(nil, 3, Cancel)...)
	b = append(b, data(1, flagEndStream, "\x88\x82\x00\x00\x00\x00\x03\xe8")...)
	return append(b, appendGoAway(nil, 0, NoError)...)
}

// TestServeTruncated protects Serve from a client that vanishes anywhere: after every prefix of a conversation, which comes at once or byte by
// byte, it returns, and nothing is left.
func TestServeTruncated(t *testing.T) {
	whole := script(newPeer(t, nil))
	for n := range len(whole) + 1 {
		for _, step := range []int{n, 1} {
			inBubble(t, func(t *testing.T) {
				u := &websocket.Upgrader{}
				p := raw(t, u, echo)
				go io.Copy(io.Discard, p.nc)
				for b := whole[:n]; len(b) > 0; b = b[min(step, len(b)):] {
					p.send(b[:min(step, len(b))])
				}
				if n == len(whole) {
					synctest.Wait() // so that it is in order
				}
				p.nc.(*netpipe.Conn).CloseWrite()
				err := <-p.served
				synctest.Wait()
				if n == len(whole) && err != nil {
					t.Error(err)
				}
				if codeOf(err) != NoError && codeOf(err) != ConnectError {
					t.Errorf("%d bytes: %v", n, err)
				}
				if u.Len() != 0 {
					t.Error("a connection is left")
				}
				p.nc.Close()
			})
		}
	}
}
