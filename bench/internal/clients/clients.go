// Package clients holds a reader of a feed for every library that is compared: a client that reads messages and does not answer. Every
// one is written as the library's documentation shows for the best speed.
package clients

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"
	gorilla "github.com/gorilla/websocket"
	"github.com/lxzan/gws"

	ours "github.com/seed-d69ae1b7/websocket"

	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// Floor is the name of the client that only reads the bytes. Everything is divided by it.
const Floor = "raw"

// Client is one entry of the comparison.
type Client struct {
	Name    string
	Module  string // import path of its module; empty for the standard library's net
	Setup   string // how it is used here, for the report
	Raw     bool   // reads bytes: no handshake, no frames
	TLSOnly bool   // is of interest for TLS only

	// Read connects to addr, with TLS unless config is nil, and calls got for what it reads until that ends: with the number of
	// messages, or of bytes if it is Raw.
	Read func(addr string, config *tls.Config, got func(n int)) error

	// ReadDeflated is Read without TLS, of messages that are compressed with context takeover. nil where it cannot.
	ReadDeflated func(addr string, got func(n int)) error

	// Command, if not empty, is a program in place of Read, with its arguments, in which URL stands for what to connect to.
	Command []string
}

// URL stands for one in a Command.
const URL = "{url}"

// Program returns the client that name=command means: a program of anybody's, which is to connect, read, and answer pings. It is asked for
// compression where that is measured, and cannot do TLS.
func Program(s string) (Client, error) {
	name, command, _ := strings.Cut(s, "=")
	if name == "" || !strings.Contains(command, URL) {
		return Client{}, fmt.Errorf("clients: %q is not name=command with %s in it", s, URL)
	}
	if _, err := Named(name); err == nil {
		return Client{}, fmt.Errorf("clients: %q is the name of another client", name)
	}
	return Client{Name: name, Setup: command, Command: strings.Fields(command)}, nil
}

// Can reports whether c can read what is sent in this shape.
func (c Client) Can(s wire.Shape) bool {
	if len(c.Command) > 0 {
		return !s.TLS
	}
	if c.TLSOnly && !s.TLS {
		return false
	}
	return c.Raw || !s.Deflate || c.ReadDeflated != nil && !s.TLS
}

// All are the clients, the floor first.
var All = []Client{
	{Name: Floor, Setup: "net.Conn: Read into 4 KiB", Raw: true, Read: readRaw},
	{
		Name: "ours-messages", Module: "github.com/seed-d69ae1b7/websocket", Setup: "for range MessagesInPlace",
		Read: func(addr string, config *tls.Config, got func(int)) error {
			return readOurs(&ours.Dialer{TLS: config}, addr, got)
		},
		ReadDeflated: func(addr string, got func(int)) error {
			return readOurs(&ours.Dialer{Options: ours.Options{Compression: &ours.CompressionOptions{}}}, addr, got)
		},
	},
	{
		Name: "ours-netconn", Module: "github.com/seed-d69ae1b7/websocket", TLSOnly: true,
		Setup: "the same over a net.Conn that hides its socket",
		Read: func(addr string, config *tls.Config, got func(int)) error {
			return readOurs(&ours.Dialer{TLS: config, DialContext: dialHidden}, addr, got)
		},
	},
	{Name: "coder", Module: "github.com/coder/websocket", Setup: "Reader into one buffer", Read: readCoder, ReadDeflated: readCoderDeflated},
	{Name: "gobwas", Module: "github.com/gobwas/ws", Setup: "ReadHeader through a bufio.Reader", Read: readGobwas},
	{Name: "gorilla", Module: "github.com/gorilla/websocket", Setup: "NextReader into one buffer", Read: readGorilla},
	{Name: "gws", Module: "github.com/lxzan/gws", Setup: "OnMessage", Read: readGWS, ReadDeflated: readGWSDeflated},
}

// Named returns the client of that name.
func Named(name string) (Client, error) {
	i := slices.IndexFunc(All, func(c Client) bool { return c.Name == name })
	if i < 0 {
		return Client{}, fmt.Errorf("clients: no client %q", name)
	}
	return All[i], nil
}

