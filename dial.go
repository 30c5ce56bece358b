package websocket

// This file holds Dialer, the client's role in the opening handshake: from a URL to a Conn. What the request and the
// response must be like stands in handshake.go, the way through proxies in proxy.go.

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The bounds of what a server may answer.
const (
	maxResponseHead = 16 << 10 // bytes, of all heads together
	maxInterim      = 5        // 1xx responses before the real one
	maxRefusalBody  = 1024     // bytes that Dial keeps of the body of a response that is not 101
	maxRefusalWire  = 16 << 10 // bytes that it reads for them, which may come in tiny chunks
)

// Dialer makes connections. The zero value is ready. Its methods may be called by several goroutines at once. The fields
// must not be changed once it has made a connection, which goes on to use its Options; change a copy.
type Dialer struct {
	Options

	// Subprotocols are those that the client asks for, in the order of its preference. The server may choose one of
	// them or none: see Conn.Subprotocol.
	Subprotocols []string

	// Header holds further fields of the request, such as Origin, Authorization or Cookie; a Host replaces that of the
	// URL. Those that belong to the handshake or to HTTP's own connection are errors.
	Header http.Header

	// Jar, if not nil, gives the cookies of the request and takes those of the response. It is asked with the URL's
	// scheme changed to http or https.
	Jar http.CookieJar

	// TLS configures wss. nil means the defaults. The server's name is that of the URL unless given; the protocol is
	// always http/1.1. The same configuration, but for the name, is used with an HTTPS proxy.
	TLS *tls.Config

	// Proxy returns the proxy for a request, or nil for none: an http, https, socks5 or socks5h URL, with credentials
	// if it needs them. The URL of the request given has the scheme http or https. nil means
	// http.ProxyFromEnvironment. Names are resolved by the proxy.
	Proxy func(*http.Request) (*url.URL, error)

	// ProxyHeader holds further fields of the CONNECT request to an HTTP proxy.
	ProxyHeader http.Header

	// DialContext makes the connection to the server, or to its proxy. nil means that of a net.Dialer.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Dial connects to a URL with the zero Dialer. See Dialer.Dial.
func Dial(ctx context.Context, url string) (*Conn, *http.Response, error) {
	return new(Dialer).Dial(ctx, url)
}

// Dial connects to a ws or wss URL (http and https mean the same) and makes the opening handshake. It does not follow
// redirects. ctx bounds all of it, beside HandshakeTimeout, and has no effect once Dial has returned; Conn.Context
// shows its values.
//
// When the server, or what answers in its place, does not accept, the error is a *HandshakeError with the status, and
// the response is returned with at most the first 1024 bytes of its body, which can be read although the connection
// has been closed. Otherwise the response is nil on error. Its body never needs to be closed.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*Conn, *http.Response, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, nil, err
	}
	base := ctx
	if t := orDefault(d.HandshakeTimeout, DefaultHandshakeTimeout); t > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t)
		defer cancel()
	}
	c, resp, err := d.dial(ctx, base, u)
	if err != nil && resp == nil && ctx.Err() != nil {
		err = context.Cause(ctx) // whatever it made fail first
	}
	if err != nil {
		if _, refused := err.(*HandshakeError); !refused {
			err = fmt.Errorf("websocket: dial ws%s: %w", strings.TrimPrefix(u.Redacted(), "http"), err)
		}
		return nil, resp, err
	}
	return c, resp, nil
}

