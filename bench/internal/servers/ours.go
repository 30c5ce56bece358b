package servers

import (
	"context"
	"iter"
	"net"
	"net/http"
	"strings"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

func init() {
	register(ours("ours-messages", "UpgradeConn, for msg := range MessagesInPlace { Write }", oursLoop((*websocket.Conn).MessagesInPlace)))
	register(ours("ours-appendread", "UpgradeConn, for { AppendRead; Write }", oursAppendRead))
	register(ours("ours-owned", "UpgradeConn, for msg := range Messages { Write }", oursLoop((*websocket.Conn).Messages)))
	register(ours("ours-read", "UpgradeConn, for { Read; Write }", oursRead))
	register(oursWrapped())
	register(oursAtLevel("ours-balanced", compress.Balanced))
	register(oursAtLevel("ours-smallest", compress.Smallest))
	register(oursHTTP("ours-handler", "Handler", (*websocket.Upgrader).Handler))
	register(oursHTTP("ours-detached", "DetachedHandler", (*websocket.Upgrader).DetachedHandler))
}

const oursModule = "github.com/seed-d69ae1b7/websocket"

// oursHTTP is the library behind net/http, through one of its two handlers.
func oursHTTP(name, method string, handler func(*websocket.Upgrader, func(*websocket.Conn, *http.Request)) http.Handler) Library {
	return Library{
		Name: name, Module: oursModule, Setup: "net/http, " + method + ", for msg := range Messages { Write }",
		IdleOnly: true, Deflate: true, below: websocket.Listener,
		Serve: func(ln net.Listener, o Options) error {
			echo := oursLoop((*websocket.Conn).Messages)
			h := handler(oursUpgrader(o), func(c *websocket.Conn, _ *http.Request) { echo(c) })
			return serveHTTP(ln, h.ServeHTTP)
		},
	}
}

func ours(name, setup string, echo func(*websocket.Conn)) Library {
	return Library{
		Name: name, Module: oursModule, Setup: setup, Deflate: true, Takeover: true, below: websocket.Listener,
		Serve: func(ln net.Listener, o Options) error { return serveOurs(ln, oursUpgrader(o), echo) },
	}
}

func serveOurs(ln net.Listener, up *websocket.Upgrader, echo func(*websocket.Conn)) error {
	return serveConns(ln, func(nc net.Conn) {
		if c, err := up.UpgradeConn(context.Background(), nc, nil); err == nil {
			go echo(c) // as UpgradeConn's documentation says
		}
	})
}

// oursWrapped is the library over TLS as it is without websocket.Listener.
func oursWrapped() Library {
	l := ours("ours-netconn", "as ours-messages, without websocket.Listener below TLS", oursLoop((*websocket.Conn).MessagesInPlace))
	l.below, l.Wrapped = nil, true
	return l
}

// oursAtLevel is the library with other levels of compression, which the others have no counterparts of.
func oursAtLevel(name string, level compress.Level) Library {
	l := ours(name, "as ours-messages, at level "+strings.TrimPrefix(name, "ours-"), nil)
	l.OnDemand = true
	l.Serve = func(ln net.Listener, o Options) error {
		up := oursUpgrader(o)
		if up.Compression != nil {
			up.Compression.Level = level
		}
		return serveOurs(ln, up, oursLoop((*websocket.Conn).MessagesInPlace))
	}
	return l
}

func oursUpgrader(o Options) *websocket.Upgrader {
	up := new(websocket.Upgrader)
	if o.Deflate {
		alone := compress.Direction{NoContextTakeover: !o.Takeover}
		up.Compression = &compress.Options{Level: compress.Fastest, MinSize: -1, FromServer: alone, FromClient: alone}
	}
	return up
}

// oursLoop returns the echo by one of the two loops.
func oursLoop(messages func(*websocket.Conn, context.Context) iter.Seq2[websocket.Message, error]) func(*websocket.Conn) {
	return func(c *websocket.Conn) {
		ctx := context.Background()
		for msg, err := range messages(c, ctx) {
			if err != nil || c.Write(ctx, msg.Op, msg.Data) != nil {
				break
			}
		}
		c.CloseNow()
	}
}

func oursAppendRead(c *websocket.Conn) {
	defer c.CloseNow()
	ctx := context.Background()
	var buf []byte
	for {
		m, err := c.AppendRead(ctx, buf[:0])
		if err != nil || c.Write(ctx, m.Op, m.Data) != nil {
			return
		}
		buf = m.Data
	}
}

func oursRead(c *websocket.Conn) {
	defer c.CloseNow()
	ctx := context.Background()
	for {
		m, err := c.Read(ctx)
		if err != nil || c.Write(ctx, m.Op, m.Data) != nil {
			return
		}
	}
}
