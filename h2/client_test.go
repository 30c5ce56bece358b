package h2

// This file tests Client with servers that play a script, and with Serve in memory. Real peers are in interop/newer.

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// newTestRequest returns an extended CONNECT.
func newTestRequest(t *testing.T) *http.Request {
	r, err := http.NewRequest(http.MethodConnect, "http://server.example/chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header[":protocol"] = []string{"websocket"}
	return r
}

// acceptAll accepts every stream.
func acceptAll(accepted chan<- *stream) func(*stream, *http.Request, string, bool) {
	return func(s *stream, _ *http.Request, _ string, _ bool) {
		go func() {
			s.sendHead(&http.Response{StatusCode: 200})
			accepted <- s
		}()
	}
}

// world is a Client with servers in memory: each connection of its has one.
type world struct {
	Client
	u       websocket.Upgrader
	mu      sync.Mutex
	dialled int
	servers sync.WaitGroup
}

func newWorld(t *testing.T) *world {
	w := &world{}
	w.Dialer.Proxy = noProxy
	w.Dialer.DialContext = func(context.Context, string, string) (net.Conn, error) {
		a, b := netpipe.New(0)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.dialled++
		w.servers.Go(func() { Serve(t.Context(), b, &w.u, echo) })
		return a, nil
	}
	return w
}

// exchange sends a message and reads its echo.
func exchange(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.OpText, []byte(text)); err != nil {
		t.Error(err)
	} else if m, err := c.Read(t.Context()); err != nil || string(m.Data) != text {
		t.Errorf("%d bytes, %v; want %d", len(m.Data), err, len(text))
	}
}

// TestClientRequest protects the bytes that a client begins with, and the request.
func TestClientRequest(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := &Client{Dialer: websocket.Dialer{Header: http.Header{"X-Odd": {"1"}}, Subprotocols: []string{"chat"}}}
		p := newServerPeer(t, c)
		h := p.wantHead(0, 1)
		for name, want := range map[string]string{
			":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":authority": "server.example", ":path": "/chat?a=b",
			"sec-websocket-version": "13", "x-odd": "1", "sec-websocket-protocol": "chat",
		} {
			if got := strings.Join(h[name], "|"); got != want {
				t.Errorf("%s: %q", name, got)
			}
			delete(h, name)
		}
		if delete(h, "user-agent"); len(h) != 0 {
			t.Error(h)
		}
		p.send(appendBlock(nil, 1, 0, p.encode(":status", "103")), appendBlock(nil, 1, 0, p.encode(":status", "200", "sec-websocket-protocol", "chat")))
		if err := <-p.served; err != nil || p.conn.Subprotocol() != "chat" {
			t.Fatal(err)
		}
		p.conn.CloseNow()
		p.want(frameData, flagEndStream, 1)
		p.send(data(1, flagEndStream, ""))
		p.answered()
		c.CloseIdleConnections()
		p.wantEnd()
	})
}

// TestClientShares protects connections from being made without need, and from more streams than are allowed.
func TestClientShares(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.MaxStreams = 10
		var all sync.WaitGroup
		conns := make(chan *websocket.Conn, 95)
		for i := range cap(conns) {
			all.Go(func() {
				c, _, err := w.Dial(t.Context(), fmt.Sprintf("ws://server.example/%d", i))
				if err != nil {
					t.Error(err)
					return
				}
				exchange(t, c, "hello")
				conns <- c
			})
		}
		all.Wait()
		if w.dialled != 10 {
			t.Errorf("%d connections", w.dialled)
		}
		for range cap(conns) {
			all.Go(func() { (<-conns).Close(websocket.StatusNormalClosure, "") })
		}
		all.Wait()
		c, _, err := w.Dial(t.Context(), "ws://server.example/again")
		if err != nil || w.dialled != 10 {
			t.Error(w.dialled, err)
		}
		c.CloseNow()
		other, _, err := w.Dial(t.Context(), "ws://server.example:81/")
		if err != nil || w.dialled != 11 || len(w.hosts) != 2 {
			t.Error(w.dialled, err)
		}
		other.CloseNow()
		pass(2 * time.Second)
		w.CloseIdleConnections()
		w.servers.Wait()
		synctest.Wait()
		if len(w.hosts) != 0 {
			t.Errorf("%d servers are remembered", len(w.hosts))
		}
	})
}

