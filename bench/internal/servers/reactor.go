package servers

import (
	"context"
	"net"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

func init() {
	register(Library{
		Name: "ours-reactor", Module: oursModule, Setup: "reactor.Server, Write in Message", Deflate: true,
		Serve: func(ln net.Listener, o Options) error {
			ctx := context.Background()
			s := reactor.Server{
				Upgrader: oursUpgrader(o),
				Handler:  reactor.MessageFunc(func(c *reactor.Conn, op websocket.Opcode, p []byte) { c.Write(ctx, op, p) }),
			}
			return s.Serve(ln)
		},
	})
}
