package servers

import (
	"net"
	"net/http"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

func init() {
	register(nbio("nbio", nbhttp.IOModNonBlocking, "its own engine, IOModNonBlocking (pollers), OnMessage, WriteMessage"))
	register(nbio("nbio-blocking", nbhttp.IOModBlocking, "its own engine, IOModBlocking (goroutines), OnMessage, WriteMessage"))
}

func nbio(name string, mode int, setup string) Library {
	return Library{
		Name:     name,
		Module:   "github.com/lesismal/nbio",
		Setup:    setup,
		Deflate:  true,
		PlainNet: true,
		Serve:    func(ln net.Listener, o Options) error { return nbioServe(ln, o, mode) },
	}
}

func nbioServe(ln net.Listener, o Options, mode int) error {
	logging.SetLevel(logging.LevelError)
	up := websocket.NewUpgrader()
	up.KeepaliveTime = 0
	up.EnableCompression(o.Deflate)
	up.OnMessage(func(c *websocket.Conn, op websocket.MessageType, p []byte) {
		_ = c.WriteMessage(op, p) // an error closes the connection
	})
	engine := nbhttp.NewEngine(nbhttp.Config{
		Network:                 "tcp",
		Addrs:                   []string{ln.Addr().String()},
		Listen:                  func(string, string) (net.Listener, error) { return ln, nil },
		IOMod:                   mode,
		ReleaseWebsocketPayload: true,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = up.Upgrade(w, r, nil) // an error has been answered
		}),
	})
	if err := engine.Start(); err != nil {
		return err
	}
	select {}
}
