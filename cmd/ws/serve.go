package main

// This file holds the command ws serve: its flags, the server that they ask for, and its end. What it does with connections stands
// in modes.go, exec.go and bridge.go, what it tells of them in watch.go, and what browsers get in page.go.

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	_ "github.com/seed-d69ae1b7/websocket/xconnect" // browsers choose HTTP/2 where there is TLS
	"github.com/urfave/cli/v3"
)

// shutdownTimeout bounds the end in order. It is longer than websocket.DefaultCloseTimeout, so that a peer which does
// not answer its close frame is what ends first, and longer than what processes are given.
const shutdownTimeout = 8 * time.Second

// idleTimeout bounds how long a browser keeps a connection of plain HTTP for the next request.
const idleTimeout = time.Minute

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:                      "serve",
		Usage:                     "echo, broadcast, run a command or bridge to TCP; with a page",
		CustomHelpTemplate:        serveHelp,
		DisableSliceFlagSeparator: true,
		// Compression is on here, unlike in the library, so that there is something to try with.
		Flags: append(compressionFlags(true),
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:9001", Usage: "listen on HOST:PORT; port 0 picks a free one"},
			&cli.BoolFlag{Name: "broadcast", Usage: "send every message to all connections"},
			&cli.StringFlag{Name: "exec", Usage: "run COMMAND for each connection, which is its standard input and output"},
			&cli.BoolFlag{Name: "binary", Usage: "with -exec: bytes instead of lines"},
			&cli.StringFlag{Name: "tcp", Usage: "connect each connection to HOST:PORT"},
			&cli.StringFlag{Name: "dir", TakesFile: true, Usage: "serve the files of DIR instead of the page"},
			&cli.BoolFlag{Name: "tls", Usage: "speak TLS, with a certificate made for this run unless -cert is given"},
			&cli.StringFlag{Name: "cert", TakesFile: true, Usage: "certificate in FILE"},
			&cli.StringFlag{Name: "key", TakesFile: true, Usage: "its key in FILE (default: in that of -cert)"},
			&cli.StringSliceFlag{Name: "origin", Usage: "let pages of ORIGIN connect, * for all; may be repeated"},
			&cli.StringSliceFlag{Name: "subprotocol", Usage: "speak only the subprotocol NAME; may be repeated"},
			&cli.IntFlag{Name: "max", Usage: "most connections at a time; 0 for any number"},
			&cli.Int64Flag{Name: "limit", Value: defaultLimit, Usage: "most BYTES of a message; negative for no limit"},
			&cli.DurationFlag{Name: "ping-interval", Usage: "send a ping after DURATION of silence, and give up if there is no answer"},
			&cli.StringFlag{Name: "log", Value: "text", Usage: "a line for each connection and refusal, as text, json or off"},
			&cli.StringFlag{Name: "metrics", Usage: "serve metrics for Prometheus on HOST:PORT"},
		),
		Action: serveAction,
	}
}

// service is a ws serve.
type service struct {
	upgrader *websocket.Upgrader
	mode     mode
	pages    http.Handler // what answers requests that are no opening handshakes
	max      int
	*watch
}

func serveAction(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Present() {
		return usageError{fmt.Errorf("serve takes no arguments, and got %q", cmd.Args().First())}
	}
	s, err := newService(cmd)
	if err != nil {
		return err
	}
	cert, err := serverCertificate(cmd)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", cmd.String("addr"))
	if err != nil {
		return err
	}
	addr := ln.Addr().(*net.TCPAddr)
	s.guardLoopback(cmd, addr)
	scheme := ""
	if cert != nil {
		scheme = "s"
		fmt.Fprintln(cmd.Root().Writer, describe(cert))
		ln = tls.NewListener(websocket.Listener(ln), &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: []string{"h2", "http/1.1"}})
	}
	if err := s.watch.serveMetrics(ctx, cmd); err != nil {
		ln.Close()
		return err
	}
	host := browserHost(addr)
	fmt.Fprintf(cmd.Root().Writer, "Open http%s://%s/ in a browser. ws%s://%s/ %s. Ctrl-C ends it.\n", scheme, host, scheme, host, s.mode.does)
	return s.serve(ctx, ln)
}