// dial makes a connection within ctx. base is for Conn.Context.
func (d *Dialer) dial(ctx, base context.Context, u *url.URL) (*Conn, *http.Response, error) {
	var nonce [16]byte
	rand.Read(nonce[:])
	key := base64.StdEncoding.EncodeToString(nonce[:])
	request, err := d.appendRequest(nil, u, key)
	if err != nil {
		return nil, nil, err
	}
	nc, err := d.connect(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	deadline := boundHandshake(ctx, nc, time.Time{})
	resp, buffered, err := exchange(nc, request)
	config := connConfig{client: true, options: &d.Options, buffered: buffered, base: base}
	if err == nil {
		if d.Jar != nil {
			d.Jar.SetCookies(u, resp.Cookies())
		}
		config.agreement, err = d.judge(resp, key)
	}
	if ended := deadline.release(); err == nil {
		err = ended
		if ended != nil {
			resp = nil
		}
	}
	if err != nil {
		nc.Close()
		return nil, resp, err
	}
	return newConn(nc, config), resp, nil
}

// judge decides about a response, and returns what it says about the connection.
func (d *Dialer) judge(resp *http.Response, key string) (Agreement, error) {
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return Agreement{}, &HandshakeError{Status: resp.StatusCode, Reason: "the server answered " + resp.Status}
	}
	agreed, refusal := checkResponse(resp, key, d.Subprotocols, d.Compression)
	if refusal != nil {
		return Agreement{}, refusal
	}
	return agreed, nil
}

// parseURL reads the URL of a server (RFC 6455, Section 3) and returns it with the scheme http or https.
func parseURL(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		var inner *url.Error // its text repeats the URL, with the password
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("websocket: malformed URL: %w", err)
	}
	switch u.Scheme {
	case "ws", "http":
		u.Scheme = "http"
	case "wss", "https":
		u.Scheme = "https"
	default:
		return nil, fmt.Errorf("websocket: URL with scheme %q instead of ws or wss", u.Scheme)
	}
	// RFC 6455, Section 3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used
	// on these URIs."
	if strings.Contains(rawURL, "#") {
		return nil, errors.New("websocket: URL with a fragment")
	}
	if u.Hostname() == "" {
		return nil, errors.New("websocket: URL without a host")
	}
	for i := range len(u.Host) {
		if u.Host[i] >= 0x7F {
			return nil, errors.New("websocket: URL with a host that is not ASCII; international names must be in punycode")
		}
	}
	if !isTarget(u.RequestURI()) {
		return nil, errors.New("websocket: URL with a query that is not percent-encoded")
	}
	return u, nil
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

// appendRequest appends the opening handshake of RFC 6455, Section 4.1.
func (d *Dialer) appendRequest(dst []byte, u *url.URL, key string) ([]byte, error) {
	h, host, err := d.requestHeader(u)
	if err != nil {
		return dst, err
	}
	for _, p := range d.Subprotocols {
		// RFC 6455, Section 4.1: "non-empty strings with characters in the range U+0021 to U+007E not including
		// separator characters".
		if !isToken(p) {
			return dst, fmt.Errorf("subprotocol %q is not a token", p)
		}
	}
	dst = append(append(append(dst, "GET "...), u.RequestURI()...), " HTTP/1.1\r\n"...)
	dst = appendField(dst, "Host", host)
	dst = appendField(dst, "Upgrade", "websocket")
	dst = appendField(dst, "Connection", "Upgrade")
	dst = appendField(dst, ownFields[fieldKey], key)
	dst = appendField(dst, ownFields[fieldVersion], "13")
	if len(d.Subprotocols) > 0 {
		dst = appendField(dst, ownFields[fieldProtocol], strings.Join(d.Subprotocols, ", "))
	}
	if d.Compression != nil {
		if err := d.Compression.Validate(); err != nil {
			return dst, err
		}
		dst = append(d.Compression.AppendOffer(append(dst, ownFields[fieldExtensions]+": "...)), "\r\n"...)
	}
	return append(appendHeader(dst, h), "\r\n"...), nil
}

// requestHeader returns the fields that are not the handshake's own, and the value of Host.
func (d *Dialer) requestHeader(u *url.URL) (h http.Header, host string, err error) {
	if h, err = copyHeader(d.Header); err != nil {
		return nil, "", err
	}
	if host = h.Get("Host"); host == "" {
		host = hostField(u)
	}
	h.Del("Host")
	if u.User != nil && h.Get("Authorization") == "" {
		h.Set("Authorization", basicAuth(u.User))
	}
	if d.Jar != nil {
		r := http.Request{Header: h}
		for _, cookie := range d.Jar.Cookies(u) {
			r.AddCookie(cookie)
		}
	}
	return h, host, nil
}

