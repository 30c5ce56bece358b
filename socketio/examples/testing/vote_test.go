package vote

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// TestVote runs in a bubble, over connections in memory: no port, no sleep, and timeouts take no time.
func TestVote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		io := New()
		a, b := connect(t, io), connect(t, io)
		a.send(`21["vote","tea"]`) // an event with the id 1
		a.expect(`31[1]`)
		b.expect(`2["voted","tea",1]`)
		b.send(`22["vote",""]`)
		b.expect(`32[{"error":{"message":"vote for what?"}}]`)
		a.conn.CloseNow()
		b.conn.CloseNow()
		if err := io.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// client speaks the protocol by hand: "4" is a message of Engine.IO, and what follows a packet of Socket.IO.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

func connect(t *testing.T, io *socketio.Server) *client {
	d := &websocket.Dialer{DialContext: func(context.Context, string, string) (net.Conn, error) {
		here, there := wstest.NetPipe()
		go io.ServeConn(context.Background(), there)
		return here, nil
	}}
	conn, _, err := d.Dial(t.Context(), "ws://test/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t, conn}
	c.read() // the handshake of Engine.IO
	c.send("0")
	c.read() // accepted
	return c
}

func (c *client) send(packet string) {
	if err := c.conn.Write(c.t.Context(), websocket.OpText, []byte("4"+packet)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) read() string {
	m, err := c.conn.Read(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimPrefix(string(m.Data), "4")
}

func (c *client) expect(want string) {
	c.t.Helper()
	if got := c.read(); got != want {
		c.t.Errorf("got %q, want %q", got, want)
	}
}
