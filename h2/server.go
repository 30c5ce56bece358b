package h2

// This file holds the server's role: Serve, and what becomes of a request.

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// maxStreams is how many streams a client may have open on a connection to Serve.
const maxStreams = 250

// Serve speaks HTTP/2 on nc, as a server that has nothing but WebSocket connections (RFC 8441): for listeners behind proxies such as HAProxy
// and Envoy, or of TLS with "h2" in NextProtos. u accepts or refuses each request, of which up to 250 may be connections at the same time, and
// f is called with each connection on a goroutine of its own. The request that f gets has the context Conn.Context, with the values of ctx.
//
// When f returns, the closing handshake is begun with StatusNormalClosure, unless the connection has ended already. When f panics, it is
// begun with StatusInternalError, and the panic is logged, as u.ErrorLog says (http.ErrAbortHandler is not).
//
// Once ctx has ended, the client is told to open no more streams (GOAWAY), and the connection ends with the last that there is: u.Shutdown ends
// them. Serve returns when the connection has ended and all functions have returned. The error says why it ended, and is nil where it was in
// order: because of ctx, or by a client that has closed it without a stream. Serve owns nc from the call on.
//
// A client may be silent for u.HandshakeTimeout before it begins. Later it is asked for life by PING after 15 to 30 seconds of silence, and
// given up when nothing comes for 15 more. At most 64 KiB of each stream are kept that nobody has read, whatever the others do; requests may
// have u.MaxRequestHead bytes. A client that causes work without sending anything, of whatever kind, is told ENHANCE_YOUR_CALM, and loses the
// connection.
func Serve(ctx context.Context, nc net.Conn, u *websocket.Upgrader, f func(*websocket.Conn, *http.Request)) error {
	v := &server{c: newConn(nc, false, u.MaxRequestHead), u: u, f: f}
	v.c.most, v.c.accept = maxStreams, v.accept
	v.c.base = context.WithValue(context.WithoutCancel(ctx), http.LocalAddrContextKey, nc.LocalAddr())
	if t := handshakeTimeout(u.HandshakeTimeout); t > 0 {
		v.c.boundRead(time.Now().Add(t))
	}
	v.c.start("", pair{settingConnectProtocol, 1}, pair{settingMaxStreams, maxStreams})
	stop := context.AfterFunc(ctx, v.c.goAway)
	defer stop()
	v.c.run()
	v.functions.Wait()
	return v.c.served()
}

// handshakeTimeout returns what Options.HandshakeTimeout says; 0 is no bound.
func handshakeTimeout(d time.Duration) time.Duration {
	if d == 0 {
		return websocket.DefaultHandshakeTimeout
	}
	return max(d, 0)
}

// goAway tells the peer to open no more streams.
func (c *conn) goAway() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == stateOpen {
		c.out.buf = appendGoAway(c.out.buf, c.lastOfPeer(), NoError)
		c.send()
		c.drain(&ConnectionError{Code: NoError, Reason: "this side takes no more"})
	}
}

// served returns why a connection has ended, or nil if that was in order.
func (c *conn) served() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.err.(*ConnectionError); e.Code == NoError || e.Err == errGone {
		return nil
	}
	return c.err
}

// server is what Serve makes of a connection.
type server struct {
	c         *conn
	u         *websocket.Upgrader
	f         func(*websocket.Conn, *http.Request)
	functions sync.WaitGroup
}

// accept has a request answered, by another goroutine than the reader's.
func (v *server) accept(s *stream, r *http.Request, protocol string, tooLarge bool) {
	v.functions.Add(1)
	go v.answer(s, r, protocol, tooLarge)
}

// answer answers a request, and has f run if it is accepted: on a goroutine of its own, since a handshake makes its stack grow for good.
func (v *server) answer(s *stream, r *http.Request, protocol string, tooLarge bool) {
	accepted := false
	defer func() {
		if !accepted {
			v.over(recover(), s.RemoteAddr())
			s.Abort() // unless it has been answered
		}
	}()
	if tooLarge {
		// RFC 9113, Section 10.5.1: "A server that receives a larger field block than it is willing to handle can send an HTTP 431".
		resp, _ := v.u.Refuse(r, &websocket.HandshakeError{
			Status: http.StatusRequestHeaderFieldsTooLarge, Reason: "the request has too many fields, or too large ones",
		})
		v.respond(s, resp)
		return
	}
	conn, err := v.u.AcceptStream(r, protocol, func(resp *http.Response) (net.Conn, error) { return v.respond(s, resp) })
	if err == nil {
		accepted = true
		go v.run(conn, r)
	}
}

// respond sends a response, and returns the stream if that accepts.
func (v *server) respond(s *stream, resp *http.Response) (net.Conn, error) {
	if err := s.sendHead(resp); err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return s, nil
	}
	defer s.Close()
	if t := handshakeTimeout(v.u.HandshakeTimeout); t > 0 {
		s.SetWriteDeadline(time.Now().Add(t))
	}
	_, err := io.Copy(s, resp.Body)
	return nil, err
}

// sendHead sends the head of a response.
func (s *stream) sendHead(resp *http.Response) error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.c.out.buf = appendBlock(s.c.out.buf, s.id, 0, s.c.out.blocks.response(resp))
	s.c.send()
	return nil
}

// run calls f, and begins the end of the connection when it returns or does not.
func (v *server) run(conn *websocket.Conn, r *http.Request) {
	code := websocket.StatusInternalError
	defer func() {
		p := recover()
		conn.CloseContext(ended, code, "")
		v.over(p, conn.RemoteAddr())
	}()
	v.f(conn, r.WithContext(conn.Context()))
	code = websocket.StatusNormalClosure
}

// over takes note that nothing of a request runs any more, and of what it has panicked with.
func (v *server) over(panicked any, from net.Addr) {
	if panicked != nil && panicked != http.ErrAbortHandler {
		logger := v.u.ErrorLog
		if logger == nil {
			logger = log.Default()
		}
		stack := make([]byte, 64<<10)
		logger.Printf("h2: panic serving %v: %v\n%s", from, panicked, stack[:runtime.Stack(stack, false)])
	}
	v.c.mu.Lock()
	defer v.c.mu.Unlock()
	v.c.running--
	v.functions.Done()
}

// ended is a context that has ended: a Close with it does not wait.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
