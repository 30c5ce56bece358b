package interop

// This file holds the one list of exchanges, and the test that runs all of it between the library and every peer, in
// both roles. What a peer is made of stands in the peer_*_test.go files.

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// exchangeTimeout bounds an exchange, the start of the peer's process included.
const exchangeTimeout = 30 * time.Second

// endpoint is one end of a connection, whoever implements it. Messages and control frames are read all the time, so
// that no call waits for another.
type endpoint interface {
	subprotocol() string
	// send sends one message, in as many fragments.
	send(ctx context.Context, op websocket.Opcode, fragments ...[]byte) error
	// receive returns the next message. The error is a closed once the connection has ended with a close frame.
	receive(ctx context.Context) (websocket.Message, error)
	// ping sends a ping and waits for its pong.
	ping(ctx context.Context) error
	// close sends a close frame, and returns nil once the other end has answered with the same code.
	close(ctx context.Context, code websocket.StatusCode, reason string) error
}

// peer is an implementation that can be either end.
type peer interface {
	// listen starts a server, and returns its URL and a function that waits for the first connection.
	listen(ctx context.Context, t *testing.T, o opening) (url string, accept func(context.Context) (endpoint, error))
	dial(ctx context.Context, t *testing.T, url string, o opening) (endpoint, error)
}

// opening is what both ends ask for in the opening handshake.
type opening struct {
	name        string
	subprotocol string
	compress    bool // permessage-deflate
	declined    bool // ... which the server will not have

	own  compress.Options // of the library; windows_test.go sets them
	peer deflate          // of the other end
}

var openings = []opening{
	{name: "plain"},
	{name: "subprotocol", subprotocol: "interop.v1"},
	{name: "compressed", compress: true},
}

// closed says with what close frame of the other end a connection has ended.
type closed struct {
	Code   websocket.StatusCode
	Reason string
}

func (c closed) Error() string { return fmt.Sprintf("closed with %v %q", c.Code, c.Reason) }

// exchange is something that two ends do with each other.
type exchange struct {
	name string
	run  func(ctx context.Context, client, server endpoint) error
}

var exchanges = []exchange{
	{"text", carry(websocket.OpText, []byte("hello"))},
	{"text of several bytes a character", carry(websocket.OpText, []byte("Grüße, 世界 🙂"))},
	{"binary", carry(websocket.OpBinary, []byte{0, 1, 0x7f, 0x80, 0xff})},
	{"empty text", carry(websocket.OpText, nil)},
	{"empty binary", carry(websocket.OpBinary, nil)},
	{"125 bytes", carry(websocket.OpBinary, pattern(125))},
	{"126 bytes", carry(websocket.OpBinary, pattern(126))},
	{"65535 bytes", carry(websocket.OpBinary, pattern(65535))},
	{"65536 bytes", carry(websocket.OpBinary, pattern(65536))},
	{"1 MiB binary", carry(websocket.OpBinary, pattern(1<<20))},
	{"1 MiB text", carry(websocket.OpText, []byte(strings.Repeat("0123456789abcdeé", 1<<20/17)))},
	{"fragmented text", fragmented(websocket.OpText, []byte("grüße "+hex.EncodeToString(noise(20000))))},
	{"fragmented binary", fragmented(websocket.OpBinary, noise(40000))},
	{"ping and pong", pings},
	{"close without a code", closes(websocket.StatusNoStatusReceived, "")},
	{"close 1000", closes(websocket.StatusNormalClosure, "")},
	{"close 1000 with a reason", closes(websocket.StatusNormalClosure, "done")},
	{"close 1001", closes(websocket.StatusGoingAway, "going")},
	{"close 1011", closes(websocket.StatusInternalError, "ouch")},
	{"close 3000", closes(3000, "registered")},
	{"close 4999 with the longest reason", closes(4999, strings.Repeat("ü", 61)+".")},
}

// carry sends a message in both directions, several times.
func carry(op websocket.Opcode, fragments ...[]byte) func(ctx context.Context, client, server endpoint) error {
	want := bytes.Join(fragments, nil)
	deliver := func(ctx context.Context, from, to endpoint) error {
		if err := from.send(ctx, op, fragments...); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		got, err := to.receive(ctx)
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		if got.Op != op || !bytes.Equal(got.Data, want) {
			return fmt.Errorf("got %v of %d bytes, want %v of %d, or the bytes differ", got.Op, len(got.Data), op, len(want))
		}
		return nil
	}
	return func(ctx context.Context, client, server endpoint) error {
		for range 3 {
			if err := deliver(ctx, client, server); err != nil {
				return fmt.Errorf("to the server: %w", err)
			}
			if err := deliver(ctx, server, client); err != nil {
				return fmt.Errorf("to the client: %w", err)
			}
		}
		return nil
	}
}

