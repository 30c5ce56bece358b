package main

// This file holds how the tool connects to servers: the flags that ws dial and ws load share, and the Dialer that they ask for.

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
	"github.com/urfave/cli/v3"
	"golang.org/x/term"
)

// clientFlags returns the flags about a connection to a server.
func clientFlags() []cli.Flag {
	return append(compressionFlags(false),
		&cli.StringSliceFlag{Name: "H", Usage: "send a HEADER, \"Name: value\", with the request; may be repeated"},
		&cli.StringSliceFlag{Name: "subprotocol", Usage: "ask for the subprotocol NAME; may be repeated"},
		&cli.StringFlag{Name: "origin", Usage: "say that a page of ORIGIN connects, such as https://example.com"},
		&cli.StringFlag{Name: "user", Usage: "log in as NAME:PASSWORD (Basic); without a password it is asked for"},
		&cli.StringFlag{Name: "cacert", TakesFile: true, Usage: "trust the certificates in FILE only"},
		&cli.StringFlag{Name: "cert", TakesFile: true, Usage: "show the certificate in FILE to the server"},
		&cli.StringFlag{Name: "key", TakesFile: true, Usage: "its private key is in FILE (default: in that of -cert)"},
		&cli.BoolFlag{Name: "insecure", Usage: "do not verify the certificate of the server"},
		&cli.StringFlag{Name: "proxy", Usage: "go through the proxy at URL: http, https, socks5 or socks5h; none: not even those of the environment"},
		&cli.DurationFlag{Name: "ping-interval", Usage: "send a ping after DURATION of silence, and give up if there is no answer"},
		&cli.Int64Flag{Name: "limit", Value: defaultLimit, Usage: "most BYTES of a message; negative for no limit"},
	)
}

// defaultLimit is the most bytes of a message unless -limit says otherwise.
const defaultLimit = 64 << 20

// dialer returns the Dialer that the flags ask for.
func dialer(cmd *cli.Command) (*websocket.Dialer, error) {
	deflate, err := compression(cmd)
	if err != nil {
		return nil, err
	}
	d := &websocket.Dialer{
		Options:      websocket.Options{ReadLimit: cmd.Int64("limit"), PingInterval: cmd.Duration("ping-interval"), Compression: deflate},
		Subprotocols: cmd.StringSlice("subprotocol"),
	}
	if d.Header, err = header(cmd); err != nil {
		return nil, err
	}
	if d.TLS, err = clientTLS(cmd); err != nil {
		return nil, err
	}
	d.Proxy, err = proxy(cmd.String("proxy"))
	return d, err
}

// header returns the fields that the request is sent with.
func header(cmd *cli.Command) (http.Header, error) {
	h := make(http.Header)
	for _, line := range cmd.StringSlice("H") {
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return nil, usageError{fmt.Errorf("-H %q: want \"Name: value\"", line)}
		}
		h[name] = append(h[name], strings.TrimSpace(value)) // names are sent as they are spelled
	}
	if origin := cmd.String("origin"); origin != "" {
		h.Set("Origin", origin)
	}
	if !cmd.IsSet("user") {
		return h, nil
	}
	name, password, ok := strings.Cut(cmd.String("user"), ":")
	if !ok {
		var err error
		if password, err = askPassword(cmd.Root(), name); err != nil {
			return nil, err
		}
	}
	(&http.Request{Header: h}).SetBasicAuth(name, password)
	return h, nil
}

// askPassword asks whoever sits at the terminal.
func askPassword(root *cli.Command, name string) (string, error) {
	if !harmless.IsTerminal(root.Reader) {
		return "", usageError{errors.New("-user NAME asks for the password on a terminal; elsewhere give NAME:PASSWORD")}
	}
	fmt.Fprintf(root.ErrWriter, "Password of %s: ", name)
	password, err := term.ReadPassword(int(root.Reader.(*os.File).Fd()))
	fmt.Fprintln(root.ErrWriter)
	return string(password), err
}

// clientTLS returns what the flags say about wss.
func clientTLS(cmd *cli.Command) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: cmd.Bool("insecure")}
	if file := cmd.String("cacert"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", file)
		}
	}
	cert, err := certificate(cmd)
	if err != nil || cert == nil {
		return config, err
	}
	config.Certificates = []tls.Certificate{*cert}
	return config, nil
}

// certificate returns what -cert and -key name, or nil.
func certificate(cmd *cli.Command) (*tls.Certificate, error) {
	file, key := cmd.String("cert"), cmd.String("key")
	switch {
	case file == "" && key != "":
		return nil, usageError{errors.New("-key wants -cert, too: the certificate of that key")}
	case file == "":
		return nil, nil
	case key == "":
		key = file
	}
	cert, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		return nil, fmt.Errorf("-cert %s: %w", file, err)
	}
	return &cert, nil
}

// proxy returns what chooses the proxy.
func proxy(flag string) (func(*http.Request) (*url.URL, error), error) {
	switch flag {
	case "":
		return nil, nil // those of the environment
	case "none":
		return func(*http.Request) (*url.URL, error) { return nil, nil }, nil
	}
	if !strings.Contains(flag, "://") {
		flag = "http://" + flag
	}
	u, err := url.Parse(flag)
	if err != nil || u.Host == "" {
		return nil, usageError{errors.New("-proxy: want a URL such as http://127.0.0.1:3128, or none")} // it may hold a password
	}
	return http.ProxyURL(u), nil
}

// fullURL completes what a user may leave out of a URL: the scheme, which is ws then, and localhost before a port.
func fullURL(s string) string {
	switch {
	case strings.Contains(s, "://"):
		return s
	case strings.HasPrefix(s, ":"):
		return "ws://localhost" + s
	}
	return "ws://" + s
}
