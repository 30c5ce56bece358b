//go:build !js

package websocket

// This file holds Dialer, the client's role in the opening handshake: from a URL to a Conn. What the request and the
// response must be like stands in clienthandshake.go and handshake.go, the way through proxies in proxy.go.

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// The bounds of what a server may answer.
const (
	defaultResponseHead = 64 << 10               // bytes, of all heads together
	maxInterim          = 5                      // 1xx responses before the real one
	maxRefusalBody      = 1024                   // bytes that Dial keeps of the body of a response that does not accept
	maxRefusalWire      = 16 << 10               // bytes that it reads for them, which may come in tiny chunks
	refusalSilence      = 250 * time.Millisecond // how long it waits for more of them
)

// Dialer makes connections. The zero value is ready. Its methods may be called by several goroutines at once. The fields
// must not be changed once it has made a connection, which goes on to use its Options; change a copy.
type Dialer struct {
	Options

	// Subprotocols are those that the client asks for, in the order of its preference. The server may choose one of
	// them or none: see Conn.Subprotocol. Naming one twice is an error (RFC 6455, Section 4.1).
	Subprotocols []string

	// Header holds further fields of the request, such as Origin, Authorization or Cookie; a Host replaces that of the
	// URL. Names are sent as they are spelled. A User-Agent replaces ours, and an empty one means that none is sent. Those
	// that belong to the handshake or to HTTP's own connection are errors.
	Header http.Header

	// Jar, if not nil, gives the cookies of the request and takes those of the response. It is asked with the URL's
	// scheme changed to http or https.
	Jar http.CookieJar

	// TLS configures wss. nil means the defaults. The server's name is that of the URL unless given; the protocol is
	// always http/1.1, but for Connect. The same configuration, but for the name, is used with an HTTPS proxy.
	TLS *tls.Config

	// Proxy returns the proxy for a request, or nil for none: an http, https, socks5 or socks5h URL, with credentials
	// if it needs them. The URL of the request given has the scheme http or https. nil means
	// http.ProxyFromEnvironment. Names are resolved by the proxy.
	Proxy func(*http.Request) (*url.URL, error)

	// ProxyHeader holds further fields of the CONNECT request to an HTTP proxy, as Header does.
	ProxyHeader http.Header

	// MaxResponseHead is the most bytes that the head of a response may have, of the server's and of a proxy's. 0 means
	// 64 KiB. Memory grows with what has come.
	MaxResponseHead int

	// DialContext makes the connection to the server, or to its proxy. nil means that of a net.Dialer.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Dial connects to a URL with the zero Dialer. See Dialer.Dial.
func Dial(ctx context.Context, url string) (*Conn, *http.Response, error) {
	return new(Dialer).Dial(ctx, url)
}

// Dial connects to a ws or wss URL (http and https mean the same) and makes the opening handshake. It does not follow
// redirects: resp.Location tells where to. Characters of the URL that RFC 3986 forbids are escaped. ctx bounds all of
// it, beside HandshakeTimeout, and has no effect once Dial has returned; Conn.Context shows its values.
//
// When the server, or what answers in its place, does not accept, the error is a *HandshakeError with the status, and
// the response is returned with at most the first 1024 bytes of its body, which can be read although the connection
// has been closed. Where that was a proxy, the *HandshakeError is wrapped in a *ProxyError, as all is that went wrong at
// a proxy. Otherwise the response is nil on error. Its body never needs to be closed.
//
// No error holds credentials or the query of the URL, or characters of the peer that do not print.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*Conn, *http.Response, error) {
	h, err := d.Handshake(rawURL)
	if err != nil {
		return nil, nil, err
	}
	return d.dial(ctx, h, d.open)
}

// DialStream makes the opening handshake over a stream of HTTP/2 or HTTP/3 (RFC 8441, RFC 9220), which open makes: it
// sends the extended CONNECT that it is given, without a body, and returns the response and the stream. The request is
// that of ClientHandshake.Request; the scheme of its URL is http or https. The stream belongs to the Conn from then on,
// and is closed if the handshake fails. Where the response does not accept, open may return a nil stream and a body,
// which is read and closed. Deadlines of the stream must not be set, and what follows the response must be left in it.
//
// Everything else is as with Dial, but that TLS, Proxy and DialContext are for open to look at. A context that ends must
// end open.
func (d *Dialer) DialStream(
	ctx context.Context, rawURL string, open func(context.Context, *http.Request) (net.Conn, *http.Response, error),
) (*Conn, *http.Response, error) {
	h, err := d.handshake(rawURL, true)
	if err != nil {
		return nil, nil, err
	}
	return d.dial(ctx, h, func(ctx context.Context, h *ClientHandshake) (serverReply, error) { return openStream(ctx, h, open) })
}

