package main

// This file holds ws serve: an echo server, and the page in page/ to talk to it.

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/urfave/cli/v3"
)

// shutdownTimeout bounds the end in order. It is longer than websocket.DefaultCloseTimeout, so that a peer which does
// not answer its close frame is what ends first.
const shutdownTimeout = 8 * time.Second

// idleTimeout bounds how long a browser keeps a connection of plain HTTP for the next request.
const idleTimeout = time.Minute

//go:embed page
var pageFiles embed.FS

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:      "serve",
		Usage:     "echo every message, and serve a page to try it",
		UsageText: "ws serve [flags]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:9001", Usage: "listen on `HOST:PORT`; port 0 picks a free one"},
			&cli.Int64Flag{Name: "limit", Value: 64 << 20, Usage: "most `BYTES` of a message; negative for no limit"},
			// Compression is on here, unlike in the library, so that there is something to try with.
			&cli.BoolFlag{Name: "compress", Value: true, Usage: "compress messages with clients that offer it", DefaultText: "true"},
			&cli.IntFlag{Name: "window-bits", Value: 15, Usage: "windows of at most 2^`BITS` bytes for compression, 8 to 15, both ways"},
			&cli.BoolFlag{Name: "no-context-takeover", Usage: "compress each message by itself, both ways"},
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				return fmt.Errorf("serve takes no arguments, and got %q", cmd.Args().First())
			}
			u, err := echoUpgrader(cmd)
			if err != nil {
				return err
			}
			ln, err := net.Listen("tcp", cmd.String("addr"))
			if err != nil {
				return err
			}
			host := browserHost(ln.Addr().(*net.TCPAddr))
			fmt.Fprintf(cmd.Root().Writer, "Open http://%s/ in a browser. ws://%s/ echoes. Ctrl-C ends it.\n", host, host)
			return serve(ctx, ln, u)
		},
	}
}

// echoUpgrader returns the Upgrader that the flags ask for.
func echoUpgrader(cmd *cli.Command) (*websocket.Upgrader, error) {
	o := websocket.Options{ReadLimit: cmd.Int64("limit")}
	if cmd.Bool("compress") {
		both := compress.Direction{MaxWindowBits: cmd.Int("window-bits"), NoContextTakeover: cmd.Bool("no-context-takeover")}
		o.Compression = &compress.Options{
			FromServer: both, FromClient: both,
		}
		if err := o.Compression.Validate(); err != nil {
			return nil, err
		}
	}
	return &websocket.Upgrader{
		Options: o,
		// Pages of any origin may connect, since this is a server to test with. That is safe here, because there is
		// nothing to protect: a page gets back what it has sent and nothing else, there are no cookies or other
		// rights of the user that it could borrow, and the server listens on loopback unless told otherwise.
		InsecureSkipOriginCheck: true,
		// An echo speaks every subprotocol, and a browser fails the connection where none of those that it asks for is chosen.
		SelectSubprotocol: func(_ *http.Request, offered []string) string { return offered[0] },
	}, nil
}

// serve answers connections from ln until ctx ends, and then ends them in order. It owns ln.
func serve(ctx context.Context, ln net.Listener, u *websocket.Upgrader) error {
	server := newServer(u)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return errors.Join(u.Shutdown(bounded), server.Shutdown(bounded))
}

// newServer returns the server of HTTP, whose connections are bounded in time until they are those of an Upgrader.
func newServer(u *websocket.Upgrader) *http.Server {
	return &http.Server{Handler: routes(u), ReadHeaderTimeout: websocket.DefaultHandshakeTimeout, IdleTimeout: idleTimeout}
}

// routes sends opening handshakes to the echo, on any path, and everything else to the page. What is only meant as a
// handshake goes to the echo as well, so that it is told what is wrong with it.
func routes(u *websocket.Upgrader) http.Handler {
	upgrade, page := u.Handler(echo), pageHandler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" || r.Header.Get("Sec-WebSocket-Key") != "" {
			upgrade.ServeHTTP(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
}

// echo sends every message back until the connection ends.
func echo(conn *websocket.Conn, _ *http.Request) {
	ctx := context.Background()
	for msg, err := range conn.MessagesInPlace(ctx) {
		if err != nil || conn.Write(ctx, msg.Op, msg.Data) != nil {
			return
		}
	}
}

// pageHandler serves the files of page/: index.html for "/", its script and its style.
func pageHandler() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // cannot be: the name is valid
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "+
			"connect-src ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store") // the next server on this port may have another page
		// An isolated page has a clock of 5 instead of 100 microseconds to measure round trips with.
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		mux.ServeHTTP(w, r)
	})
}

// browserHost returns the host and port that a browser on this machine reaches addr by.
func browserHost(addr *net.TCPAddr) string {
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(addr.Port))
}
