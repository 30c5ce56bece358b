package servers

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"

	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

func init() {
	register(Library{
		Name:    "coder",
		Module:  "github.com/coder/websocket",
		Setup:   "net/http, Reader into one buffer, Write",
		Deflate: true,
		Serve: func(ln net.Listener, o Options) error {
			options := &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled}
			if o.Deflate {
				options.CompressionMode, options.CompressionThreshold = websocket.CompressionNoContextTakeover, 1
			}
			return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
				if c, err := websocket.Accept(w, r, options); err == nil {
					c.SetReadLimit(-1)
					go coderEcho(c)
				}
			})
		},
	})
}

func coderEcho(c *websocket.Conn) {
	defer c.CloseNow()
	ctx := context.Background()
	var buf []byte
	for {
		op, r, err := c.Reader(ctx)
		if err != nil {
			return
		}
		if buf, err = wire.ReadAll(r, buf[:0]); err != nil {
			return
		}
		if err := c.Write(ctx, op, buf); err != nil {
			return
		}
	}
}