// serverReply is what came of sending the request.
type serverReply struct {
	nc       net.Conn // nil if there is none
	resp     *http.Response
	buffered []byte // what was read behind the response
}

// dial makes a connection on what open returns.
func (d *Dialer) dial(
	ctx context.Context, h *ClientHandshake, open func(context.Context, *ClientHandshake) (serverReply, error),
) (*Conn, *http.Response, error) {
	base := ctx
	ctx, cancel := d.boundDial(ctx)
	defer cancel()
	reply, err := open(ctx, h)
	config := connConfig{client: true, options: &d.Options, buffered: reply.buffered, base: base}
	if err == nil {
		config.agreement, err = h.Check(reply.resp)
	} else {
		err = dialCause(ctx, reply.resp, err)
	}
	if err == nil {
		return newConn(reply.nc, config), reply.resp, nil
	}
	if reply.nc != nil {
		reply.nc.Close()
	}
	return nil, reply.resp, dialError(h.url, err)
}

// boundDial returns ctx with the bound on an opening handshake.
func (d *Dialer) boundDial(ctx context.Context) (context.Context, context.CancelFunc) {
	if t := orDefault(d.HandshakeTimeout, DefaultHandshakeTimeout); t > 0 {
		return context.WithTimeout(ctx, t)
	}
	return ctx, func() {}
}

