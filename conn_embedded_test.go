package websocket

// This file tests transports that stand on others.

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// tlsOver returns both ends of a TLS connection over the two ends of another.
func tlsOver(t *testing.T, client, server net.Conn) (tlsClient, tlsServer *tls.Conn) {
	tlsClient = tls.Client(client, &tls.Config{InsecureSkipVerify: true, Time: certificateTime})
	tlsServer = tls.Server(server, &tls.Config{Certificates: []tls.Certificate{certificate()}, Time: certificateTime})
	done := inGoroutine(tlsServer.Handshake)
	if err := errors.Join(tlsClient.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	return tlsClient, tlsServer
}

// TestCloseNowOverTLS protects that no end waits longer than it may for a last alert of TLS, for which crypto/tls gives a peer that
// takes nothing 5 seconds: not over a type that embeds a *tls.Conn either, nor over TLS in TLS, as through an https proxy.
func TestCloseNowOverTLS(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for name, over := range map[string]func(a, b net.Conn) net.Conn{
			"*tls.Conn": func(a, b net.Conn) net.Conn {
				nc, _ := tlsOver(t, a, b)
				return nc
			},
			"embedded": func(a, b net.Conn) net.Conn {
				nc, _ := tlsOver(t, a, b)
				return struct{ *tls.Conn }{nc}
			},
			"TLS in TLS": func(a, b net.Conn) net.Conn {
				outerA, outerB := tlsOver(t, a, b)
				nc, _ := tlsOver(t, outerA, outerB)
				return nc
			},
		} {
			a, b := netpipe.New(64 << 10)
			c := connOver(t, over(a, b), client, nil)
			a.SetWriteDeadline(time.Now().Add(time.Second))
			a.Write(make([]byte, 128<<10)) // there is no room for an alert any more
			a.SetWriteDeadline(time.Time{})
			read := inGoroutine(func() error {
				_, err := c.Read(context.Background())
				return err
			})
			start := time.Now()
			c.CloseNow()
			returned := time.Since(start)
			<-read
			c.Close(StatusNormalClosure, "") // waits until the transport has been closed
			if ended := time.Since(start); returned != 0 || ended != lingerTime {
				t.Errorf("%s: CloseNow returned after %v, and the transport was closed after %v", name, returned, ended)
			}
			b.Close()
		}
	})
}