// fragmented carries a message of three parts, which must be long enough that the library sends fragments, and requires
// that they have really passed, both ways.
func fragmented(op websocket.Opcode, part []byte) func(ctx context.Context, client, server endpoint) error {
	run := carry(op, part, part, part)
	return func(ctx context.Context, client, server endpoint) error {
		if err := run(ctx, client, server); err != nil {
			return err
		}
		for _, e := range []endpoint{client, server} {
			if own, ok := e.(*ownEndpoint); ok && (own.fragmentsIn.Load() == 0 || own.fragmentsOut.Load() == 0) {
				return fmt.Errorf("%d fragments came in and %d went out", own.fragmentsIn.Load(), own.fragmentsOut.Load())
			}
		}
		return nil
	}
}

// pings lets both ends ping, also behind a message.
func pings(ctx context.Context, client, server endpoint) error {
	for range 2 {
		if err := client.ping(ctx); err != nil {
			return fmt.Errorf("ping of the client: %w", err)
		}
		if err := server.ping(ctx); err != nil {
			return fmt.Errorf("ping of the server: %w", err)
		}
		if err := carry(websocket.OpText, []byte("between"))(ctx, client, server); err != nil {
			return err
		}
	}
	return nil
}

// closes lets the client close. TestExchanges turns the two ends round for the server.
func closes(code websocket.StatusCode, reason string) func(ctx context.Context, client, server endpoint) error {
	return func(ctx context.Context, from, to endpoint) error {
		if err := from.close(ctx, code, reason); err != nil {
			return fmt.Errorf("close: %w", err)
		}
		_, err := to.receive(ctx)
		var got closed
		if want := (closed{code, reason}); !errors.As(err, &got) || got != want {
			return fmt.Errorf("the other end saw %v, want %v", err, want)
		}
		return nil
	}
}

// pattern returns n bytes that do not repeat in step with a mask key.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 / 3)
	}
	return b
}

// noise returns n bytes that do not compress, the same every time.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// TestExchanges protects the promise that the library and every peer understand each other, whoever is the server.
func TestExchanges(t *testing.T) {
	for name, p := range map[string]peer{"own": ownPeer{}, "gorilla": gorillaPeer{}, "coder": coderPeer{}, "node": nodePeer} {
		roles := []struct {
			name           string
			client, server peer
		}{
			{name + " is the client", p, ownPeer{}},
			{name + " is the server", ownPeer{}, p},
		}
		for _, role := range roles {
			for _, o := range openings {
				for _, x := range exchanges {
					t.Run(role.name+"/"+o.name+"/"+x.name, func(t *testing.T) {
						runExchange(t, role.client, role.server, o, x.run)
					})
					if strings.HasPrefix(x.name, "close") {
						t.Run(role.name+"/"+o.name+"/"+x.name+" by the server", func(t *testing.T) {
							runExchange(t, role.client, role.server, o, func(ctx context.Context, client, server endpoint) error {
								return x.run(ctx, server, client)
							})
						})
					}
				}
			}
		}
	}
}

// runExchange connects the two, runs what they are to do, and closes.
func runExchange(t *testing.T, client, server peer, o opening, run func(ctx context.Context, client, server endpoint) error) {
	t.Parallel()
	// Not t.Context, which ends before the cleanups that end processes in order.
	ctx, cancel := context.WithTimeout(context.Background(), exchangeTimeout)
	t.Cleanup(cancel)
	url, accept := server.listen(ctx, t, o)
	c, err := client.dial(ctx, t, url, o)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	s, err := accept(ctx)
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	if c.subprotocol() != o.subprotocol || s.subprotocol() != o.subprotocol {
		t.Errorf("subprotocols %q and %q, want %q", c.subprotocol(), s.subprotocol(), o.subprotocol)
	}
	for _, e := range []endpoint{c, s} {
		if own, ok := e.(*ownEndpoint); ok {
			if _, compressed := own.conn.Compression(); compressed != (o.compress && !o.declined) {
				t.Errorf("compression was agreed on: %v, want %v", compressed, !compressed)
			}
		}
	}
	if err := run(ctx, c, s); err != nil {
		t.Fatal(err)
	}
	if _, end := c.(*ownEndpoint); end {
		c.close(ctx, websocket.StatusNormalClosure, "") // has an error where the exchange has closed already
	}
}
