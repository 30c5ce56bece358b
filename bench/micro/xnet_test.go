package micro

import (
	"net/http"

	"golang.org/x/net/websocket"
)

func init() {
	serve := func(t *transport, h websocket.Handler) {
		t.head = ""
		websocket.Server{Handler: h}.ServeHTTP(newResponse(t), parsed())
	}
	peers = append(peers, peer{
		name: "x/net",
		upgradeHTTP: func(w http.ResponseWriter, r *http.Request) error {
			websocket.Server{Handler: func(*websocket.Conn) {}}.ServeHTTP(w, r)
			return nil
		},
		read: func(t *transport) (n int) {
			serve(t, func(c *websocket.Conn) {
				var p []byte
				for websocket.Message.Receive(c, &p) == nil {
					n++
				}
			})
			return n
		},
		write: func(t *transport, p []byte, n int) (err error) {
			serve(t, func(c *websocket.Conn) {
				for i := 0; i < n && err == nil; i++ {
					err = websocket.Message.Send(c, p)
				}
			})
			return err
		},
	})
}