// Version is the version of the library that this program was built with.
func (c Client) Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && c.Module != "" {
		for _, m := range info.Deps {
			if m.Path == c.Module {
				return m.Version
			}
		}
	}
	return ""
}

// url returns the URL of a server.
func url(addr string, config *tls.Config) string {
	if config != nil {
		return "wss://" + addr
	}
	return "ws://" + addr
}

func readRaw(addr string, config *tls.Config, got func(int)) error {
	nc, err := net.Dial("tcp", addr)
	if err == nil && config != nil {
		nc = tls.Client(nc, config)
	}
	if err != nil {
		return err
	}
	defer nc.Close()
	buf := make([]byte, 4<<10)
	for {
		n, err := nc.Read(buf)
		if err != nil {
			return err
		}
		got(n)
	}
}

func readOurs(d *ours.Dialer, addr string, got func(int)) error {
	c, _, err := d.Dial(context.Background(), url(addr, d.TLS))
	if err != nil {
		return err
	}
	defer c.CloseNow()
	for _, err := range c.MessagesInPlace(context.Background()) {
		if err != nil {
			return err
		}
		got(1)
	}
	return nil
}

func dialHidden(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	return struct{ net.Conn }{nc}, err
}

func readCoder(addr string, config *tls.Config, got func(int)) error {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	return readCoderWith(&websocket.DialOptions{HTTPClient: client}, url(addr, config), got)
}

func readCoderDeflated(addr string, got func(int)) error {
	return readCoderWith(&websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover}, url(addr, nil), got)
}

func readCoderWith(o *websocket.DialOptions, url string, got func(int)) error {
	c, _, err := websocket.Dial(context.Background(), url, o)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	var buf []byte
	for {
		_, r, err := c.Reader(context.Background())
		if err != nil {
			return err
		}
		if buf, err = wire.ReadAll(r, buf[:0]); err != nil {
			return err
		}
		got(1)
	}
}

func readGobwas(addr string, config *tls.Config, got func(int)) error {
	nc, br, _, err := ws.Dialer{TLSConfig: config}.Dial(context.Background(), url(addr, config))
	if err != nil {
		return err
	}
	defer nc.Close()
	if br == nil {
		br = bufio.NewReader(nc)
	}
	var buf []byte
	for {
		h, err := ws.ReadHeader(br)
		if err != nil {
			return err
		}
		buf = slices.Grow(buf[:0], int(h.Length))[:h.Length]
		if _, err := io.ReadFull(br, buf); err != nil {
			return err
		}
		got(1)
	}
}

func readGorilla(addr string, config *tls.Config, got func(int)) error {
	c, _, err := (&gorilla.Dialer{TLSClientConfig: config}).Dial(url(addr, config), nil)
	if err != nil {
		return err
	}
	defer c.Close()
	var buf []byte
	for {
		_, r, err := c.NextReader()
		if err != nil {
			return err
		}
		if buf, err = wire.ReadAll(r, buf[:0]); err != nil {
			return err
		}
		got(1)
	}
}

type gwsReader struct {
	gws.BuiltinEventHandler
	got func(int)
}

func (r gwsReader) OnMessage(_ *gws.Conn, m *gws.Message) {
	m.Close()
	r.got(1)
}

func readGWS(addr string, config *tls.Config, got func(int)) error {
	return readGWSWith(&gws.ClientOption{Addr: url(addr, config), TlsConfig: config}, got)
}

func readGWSDeflated(addr string, got func(int)) error {
	return readGWSWith(&gws.ClientOption{Addr: url(addr, nil), PermessageDeflate: gws.PermessageDeflate{
		Enabled: true, ServerContextTakeover: true, ClientContextTakeover: true,
	}}, got)
}

func readGWSWith(o *gws.ClientOption, got func(int)) error {
	c, _, err := gws.NewClient(gwsReader{got: got}, o)
	if err != nil {
		return err
	}
	c.ReadLoop()
	return io.EOF
}
