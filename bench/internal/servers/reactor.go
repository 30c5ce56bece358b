package servers

import (
	"context"
	"net"
	"runtime"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

func init() {
	register(oursReactor("ours-reactor", "reactor.Server, Write in Message", func() int { return 0 }))
	register(oursReactor("ours-reactor-workers", "reactor.Server with a worker for each processor, Write in Message",
		func() int { return runtime.GOMAXPROCS(0) }))
}

// oursReactor is the library's event loops.
func oursReactor(name, setup string, workers func() int) Library {
	return Library{
		Name: name, Module: oursModule, Setup: setup, Deflate: true, Takeover: true,
		Serve: func(ln net.Listener, o Options) error {
			ctx := context.Background()
			s := reactor.Server{
				Upgrader: oursUpgrader(o),
				Workers:  workers(),
				Handler:  reactor.MessageFunc(func(c *reactor.Conn, op websocket.Opcode, p []byte) { c.Write(ctx, op, p) }),
			}
			return s.Serve(ln)
		},
	}
}