// TestClientIdle protects servers from connections that nobody uses: they end after a while.
func TestClientIdle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		c, _, err := w.Dial(t.Context(), "ws://server.example/")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		exchange(t, c, "still here")
		start := time.Now()
		c.Close(websocket.StatusNormalClosure, "")
		w.servers.Wait()
		if waited := time.Since(start); waited < (idleTicks-1)*silence || waited > (idleTicks+1)*silence {
			t.Errorf("ended after %v", waited)
		}
	})
}

// TestClientAgain protects what a server has not begun to process (RFC 9113, Section 8.7): it is tried once more, and not twice.
func TestClientAgain(t *testing.T) {
	goAway := func(p *peer) {
		p.wantHead(0, 1)
		p.send(appendGoAway(nil, 0, NoError))
	}
	refuse := func(p *peer) {
		p.wantHead(0, p.nextStream())
		p.send(appendReset(nil, p.nextStream(), RefusedStream))
		p.last += 2
	}
	accept := func(p *peer) {
		p.wantHead(0, p.nextStream())
		p.send(appendBlock(nil, p.nextStream(), 0, p.encode(":status", "200")))
		p.last += 2
	}
	for name, test := range map[string]struct {
		play [][]func(*peer) // of each connection
		want error
	}{
		"refused once":    {[][]func(*peer){{refuse, accept}}, nil},
		"refused twice":   {[][]func(*peer){{refuse, refuse}}, &StreamError{RefusedStream, true}},
		"going away":      {[][]func(*peer){{goAway}, {accept}}, nil},
		"both":            {[][]func(*peer){{goAway}, {refuse}}, &StreamError{RefusedStream, true}},
		"both go":         {[][]func(*peer){{goAway}, {goAway}}, &ConnectionError{Remote: true}},
		"reset otherwise": {[][]func(*peer){{func(p *peer) { p.wantHead(0, 1); p.send(appendReset(nil, 1, Cancel)) }}}, &StreamError{Cancel, true}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var c Client
				c.Dialer.Proxy = noProxy
				var ends []net.Conn
				var servers sync.WaitGroup
				c.Dialer.DialContext = func(context.Context, string, string) (net.Conn, error) {
					if len(ends) == len(test.play) {
						return nil, errors.New("dialled once too often")
					}
					a, b := netpipe.New(0)
					play := test.play[len(ends)]
					ends = append(ends, a)
					servers.Go(func() {
						p := newPeer(t, a)
						b := make([]byte, len(preface))
						a.Read(b)
						p.send(appendSettings(nil, 0, pair{settingConnectProtocol, 1}))
						p.want(frameSettings, 0, 0)
						p.want(frameWindowUpdate, 0, 0)
						p.want(frameSettings, flagAck, 0)
						for _, f := range play {
							f(p)
						}
					})
					return b, nil
				}
				conn, _, err := c.Dial(t.Context(), "ws://server.example/")
				servers.Wait()
				if test.want == nil && err != nil || test.want != nil && (err == nil || !strings.Contains(err.Error(), test.want.Error())) {
					t.Errorf("%v, want %v", err, test.want)
				}
				if conn != nil {
					conn.CloseNow()
				}
				for _, nc := range ends {
					nc.Close()
				}
			})
		})
	}
}

// TestClientGoAway protects the streams that a server has accepted from its GOAWAY: they go on, and the connection ends with the last.
func TestClientGoAway(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := &Client{}
		p := newServerPeer(t, c)
		p.accept(1)
		p.send(appendGoAway(nil, 1, NoError))
		p.send(data(1, 0, serverText("still here")))
		if m, err := p.conn.Read(t.Context()); err != nil || string(m.Data) != "still here" {
			t.Error(err)
		}
		if _, _, err := c.Dial(t.Context(), "ws://server.example/"); err == nil || !strings.Contains(err.Error(), "dialled twice") {
			t.Error(err)
		}
		p.send(data(1, flagEndStream, "\x88\x02\x03\xe8"))
		if _, err := p.conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			t.Error(err)
		}
		p.want(frameData, 0, 1)
		p.want(frameData, flagEndStream, 1)
		p.wantEnd()
	})
}

// TestClientRefused protects the answer of a server that does not accept, with its body.
func TestClientRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := &Client{}
		p := newServerPeer(t, c)
		p.wantHead(0, 1)
		p.send(appendBlock(nil, 1, 0, p.encode(":status", "403", "x-why", "because")), data(1, flagEndStream, "not you"))
		var refused *websocket.HandshakeError
		if err := <-p.served; !errors.As(err, &refused) || refused.Status != 403 {
			t.Error(err)
		}
		p.want(frameData, flagEndStream, 1)
		c.CloseIdleConnections()
		p.wantEnd()
	})
}