// dialCause returns what err is the consequence of, where nobody has answered: the end of ctx, whatever it made fail first.
func dialCause(ctx context.Context, resp *http.Response, err error) error {
	if resp == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// dialError returns the error of Dial about a server's URL.
func dialError(u *url.URL, err error) error {
	if _, refused := err.(*HandshakeError); refused {
		return err
	}
	return fmt.Errorf("websocket: dial %s: %w", shownURL(u), err)
}

// open connects and exchanges the request for a response.
func (d *Dialer) open(ctx context.Context, h *ClientHandshake) (reply serverReply, err error) {
	if reply.nc, reply.resp, err = d.connect(ctx, h.url, http1); err != nil {
		return reply, err
	}
	return d.ask(ctx, h, reply.nc)
}

// ask exchanges the request for a response.
func (d *Dialer) ask(ctx context.Context, h *ClientHandshake, nc net.Conn) (reply serverReply, err error) {
	reply.nc = nc
	deadline := boundHandshake(ctx, nc, time.Time{})
	resp, br, err := exchange(nc, h.AppendRequest(nil), h.Request(), d.responseHead(), h.accepts)
	if ended := deadline.release(); ended != nil && err == nil && h.accepts(resp.StatusCode) {
		return reply, ended
	}
	if err == nil {
		reply.resp = resp
		reply.buffered, _ = br.Peek(br.Buffered())
	}
	return reply, err
}

// openStream has a stream opened.
func openStream(
	ctx context.Context, h *ClientHandshake, open func(context.Context, *http.Request) (net.Conn, *http.Response, error),
) (reply serverReply, err error) {
	request := h.Request()
	nc, resp, err := open(ctx, request)
	reply.nc = nc
	switch accepted := err == nil && resp != nil && h.accepts(resp.StatusCode); {
	case err != nil:
		return reply, err
	case resp == nil:
		return reply, errors.New("no response")
	case accepted && nc == nil:
		return reply, errors.New("no stream")
	case accepted && ctx.Err() != nil:
		return reply, context.Cause(ctx)
	case accepted || resp.Body == nil:
		resp.Body = http.NoBody
	default:
		body := resp.Body
		stop := context.AfterFunc(ctx, func() { body.Close() })
		holdBody(resp, body)
		stop()
	}
	if resp.Request == nil {
		resp.Request = request // a Location may be relative to its URL
	}
	reply.resp = resp
	return reply, nil
}

// responseHead returns the most bytes of a response's head.
func (d *Dialer) responseHead() int {
	if d.MaxResponseHead > 0 {
		return d.MaxResponseHead
	}
	return defaultResponseHead
}

// defaultPorts holds the ports of the schemes that servers and proxies may have.
var defaultPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// address returns the host and port of a URL to connect to, with the scheme's default port where none is given.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPorts[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// http1 is what ALPN offers where nothing else is asked for.
var http1 = []string{"http/1.1"}

// connect makes a connection on which the server's HTTP is spoken: through the proxy, if any, and TLS for wss, in which one of
// protocols is agreed on. The response is that of a proxy which refused.
func (d *Dialer) connect(ctx context.Context, u *url.URL, protocols []string) (net.Conn, *http.Response, error) {
	via, err := d.chooseProxy(u)
	if err != nil {
		return nil, nil, fmt.Errorf("choosing a proxy: %w", err)
	}
	var nc net.Conn
	if via == nil {
		nc, err = d.dialTCP(ctx, address(u))
	} else {
		var resp *http.Response
		if nc, resp, err = d.dialProxy(ctx, via, address(u)); err != nil {
			return nil, resp, &ProxyError{URL: shownProxy(via), Err: err}
		}
	}
	if err != nil || u.Scheme == "http" {
		return nc, nil, err
	}
	nc, err = startTLS(ctx, nc, u.Hostname(), d.TLS, protocols)
	return nc, nil, err
}

// dialTCP connects to an address.
func (d *Dialer) dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	if d.DialContext != nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// startTLS makes a TLS connection of nc, which it closes on error.
func startTLS(ctx context.Context, nc net.Conn, host string, cfg *tls.Config, protocols []string) (net.Conn, error) {
	cfg = cfg.Clone()
	if cfg == nil {
		cfg = new(tls.Config)
	}
	// RFC 6455, Section 4.1: "Clients MUST use the Server Name Indication extension in the TLS handshake".
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	cfg.NextProtos = protocols
	if cfg.Renegotiation == tls.RenegotiateNever && slices.Equal(protocols, http1) {
		nc = transport.UnderTLS(nc) // see Conn.OnSocket; what else speaks on it has its own way
	}
	tc := tls.Client(nc, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return tc, nil
}

// exchange sends a request and reads the head of the response to it; what follows is in the reader. The body of a response
// that does not accept is cut short and held in memory.
func exchange(nc net.Conn, request []byte, of *http.Request, maxHead int, accepts func(status int) bool) (
	*http.Response, *bufio.Reader, error,
) {
	if _, err := nc.Write(request); err != nil {
		return nil, nil, fmt.Errorf("sending the request: %w", err)
	}
	input := &boundedReader{r: nc, left: maxHead}
	br := bufio.NewReader(input)
	resp, err := readResponse(br, input, of)
	if err != nil {
		return nil, nil, &HandshakeError{Reason: "the response could not be read", Err: err}
	}
	if accepts(resp.StatusCode) {
		resp.Body = http.NoBody
		return resp, br, nil
	}
	input.left = maxRefusalWire
	holdBody(resp, nc)
	return resp, br, nil
}

// holdBody replaces the body of a response by the beginning of it, in memory. When nothing has come for a while, it
// closes what the body comes from.
func holdBody(resp *http.Response, from io.Closer) {
	silence := time.AfterFunc(refusalSilence, func() { from.Close() })
	defer silence.Stop()
	body, _ := io.ReadAll(io.LimitReader(aliveReader{resp.Body, silence}, maxRefusalBody)) // what there is of it
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
}

// aliveReader puts off a timer whenever something has been read.
type aliveReader struct {
	r       io.Reader
	silence *time.Timer
}

// Read reads from r.
func (a aliveReader) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	a.silence.Reset(refusalSilence)
	return n, err
}

// boundedReader reads at most left bytes from r. It remembers the first error, which net/http's parser may replace by
// one about the line that was cut.
type boundedReader struct {
	r    io.Reader
	left int
	err  error
}

var errResponseTooLong = errors.New("the response is too long")

// Read reads from r.
func (b *boundedReader) Read(p []byte) (n int, err error) {
	if b.left <= 0 {
		err = errResponseTooLong
	} else {
		n, err = b.r.Read(p[:min(len(p), b.left)])
		b.left -= n
	}
	if b.err == nil {
		b.err = err
	}
	return n, err
}

// readResponse reads the head of a response from br, which reads from input, and skips those before it that only say
// that it will come: RFC 9110, Section 15.2, "A client MUST be able to parse one or more 1xx responses received prior
// to a final response".
func readResponse(br *bufio.Reader, input *boundedReader, request *http.Request) (*http.Response, error) {
	for range maxInterim + 1 {
		resp, err := http.ReadResponse(br, request)
		if err != nil && input.err != nil {
			err = input.err
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil && len(err.Error()) > maxShown {
			err = &silentError{shown(err.Error()), err} // it repeats the line that it cannot read
		}
		if err != nil || resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
	return nil, fmt.Errorf("over %d interim responses", maxInterim)
}