// hostField returns the value of Host for a URL.
func hostField(u *url.URL) string {
	name, port := u.Hostname(), u.Port()
	if strings.Contains(name, ":") {
		name, _, _ = strings.Cut(name, "%") // RFC 6874, Section 4: a zone means nothing to the server
		name = "[" + name + "]"
	}
	// RFC 6455, Section 4.1: "/host/ plus optionally ":" followed by /port/ (when not using the default port)".
	if port == "" || port == defaultPorts[u.Scheme] {
		return name
	}
	return name + ":" + port
}

// copyHeader returns a copy of the fields that a caller wants to send, or an error if it may not send one of them.
func copyHeader(h http.Header) (http.Header, error) {
	out := make(http.Header, len(h))
	for name, values := range h {
		if !isToken(name) {
			return nil, fmt.Errorf("header field name %q is not a token", name)
		}
		if isReserved(name) {
			return nil, fmt.Errorf("header field %s may not be set", name)
		}
		for _, v := range values {
			if !isFieldValue(v) {
				return nil, fmt.Errorf("value of header field %s has control characters", name)
			}
			out.Add(name, v)
		}
	}
	return out, nil
}

// appendHeader appends the lines of h, in the order of their names.
func appendHeader(dst []byte, h http.Header) []byte {
	b := bytes.NewBuffer(dst)
	h.Write(b) // to memory: it does not fail
	return b.Bytes()
}

// basicAuth returns the value of Authorization for credentials in a URL (RFC 7617).
func basicAuth(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// connect makes a connection on which the server's HTTP is spoken: through the proxy, if any, and TLS for wss.
func (d *Dialer) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	proxy := d.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	via, err := proxy(&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}})
	if err != nil {
		return nil, fmt.Errorf("choosing a proxy: %w", err)
	}
	var nc net.Conn
	if via == nil {
		nc, err = d.dialTCP(ctx, address(u))
	} else if nc, err = d.dialProxy(ctx, via, address(u)); err != nil {
		err = fmt.Errorf("proxy %s: %w", via.Redacted(), err)
	}
	if err != nil || u.Scheme == "http" {
		return nc, err
	}
	return d.startTLS(ctx, nc, u.Hostname(), d.TLS)
}

// dialTCP connects to an address.
func (d *Dialer) dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	if d.DialContext != nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// startTLS makes a TLS connection of nc, which it closes on error.
func (d *Dialer) startTLS(ctx context.Context, nc net.Conn, host string, cfg *tls.Config) (net.Conn, error) {
	cfg = cfg.Clone()
	if cfg == nil {
		cfg = new(tls.Config)
	}
	// RFC 6455, Section 4.1: "Clients MUST use the Server Name Indication extension in the TLS handshake".
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	cfg.NextProtos = []string{"http/1.1"}
	tc := tls.Client(nc, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return tc, nil
}

// exchange sends a request and reads the response to it, with what the server has sent behind a 101. The body of any
// other response is cut short and held in memory.
func exchange(nc net.Conn, request []byte) (_ *http.Response, buffered []byte, _ error) {
	if _, err := nc.Write(request); err != nil {
		return nil, nil, fmt.Errorf("sending the request: %w", err)
	}
	input := &boundedReader{r: nc, left: maxResponseHead}
	br := bufio.NewReader(input)
	resp, err := readResponse(br, input, nil)
	if err != nil {
		return nil, nil, &HandshakeError{Reason: "the response could not be read", Err: err}
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		buffered, _ = br.Peek(br.Buffered())
		resp.Body = http.NoBody
		return resp, buffered, nil
	}
	input.left = maxRefusalWire
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusalBody)) // what there is of it
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil, nil
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
		if err != nil || resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
	return nil, fmt.Errorf("over %d interim responses", maxInterim)
}