// TestClientCancel protects a Dial that is not wanted any more: it returns, and the stream is reset, but nothing else.
func TestClientCancel(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := &Client{}
		p := newServerPeer(t, c)
		p.accept(1)
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		go func() {
			_, _, err := c.Dial(ctx, "ws://server.example/")
			p.served <- err
		}()
		p.wantHead(0, 3)
		cancel(why)
		if err := <-p.served; !errors.Is(err, why) {
			t.Error(err)
		}
		p.wantReset(3, Cancel)
		p.answered()
		p.conn.CloseNow()
		p.want(frameData, flagEndStream, 1)
		p.nc.Close()
	})
}

// TestClientConnecting protects those who wait for a connection that is being made: each has its own context, and the attempt ends when nobody waits.
func TestClientConnecting(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var c Client
		c.Dialer.Proxy = noProxy
		var given atomic.Int32 // up
		c.Dialer.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			given.Add(1)
			return nil, ctx.Err()
		}
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+1)*time.Second)
				defer cancel()
				start := time.Now()
				if _, _, err := c.Dial(ctx, "ws://server.example/"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Duration(i+1)*time.Second {
					t.Errorf("%v after %v", err, time.Since(start))
				}
				if last := i == 2; !last && given.Load() != 0 {
					t.Error("the attempt was given up while somebody waited")
				}
			})
		}
		all.Wait()
		synctest.Wait()
		if given.Load() != 1 || len(c.hosts) != 0 {
			t.Error(given.Load(), len(c.hosts))
		}
	})
}

// TestClientSilentServer protects a Dial from a server that accepts connections, and says nothing.
func TestClientSilentServer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := dialled(t, &Client{})
		start := time.Now()
		if err := <-p.served; !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > websocket.DefaultHandshakeTimeout {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		p.nc.Close()
	})
}

// TestClientFallback protects what becomes of servers without WebSocket over HTTP/2: by ALPN, by settings, without TLS; where HTTP/1.1 may do, and
// where not.
func TestClientFallback(t *testing.T) {
	handler := new(websocket.Upgrader).Handler(echo)
	for name, test := range map[string]struct {
		start func(s *httptest.Server)
		most  int32 // connections for two Dials
	}{
		"ALPN chooses HTTP/1.1": {func(s *httptest.Server) { s.StartTLS() }, 2},
		"HTTP/2 without":        {func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() }, 3},
		"HTTP/1.1 without TLS":  {func(s *httptest.Server) { s.Start() }, 3},
		"HTTP/2 without TLS too": {func(s *httptest.Server) {
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Config.Protocols.SetHTTP1(true)
			s.Start()
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(handler)
			var mu sync.Mutex
			dialled := int32(0)
			test.start(s)
			defer s.Close()
			c := &Client{Fallback: true, Dialer: websocket.Dialer{Proxy: noProxy}}
			if s.TLS != nil {
				c.Dialer.TLS = &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
			}
			c.Dialer.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				mu.Lock()
				defer mu.Unlock()
				dialled++
				return new(net.Dialer).DialContext(ctx, network, addr)
			}
			for range 2 {
				conn, resp, err := c.Dial(t.Context(), s.URL)
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != http.StatusSwitchingProtocols {
					t.Error(resp.Status)
				}
				exchange(t, conn, "hello")
				conn.Close(websocket.StatusNormalClosure, "")
			}
			if dialled != test.most {
				t.Errorf("%d connections", dialled)
			}
			strict := &Client{Dialer: c.Dialer}
			if _, _, err := strict.Dial(t.Context(), s.URL); !errors.Is(err, ErrUnsupported) {
				t.Error(err)
			}
		})
	}
}

// TestClientHTTP11Required protects what a server says of one request, or of the connection: HTTP/1.1 does where it may, and else the error tells.
func TestClientHTTP11Required(t *testing.T) {
	for name, answer := range map[string]func() []byte{
		"stream":     func() []byte { return appendReset(nil, 1, HTTP11Required) },
		"connection": func() []byte { return appendGoAway(nil, 0, HTTP11Required) },
	} {
		for _, fallback := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, fallback %v", name, fallback), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					c := &Client{Fallback: fallback}
					p := newServerPeer(t, c)
					p.wantHead(0, 1)
					p.send(answer())
					err := <-p.served
					if again := strings.Contains(err.Error(), "dialled twice"); again != fallback || errors.Is(err, ErrUnsupported) == fallback {
						t.Error(err)
					}
					c.CloseIdleConnections()
					p.nc.Close()
				})
			})
		}
	}
}
