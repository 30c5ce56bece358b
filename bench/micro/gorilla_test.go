package micro

import (
	"io"
	"net/http"

	"github.com/gorilla/websocket"
)

func init() {
	var up websocket.Upgrader
	open := func(t *transport) *websocket.Conn {
		t.head = ""
		c, err := up.Upgrade(newResponse(t), parsed(), nil)
		if err != nil {
			panic(err) // of a constant request
		}
		return c
	}
	peers = append(peers, peer{
		name: "gorilla",
		upgradeHTTP: func(w http.ResponseWriter, r *http.Request) error {
			_, err := up.Upgrade(w, r, nil)
			return err
		},
		read: func(t *transport) (n int) {
			c, buf := open(t), make([]byte, 0, 2<<20)
			for {
				_, r, err := c.NextReader()
				if err != nil {
					return n
				}
				for err == nil {
					_, err = r.Read(buf[:cap(buf)])
				}
				if err != io.EOF {
					return n
				}
				n++
			}
		},
		write: func(t *transport, p []byte, n int) error {
			c := open(t)
			for range n {
				if err := c.WriteMessage(websocket.BinaryMessage, p); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
