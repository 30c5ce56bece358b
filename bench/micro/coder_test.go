package micro

import (
	"context"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

func init() {
	ctx := context.Background()
	open := func(t *transport) *websocket.Conn {
		t.head = ""
		c, err := websocket.Accept(newResponse(t), parsed(), nil)
		if err != nil {
			panic(err) // of a constant request
		}
		c.SetReadLimit(-1)
		return c
	}
	peers = append(peers, peer{
		name: "coder",
		upgradeHTTP: func(w http.ResponseWriter, r *http.Request) error {
			c, err := websocket.Accept(w, r, nil)
			if err == nil {
				c.CloseNow() // it has a goroutine
			}
			return err
		},
		read: func(t *transport) (n int) {
			c, buf := open(t), make([]byte, 2<<20)
			defer c.CloseNow()
			for {
				_, r, err := c.Reader(ctx)
				if err != nil {
					return n
				}
				for err == nil {
					_, err = r.Read(buf)
				}
				if err != io.EOF {
					return n
				}
				n++
			}
		},
		write: func(t *transport, p []byte, n int) error {
			c := open(t)
			defer c.CloseNow()
			for range n {
				if err := c.Write(ctx, websocket.MessageBinary, p); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
