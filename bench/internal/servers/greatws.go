package servers

import (
	"log/slog"
	"net"
	"net/http"

	"github.com/antlabs/greatws"
)

func init() {
	register(Library{
		Name:     "greatws",
		Module:   "github.com/antlabs/greatws",
		Setup:    "net/http, callback in the event loop, WriteMessage",
		Deflate:  true,
		PlainNet: true,
		Serve:    greatwsServe,
	})
}

func greatwsServe(ln net.Listener, o Options) error {
	loops := greatws.NewMultiEventLoopMust(greatws.WithEventLoops(0), greatws.WithMaxEventNum(1000),
		greatws.WithLogLevel(slog.LevelError))
	loops.Start()
	options := []greatws.ServerOption{
		greatws.WithServerMultiEventLoop(loops),
		greatws.WithServerCallbackInEventLoop(),
		greatws.WithServerOnMessageFunc(func(c *greatws.Conn, op greatws.Opcode, p []byte) {
			_ = c.WriteMessage(op, p) // an error closes the connection
		}),
	}
	if o.Deflate {
		options = append(options, greatws.WithServerDecompressAndCompress())
	}
	up := greatws.NewUpgrade(options...)
	return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
		_, _ = up.Upgrade(w, r) // an error has been answered
	})
}
