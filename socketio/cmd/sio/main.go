// Sio is a Socket.IO client for the terminal: it prints the events that come, and sends those that are typed.
//
//	go run ./cmd/sio http://localhost:3000/namespace
//	/emit chat {"room":"lobby","text":"hello"}
//	/ask sum 1 2
//
// Type /help for the rest. Arguments are JSON, one after another; a word that is none is a text, and @name the content of a file, as
// binary. It connects again by itself when the connection is lost, and ends with its input.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json/jsontext"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "sio:", err)
		os.Exit(1)
	}
}

// errUsage says that the usage has been printed.
var errUsage = errors.New("wrong usage")

// settings are the flags.
type settings struct {
	namespace, auth, transport, path string
	header                           http.Header
	insecure, msgpack, once          bool
	timeout                          time.Duration
}

// parseFlags returns the flags and the URL.
func parseFlags(args []string, stderr io.Writer) (s settings, url string, err error) {
	s.header = make(http.Header)
	f := flag.NewFlagSet("sio", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&s.namespace, "namespace", "", "the namespace, instead of the path of the URL")
	f.StringVar(&s.auth, "auth", "", "a JSON object that authenticates the client")
	f.StringVar(&s.transport, "transport", "", "polling, or websocket; both if empty")
	f.StringVar(&s.path, "path", "", "of the server (default /socket.io/)")
	f.BoolVar(&s.insecure, "insecure", false, "do not verify the server's certificate")
	f.BoolVar(&s.msgpack, "msgpack", false, "packets are MessagePack")
	f.BoolVar(&s.once, "once", false, "do not connect again")
	f.DurationVar(&s.timeout, "timeout", 10*time.Second, "how long to wait for a connection, and for an acknowledgement")
	f.Func("header", "a field of every request, as \"Name: value\"; may be repeated", func(line string) error {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return errors.New("no colon")
		}
		s.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		return nil
	})
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: sio [flags] URL")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return s, "", errUsage
	}
	if f.NArg() != 1 {
		f.Usage()
		return s, "", errUsage
	}
	return s, f.Arg(0), nil
}

// client returns a client that is not connected yet.
func (s *settings) client(url string) (*socketio.Client, error) {
	o := &socketio.ClientOptions{Path: s.path, Msgpack: s.msgpack, NoReconnect: s.once}
	o.Header, o.WebSocket = s.header, new(websocket.Dialer)
	o.Logger = slog.New(slog.DiscardHandler) // what matters is printed
	if s.insecure {
		o.WebSocket.TLS = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // it was asked for
	}
	switch s.transport {
	case "":
	case string(engineio.Polling), string(engineio.WebSocket):
		o.Transports = []engineio.Transport{engineio.Transport(s.transport)}
	default:
		return nil, fmt.Errorf("transport %q is neither polling nor websocket", s.transport)
	}
	if s.auth != "" {
		auth := jsontext.Value(s.auth)
		if !auth.IsValid() || auth.Kind() != '{' {
			return nil, errors.New("auth is no JSON object")
		}
		o.Auth = func(context.Context) (any, error) { return auth, nil }
	}
	c := socketio.NewClient(url, o)
	if s.namespace != "" {
		c = c.Of(s.namespace, o.Auth)
	}
	return c, nil
}

// run is the program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	s, url, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	c, err := s.client(url)
	if err != nil {
		return err
	}
	defer c.Close()
	t := &terminal{client: c, timeout: s.timeout, out: stdout}
	t.listen()
	connect, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := c.Connect(connect); err != nil {
		return err
	}
	return t.obey(ctx, lines(ctx, stdin))
}

// lines returns the lines of what is typed. The goroutine that reads them ends with ctx, or at the next line.
func lines(ctx context.Context, in io.Reader) <-chan string {
	all := make(chan string)
	go func() {
		defer close(all)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case all <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return all
}
