package websocket

// This file holds the client's opening handshake: the library makes the request and decides about the response, the way to the
// server is found here, and in proxy.go.

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"time"

	ws "github.com/seed-d69ae1b7/websocket"
)

const (
	maxResponseHead = 64 << 10 // bytes
	maxRefusalBody  = 1024     // bytes of the body that comes with ErrBadHandshake

	defaultUserAgent = "Go-http-client/1.1" // net/http's, as gorilla's requests have it
)

// Dialer makes connections. Its methods may be called by several goroutines at once; the fields must not be changed meanwhile.
type Dialer struct {
	// NetDial, NetDialContext and NetDialTLSContext make the connection to the server, or to its proxy if there is one.
	// NetDialTLSContext is for one that TLS is spoken with, wss or an https proxy, and returns a connection on which its
	// handshake has been made. NetDialContext is for all others, and for all where that is nil; NetDial where both are.
	NetDial           func(network, addr string) (net.Conn, error)
	NetDialContext    func(ctx context.Context, network, addr string) (net.Conn, error)
	NetDialTLSContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// Proxy returns the proxy for a request, whose URL has the scheme http or https, or nil: an http, https, socks5 or
	// socks5h URL. A nil Proxy means none.
	Proxy func(*http.Request) (*url.URL, error)

	// TLSClientConfig is for the server, and for an https proxy, each with its own name.
	TLSClientConfig *tls.Config

	// HandshakeTimeout bounds all of Dial. 0 means no bound.
	HandshakeTimeout time.Duration

	// ReadBufferSize is the size in bytes of the buffer that a connection reads into, which bounds no message. 0 means 4096.
	// WriteBufferSize is how much of a message of NextWriter is sent in one frame; less than 32 KiB means that. What frames are
	// made in is shared by all connections.
	ReadBufferSize, WriteBufferSize int

	// WriteBufferPool is not used: see WriteBufferSize.
	WriteBufferPool BufferPool

	// Subprotocols are those that the client asks for, in the order of its preference.
	Subprotocols []string

	// EnableCompression offers permessage-deflate (RFC 7692), with context takeover.
	EnableCompression bool

	// Jar gives the cookies of the request and takes those of the response. It may be nil.
	Jar http.CookieJar
}

// DefaultDialer goes through the proxy that the environment names and takes at most 45 seconds. It is what a nil *Dialer is.
var DefaultDialer = &Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 45 * time.Second}

// nilDialer is DefaultDialer, whatever an application does to that.
var nilDialer = *DefaultDialer

// NewClient makes the opening handshake over netConn, which it closes if that fails.
//
// Deprecated: as in gorilla, use a Dialer.
func NewClient(netConn net.Conn, u *url.URL, requestHeader http.Header, readBufSize, writeBufSize int) (
	c *Conn, response *http.Response, err error,
) {
	d := Dialer{
		ReadBufferSize: readBufSize, WriteBufferSize: writeBufSize,
		NetDial: func(string, string) (net.Conn, error) { return netConn, nil },
	}
	return d.Dial(u.String(), requestHeader)
}

// Dial is DialContext without a context.
func (d *Dialer) Dial(urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	return d.DialContext(context.Background(), urlStr, requestHeader)
}

// DialContext connects to a ws or wss URL and makes the opening handshake; ctx bounds both. requestHeader holds further fields
// of the request, such as Origin, Cookie and, where d.Subprotocols is empty, Sec-WebSocket-Protocol. Host replaces that of the
// URL.
//
// When the response does not accept, the error is ErrBadHandshake, and the response is returned with the first 1024 bytes of
// its body. Otherwise it is nil on error. Its body need not be closed.
func (d *Dialer) DialContext(ctx context.Context, urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	if d == nil {
		d = &nilDialer
	}
	h, err := d.handshake(urlStr, requestHeader)
	if err != nil {
		return nil, nil, err
	}
	if d.HandshakeTimeout != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.HandshakeTimeout)
		defer cancel()
	}
	nc, err := d.connect(ctx, h.request)
	if err != nil {
		return nil, nil, err
	}
	c, resp, err := d.open(ctx, nc, h)
	if err != nil {
		nc.Close()
	}
	return c, resp, err
}