// newService returns what the flags ask for.
func newService(cmd *cli.Command) (*service, error) {
	w, err := newWatch(cmd)
	if err != nil {
		return nil, err
	}
	s := &service{watch: w, max: cmd.Int("max")}
	if s.mode, err = chooseMode(cmd); err != nil {
		return nil, err
	}
	if s.upgrader, err = upgrader(cmd, s.mode); err != nil {
		return nil, err
	}
	s.upgrader.OnRefuse = func(r *http.Request, err *websocket.HandshakeError) { w.refused(r, err.Status, err.Reason) }
	s.pages, err = pages(cmd.String("dir"))
	return s, err
}

// upgrader returns the Upgrader that the flags ask for.
func upgrader(cmd *cli.Command, m mode) (*websocket.Upgrader, error) {
	deflate, err := compression(cmd)
	if err != nil {
		return nil, err
	}
	u := &websocket.Upgrader{
		Options:      websocket.Options{ReadLimit: cmd.Int64("limit"), PingInterval: cmd.Duration("ping-interval"), Compression: deflate},
		Subprotocols: cmd.StringSlice("subprotocol"),
		Origins:      cmd.StringSlice("origin"),
	}
	u.WriteBuffer = m.writeBuffer
	if len(u.Subprotocols) == 0 {
		// What has none of its own speaks every subprotocol, and a browser fails the connection where none of those that it asks
		// for is chosen.
		u.SelectSubprotocol = func(_ *http.Request, offered []string) string { return offered[0] }
	}
	// Pages of any origin may connect to an echo, since that is a server to test with. It is safe there, because there is nothing
	// to protect: a page gets back what it has sent and nothing else, there are no cookies or other rights of the user that it
	// could borrow, and the server listens on loopback unless told otherwise.
	if slices.Contains(u.Origins, "*") || len(u.Origins) == 0 && m.harmless {
		u.InsecureSkipOriginCheck = true
		u.Origins = nil
	}
	if err := u.Validate(); err != nil {
		return nil, usageError{err}
	}
	return u, nil
}

// guardLoopback protects a server on loopback that is not harmless from pages which have their own name lead to loopback: to the
// server they seem to be its own.
func (s *service) guardLoopback(cmd *cli.Command, addr *net.TCPAddr) {
	if s.mode.harmless || !addr.IP.IsLoopback() || cmd.IsSet("origin") {
		return
	}
	s.upgrader.CheckOrigin = func(r *http.Request, allowed bool) bool {
		return allowed && (r.Header.Get("Origin") == "" || isLoopback(r.Host))
	}
}

// isLoopback reports whether a Host is a name of this machine that nobody else can give out.
func isLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// serve answers connections from ln until ctx ends, and then ends them in order. It owns ln.
func (s *service) serve(ctx context.Context, ln net.Listener) error {
	server := s.server()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return errors.Join(s.upgrader.Shutdown(bounded), server.Shutdown(bounded))
}

// server returns the server of HTTP, whose connections are bounded in time until they are those of an Upgrader.
func (s *service) server() *http.Server {
	return &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: websocket.DefaultHandshakeTimeout, IdleTimeout: idleTimeout, ErrorLog: s.errorLog(),
	}
}

// routes sends opening handshakes to the mode, on any path, and everything else to the pages. What is only meant as a
// handshake goes to the mode as well, so that it is told what is wrong with it.
func (s *service) routes() http.Handler {
	connections := s.mode.handler(s)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !websocket.IsUpgrade(r) && r.Header.Get("Upgrade") == "" && r.Header.Get("Sec-WebSocket-Key") == "":
			s.pages.ServeHTTP(w, r)
		case s.max > 0 && s.upgrader.Len() >= s.max:
			s.refuse(w, r, http.StatusServiceUnavailable, "too many connections")
		default:
			connections.ServeHTTP(w, r)
		}
	})
}

// refuse answers an opening handshake in the Upgrader's place.
func (s *service) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) {
	s.refused(r, status, reason)
	http.Error(w, fmt.Sprintf("%d %s: %s", status, http.StatusText(status), reason), status)
}

// browserHost returns the host and port that a browser on this machine reaches addr by.
func browserHost(addr *net.TCPAddr) string {
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(addr.Port))
}
