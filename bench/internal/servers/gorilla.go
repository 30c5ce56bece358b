package servers

import (
	"net"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

func init() {
	register(Library{
		Name:    "gorilla",
		Module:  "github.com/gorilla/websocket",
		Setup:   "net/http, WriteBufferPool, NextReader into one buffer, WriteMessage",
		Deflate: true,
		Serve: func(ln net.Listener, o Options) error {
			up := &websocket.Upgrader{EnableCompression: o.Deflate, WriteBufferPool: &sync.Pool{}}
			return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
				if c, err := up.Upgrade(w, r, nil); err == nil {
					go gorillaEcho(c)
				}
			})
		},
	})
}

func gorillaEcho(c *websocket.Conn) {
	defer c.Close()
	var buf []byte
	for {
		op, r, err := c.NextReader()
		if err != nil {
			return
		}
		if buf, err = wire.ReadAll(r, buf[:0]); err != nil {
			return
		}
		if err := c.WriteMessage(op, buf); err != nil {
			return
		}
	}
}