// opening is an opening handshake.
type opening struct {
	*ws.ClientHandshake
	request *http.Request // as Proxy sees it, which may change it, and as it is sent
	asked   []string      // subprotocols; the library takes only those that are tokens
}

// handshake prepares the opening handshake.
func (d *Dialer) handshake(rawURL string, header http.Header) (*opening, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.User != nil {
		return nil, errMalformedURL
	}
	u.Fragment, u.RawFragment = "", ""
	client := ws.Dialer{Jar: d.Jar}
	client.Compression = compression(d.EnableCompression)
	if client.Header, err = d.given(header); err != nil {
		return nil, err
	}
	h, err := client.Handshake(u.String())
	if err != nil {
		return nil, err
	}
	asked := d.asked(header)
	return &opening{h, request(h, header, asked), asked}, nil
}

// given returns the fields that the library is to put into the request: those of the caller, and a User-Agent.
func (d *Dialer) given(header http.Header) (http.Header, error) {
	given, agent := make(http.Header), false
	for name, values := range header {
		switch key := http.CanonicalHeaderKey(name); key {
		case "Connection", "Upgrade":
			return nil, errors.New("websocket: the request may not set " + key)
		case "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Content-Length":
			// They are about the request that an application passes on, and not about this one.
		case protocolField:
			if len(d.Subprotocols) > 0 {
				return nil, errors.New("websocket: subprotocols are asked for twice")
			}
		default:
			agent = agent || key == "User-Agent"
			given[name] = values
		}
	}
	if !agent {
		given.Set("User-Agent", defaultUserAgent)
	}
	return given, nil
}

// handshakeFields are as RFC 6455 spells them, and not as net/http does: there are servers that do not know one from the other.
var handshakeFields = [...]string{"Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions"}

// request returns the request to send, with the names of fields as they were given.
func request(h *ws.ClientHandshake, given http.Header, asked []string) *http.Request {
	r := h.Request()
	for _, name := range slices.AppendSeq(handshakeFields[:], maps.Keys(given)) {
		if key := http.CanonicalHeaderKey(name); key != name && r.Header[key] != nil {
			r.Header[name] = r.Header[key]
			delete(r.Header, key)
		}
	}
	if r.Header["User-Agent"] == nil {
		r.Header["User-Agent"] = []string{""} // the caller wants none; net/http would add its own
	}
	if len(asked) > 0 {
		r.Header["Sec-WebSocket-Protocol"] = []string{strings.Join(asked, ", ")}
	}
	return r
}

// asked returns the subprotocols that are asked for.
func (d *Dialer) asked(given http.Header) []string {
	if len(d.Subprotocols) > 0 {
		return d.Subprotocols
	}
	for name, values := range given {
		if http.CanonicalHeaderKey(name) == protocolField {
			return listed(values)
		}
	}
	return nil
}

// listed returns the elements of the lists in the values of a field.
func listed(values []string) []string {
	var list []string
	for _, v := range values {
		for _, element := range strings.Split(v, ",") {
			if element = strings.TrimSpace(element); element != "" {
				list = append(list, element)
			}
		}
	}
	return list
}

// connect returns a connection over which the opening handshake of that request can be made.
func (d *Dialer) connect(ctx context.Context, r *http.Request) (net.Conn, error) {
	secure := r.URL.Scheme == "https"
	server := hostPort(r.URL)
	var proxy *url.URL
	if d.Proxy != nil {
		var err error
		if proxy, err = d.Proxy(r); err != nil {
			return nil, err
		}
	}
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(server)
	}
	var nc net.Conn
	var err error
	if proxy == nil {
		nc, err = d.dial(ctx, secure, server, r.URL.Hostname())
	} else if nc, err = d.dialProxy(ctx, proxy, server); err == nil && secure {
		nc, err = d.startTLS(ctx, nc, r.URL.Hostname())
	}
	if err == nil && trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: nc})
	}
	return nc, err
}

