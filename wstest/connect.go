//go:build !js

package wstest

// This file holds connections whose opening handshake is a real one, in memory: of one Dialer with one Upgrader, and with
// a whole http.Server.

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// Connect has d dial and u accept, and returns the two sides of the connection: with their options, and with what they
// agree on about the subprotocol and compression. Either may be nil, which stands for the zero value. Both sides have the
// values of ctx, which bounds the handshake. d is left as it is, and may be used again.
//
// The error is that of Dial, such as a *websocket.HandshakeError where u has refused: what a test of Origins and hooks
// wants to see.
func Connect(ctx context.Context, d *websocket.Dialer, u *websocket.Upgrader) (client, server *websocket.Conn, err error) {
	if u == nil {
		u = new(websocket.Upgrader)
	}
	near, far := netpipe.New(0)
	var accepted sync.WaitGroup
	var refusal error
	accepted.Go(func() { server, refusal = u.UpgradeConn(ctx, far, nil) })
	client, _, err = through(d, func(context.Context, string, string) (net.Conn, error) { return near, nil }).Dial(ctx, address)
	if err != nil {
		near.Close() // before it was used, perhaps
	}
	accepted.Wait()
	if err = cmp.Or(err, refusal); err == nil {
		return client, server, nil
	}
	for _, c := range []*websocket.Conn{client, server} {
		if c != nil {
			c.CloseNow()
		}
	}
	return nil, nil, err
}

// address is what a Dialer dials that gets to the same place in any case.
const address = "ws://server.example/"

// through returns a copy of d, which may be nil, whose connections are made by dial.
func through(d *websocket.Dialer, dial func(context.Context, string, string) (net.Conn, error)) *websocket.Dialer {
	var changed websocket.Dialer
	if d != nil {
		changed = *d
	}
	changed.DialContext = dial
	changed.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	return &changed
}

// Serve starts s, all of it but the network, and returns a Dialer whose connections lead there, whatever the host of the
// URL: ws://server.example/chat. The Dialer's other fields are the caller's to set before it dials. Its DialContext serves
// an http.Transport as well, for a client of plain HTTP.
//
// stop closes s and, unlike its Close, all connections, those that an Upgrader has taken over too, so that nothing is left.
// s may have been shut down before.
func Serve(s *http.Server) (d *websocket.Dialer, stop func()) {
	l := &listener{accept: make(chan net.Conn), closed: make(chan struct{})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	return through(nil, l.dial), sync.OnceFunc(func() {
		s.Close()
		<-served
		l.cut()
	})
}

// listener is a net.Listener in memory.
type listener struct {
	accept chan net.Conn
	closed chan struct{}
	close  sync.Once

	mu    sync.Mutex
	conns []net.Conn // the server's ends of all that were dialed
}

// dial makes a connection. The address does not matter.
func (l *listener) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	near, far := netpipe.New(0)
	l.mu.Lock()
	l.conns = append(l.conns, far)
	l.mu.Unlock()
	select {
	case l.accept <- far:
		return near, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: network, Addr: l.Addr(), Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// cut closes all connections.
func (l *listener) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, nc := range l.conns {
		nc.Close()
	}
}

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.accept:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *listener) Close() error {
	l.close.Do(func() { close(l.closed) })
	return nil
}

// Addr returns the name of the server's ends.
func (l *listener) Addr() net.Addr { return netpipe.Addr("b") }

// agree returns what a client and a server with such options agree on, as each of them sees it.
func agree(client, server *websocket.Options) (ofClient, ofServer websocket.Agreement) {
	if client == nil || server == nil {
		return
	}
	d := websocket.Dialer{Options: websocket.Options{Compression: client.Compression}}
	u := websocket.Upgrader{Options: websocket.Options{Compression: server.Compression}}
	opening, err := d.Handshake(address)
	if err != nil {
		panic("wstest: the client's options: " + err.Error())
	}
	ofServer, response, err := u.Handshake(opening.Request())
	if err == nil {
		ofClient, err = opening.Check(response)
	}
	if err != nil {
		panic("wstest: the options of both sides: " + err.Error())
	}
	return ofClient, ofServer
}
