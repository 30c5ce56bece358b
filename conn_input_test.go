package websocket

// This file tests what input is kept in: that replies to what arrived together leave together however it lies in the
// buffers, and what a connection holds of a message that does not go on.

import (
	"bytes"
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// countedTLS is counted over TLS: each write of the Conn is a record, and one write to the network.
func countedTLS(t testing.TB, client bool, o *Options) (*Conn, *peer, *writeCounter) {
	a, b := netpipe.New(pipeSize)
	w := &writeCounter{Conn: a}
	var ta, tb *tls.Conn
	config := &tls.Config{Certificates: []tls.Certificate{certificate()}, InsecureSkipVerify: true, Time: certificateTime}
	if ta, tb = tls.Server(w, config), tls.Client(b, config); client {
		ta, tb = tls.Client(w, config), tls.Server(b, config)
	}
	go ta.Handshake()
	if err := tb.Handshake(); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	w.sizes()
	return connOver(t, ta, client, o), peerOver(t, tb, !client), w
}

// TestBurstOfAnySize protects that the replies to a burst leave in few writes whatever the size of its frames is, where the
// transport does not tell whether more is at hand: a read may end where a frame ends.
func TestBurstOfAnySize(t *testing.T) {
	const messages = 64
	inBubble(t, func(t *testing.T, client bool) {
		for transport, connect := range map[string]func(testing.TB, bool, *Options) (*Conn, *peer, *writeCounter){
			"pipe": counted, "TLS": countedTLS,
		} {
			for name, echo := range echoes {
				for payload := range 80 {
					c, p, w := connect(t, client, nil)
					p.write(bytes.Repeat(p.message(strings.Repeat("m", payload)), messages))
					if err := echo(context.Background(), c, messages); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					if got := w.sizes(); len(got) > 4 {
						t.Errorf("%s, %s: %d writes for %d messages of %d bytes", transport, name, len(got), messages, payload)
					}
					c.CloseNow()
				}
			}
		}
	})
}