// dial connects to a server or a proxy, with TLS if that is what it speaks.
func (d *Dialer) dial(ctx context.Context, secure bool, addr, host string) (net.Conn, error) {
	if secure && d.NetDialTLSContext != nil {
		return d.NetDialTLSContext(ctx, "tcp", addr)
	}
	nc, err := d.dialPlain(ctx, addr)
	if err != nil || !secure {
		return nc, err
	}
	return d.startTLS(ctx, nc, host)
}

// dialPlain connects without TLS.
func (d *Dialer) dialPlain(ctx context.Context, addr string) (net.Conn, error) {
	switch {
	case d.NetDialContext != nil:
		return d.NetDialContext(ctx, "tcp", addr)
	case d.NetDial != nil:
		return d.NetDial("tcp", addr)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// startTLS makes the handshake of TLS with the host of that name, and closes nc if it fails.
func (d *Dialer) startTLS(ctx context.Context, nc net.Conn, host string) (net.Conn, error) {
	cfg := new(tls.Config)
	if d.TLSClientConfig != nil {
		cfg = d.TLSClientConfig.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	tc := tls.Client(nc, cfg)
	err := tc.HandshakeContext(ctx)
	if trace != nil && trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(tc.ConnectionState(), err)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return tc, nil
}

// hostPort returns the address of the host of a URL.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// open makes the opening handshake over nc.
func (d *Dialer) open(ctx context.Context, nc net.Conn, h *opening) (*Conn, *http.Response, error) {
	trace := httptrace.ContextClientTrace(ctx)
	var resp *http.Response
	var br *bufio.Reader
	err := bounded(ctx, nc, func() (err error) {
		resp, br, err = exchange(nc, h.request, trace)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	agreed, err := h.check(resp)
	if err != nil {
		var body []byte
		bounded(ctx, nc, func() (err error) {
			body, err = io.ReadAll(io.LimitReader(resp.Body, maxRefusalBody))
			return err
		})
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return nil, resp, ErrBadHandshake
	}
	resp.Body = http.NoBody
	early, _ := br.Peek(br.Buffered())
	return newConn(nc, true, agreed, early, sizes{d.ReadBufferSize, d.WriteBufferSize}), resp, nil
}

// check decides about a response: the library does, but for the subprotocol.
func (h *opening) check(resp *http.Response) (ws.Agreement, error) {
	chosen := resp.Header[protocolField]
	delete(resp.Header, protocolField)
	agreed, err := h.Check(resp)
	if len(chosen) > 0 {
		resp.Header[protocolField] = chosen
		// RFC 6455, Section 4.1: "this header field indicates the use of a subprotocol that was not present in the client's
		// handshake [...] the client MUST _Fail the WebSocket Connection_."
		if agreed.Subprotocol = chosen[0]; !slices.Contains(h.asked, chosen[0]) {
			err = ErrBadHandshake
		}
	}
	return agreed, err
}

// exchange sends a request and reads the head of the response.
func exchange(nc net.Conn, r *http.Request, trace *httptrace.ClientTrace) (*http.Response, *bufio.Reader, error) {
	var out bytes.Buffer
	if err := r.Write(&out); err != nil {
		return nil, nil, err
	}
	_, err := nc.Write(out.Bytes())
	if trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
	}
	if err != nil {
		return nil, nil, err
	}
	br := bufio.NewReader(io.LimitReader(nc, maxResponseHead+maxRefusalBody))
	if trace != nil && trace.GotFirstResponseByte != nil {
		if _, err := br.Peek(1); err == nil {
			trace.GotFirstResponseByte()
		}
	}
	resp, err := http.ReadResponse(br, r)
	return resp, br, err
}

// bounded calls f, which reads from nc and writes to it, and interrupts it when ctx ends.
func bounded(ctx context.Context, nc net.Conn, f func() error) error {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		nc.SetDeadline(time.Unix(1, 0))
	})
	err := f()
	if !stop() {
		<-interrupted
		nc.SetDeadline(time.Time{})
		if err != nil {
			return context.Cause(ctx)
		}
	}
	return err
}
