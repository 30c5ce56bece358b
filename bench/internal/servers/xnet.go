package servers

import (
	"net"

	"golang.org/x/net/websocket"
)

func init() {
	register(Library{
		Name:   "x/net",
		Module: "golang.org/x/net",
		Setup:  "net/http, Message.Receive, Message.Send",
		Serve: func(ln net.Listener, _ Options) error {
			return serveHTTP(ln, websocket.Server{Handler: xnetEcho}.ServeHTTP)
		},
	})
}

func xnetEcho(c *websocket.Conn) {
	var buf []byte // Receive allocates every message anew all the same
	for {
		if err := websocket.Message.Receive(c, &buf); err != nil {
			return
		}
		if err := websocket.Message.Send(c, buf); err != nil {
			return
		}
	}
}
