package micro

import (
	"context"
	"net"
	"net/http"

	"github.com/seed-d69ae1b7/websocket"
)

func init() {
	ctx, up := context.Background(), &websocket.Upgrader{}
	handshakes := 0
	// fresh is a new Upgrader from time to time: it knows its connections, and a benchmark that never ended one would
	// measure how a list grows.
	fresh := func() *websocket.Upgrader {
		if handshakes++; handshakes%1024 == 0 {
			up = &websocket.Upgrader{}
		}
		return up
	}
	open := func(t *transport) *websocket.Conn {
		c, err := up.UpgradeConn(ctx, t, nil)
		if err != nil {
			panic(err) // of a constant request
		}
		return c
	}
	write := func(t *transport, p []byte, n int) error {
		c := open(t)
		defer c.CloseNow()
		for range n {
			if err := c.Write(ctx, websocket.OpBinary, p); err != nil {
				return err
			}
		}
		return nil
	}
	peers = append(peers, peer{
		name: "ours",
		upgradeHTTP: func(w http.ResponseWriter, r *http.Request) error {
			_, err := fresh().Upgrade(w, r)
			return err
		},
		upgradeBytes: func(nc net.Conn) error {
			_, err := fresh().UpgradeConn(ctx, nc, nil)
			return err
		},
		read: func(t *transport) int {
			n, buf := 0, make([]byte, 0, 2<<20)
			c := open(t)
			defer c.CloseNow()
			for {
				if _, err := c.AppendRead(ctx, buf); err != nil {
					return n
				}
				n++
			}
		},
		write: write,
	}, peer{
		name:         "ours-bytes", // the handshake alone, as gobwas's: without a Conn
		upgradeBytes: upgradeByBytes(up),
	}, peer{
		name: "ours-messages",
		read: func(t *transport) (n int) {
			c := open(t)
			defer c.CloseNow()
			for _, err := range c.MessagesInPlace(ctx) {
				if err != nil {
					break
				}
				n++
			}
			return n
		},
	})
}

// upgradeByBytes is an opening handshake without I/O, with reading and writing around it.
func upgradeByBytes(u *websocket.Upgrader) func(net.Conn) error {
	in, out := make([]byte, 4<<10), make([]byte, 0, 4<<10)
	return func(nc net.Conn) error {
		n, err := nc.Read(in)
		if err != nil {
			return err
		}
		answer, _, _, err := u.AppendHandshake(out, in[:n], websocket.RequestSource{})
		if err != nil {
			return err
		}
		_, err = nc.Write(answer)
		return err
	}
}
