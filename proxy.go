//go:build !js

package websocket

// This file holds the client's way through a proxy: HTTP CONNECT (RFC 9110, Section 9.3.6), plain or over TLS, and
// SOCKS5 (RFC 1928, and RFC 1929 for the password).

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ProxyError is wrapped by the error of Dial for everything that went wrong at a proxy: that it could not be reached, or
// that it refused. What the server said in its place is never wrapped in one.
type ProxyError struct {
	URL string // of the proxy, without credentials
	Err error  // the cause: a *HandshakeError with the status if an HTTP proxy has answered, with its response beside it
}

// Error names the proxy and the cause.
func (e *ProxyError) Error() string {
	return "websocket: proxy " + e.URL + ": " + strings.TrimPrefix(e.Err.Error(), "websocket: ")
}

// Unwrap returns Err.
func (e *ProxyError) Unwrap() error { return e.Err }

// silentError stands for an error whose text must not be shown.
type silentError struct {
	text string
	err  error
}

func (e *silentError) Error() string { return e.text }
func (e *silentError) Unwrap() error { return e.err }

// chooseProxy returns the proxy for the server with that URL, or nil.
func (d *Dialer) chooseProxy(u *url.URL) (*url.URL, error) {
	proxy := d.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	via, err := proxy(&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}})
	if err != nil && strings.Contains(err.Error(), "@") {
		// It repeats what it could not parse, with the password: that of http.ProxyFromEnvironment does.
		err = &silentError{"malformed URL", err}
	}
	return via, err
}

// shownProxy returns the URL of a proxy as it may stand in an error.
func shownProxy(u *url.URL) string { return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String() }

// dialProxy returns a connection to addr, a host and port, through a proxy, or the response of an HTTP proxy that
// refuses.
func (d *Dialer) dialProxy(ctx context.Context, proxy *url.URL, addr string) (net.Conn, *http.Response, error) {
	var open func(net.Conn) (*http.Response, error)
	switch proxy.Scheme {
	case "http", "https":
		request, err := d.connectRequest(proxy, addr)
		if err != nil {
			return nil, nil, err
		}
		open = func(nc net.Conn) (*http.Response, error) { return openTunnel(nc, request, d.responseHead()) }
	case "socks5", "socks5h":
		open = func(nc net.Conn) (*http.Response, error) { return nil, openSOCKS(nc, proxy.User, addr) }
	default:
		return nil, nil, fmt.Errorf("scheme %q is not supported", proxy.Scheme)
	}
	nc, err := d.dialTCP(ctx, address(proxy))
	if err != nil {
		return nil, nil, err
	}
	if proxy.Scheme == "https" {
		var cfg *tls.Config
		if d.TLS != nil {
			cfg = d.TLS.Clone()
			cfg.ServerName = "" // it is the server's, not the proxy's
		}
		if nc, err = startTLS(ctx, nc, proxy.Hostname(), cfg, http1); err != nil {
			return nil, nil, err
		}
	}
	deadline := boundHandshake(ctx, nc, time.Time{})
	resp, err := open(nc)
	if ended := deadline.release(); err == nil {
		err = ended
	}
	if err != nil {
		nc.Close()
		return nil, resp, err
	}
	return nc, nil, nil
}

// connectRequest returns the request that asks an HTTP proxy for a tunnel to addr.
func (d *Dialer) connectRequest(proxy *url.URL, addr string) ([]byte, error) {
	fields, err := givenFields(d.ProxyHeader)
	if err != nil {
		return nil, err
	}
	if proxy.User != nil && !hasField(fields, "Proxy-Authorization") {
		fields = append(fields, field{"Proxy-Authorization", basicAuth(proxy.User)})
	}
	_, fields = takeField(fields, "Host")
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	addr = net.JoinHostPort(withoutZone(host), port)
	request := fmt.Appendf(nil, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", addr, addr)
	return append(appendLines(request, sortFields(withUserAgent(fields))), "\r\n"...), nil
}

// openTunnel asks an HTTP proxy for a tunnel. It returns the response if the proxy refuses.
func openTunnel(nc net.Conn, request []byte, maxHead int) (*http.Response, error) {
	opened := func(status int) bool { return status/100 == 2 }
	resp, br, err := exchange(nc, request, &http.Request{Method: http.MethodConnect}, maxHead, opened)
	if err != nil {
		return nil, err
	}
	if !opened(resp.StatusCode) {
		return resp, &HandshakeError{Status: resp.StatusCode, Reason: "the proxy answered " + shownStatus(resp)}
	}
	// The server waits for the client, under HTTP and under TLS: bytes that come first are not the server's.
	if br.Buffered() > 0 {
		return nil, errors.New("unexpected bytes behind the response to CONNECT")
	}
	return nil, nil
}

// The numbers of SOCKS5.
const (
	socksVersion      = 5
	socksNoAuth       = 0
	socksPassword     = 2
	socksConnect      = 1
	socksIPv4         = 1
	socksDomain       = 3
	socksIPv6         = 4
	socksAuthVersion  = 1 // of RFC 1929
	socksMaxLength    = 255
	socksReplyMinimum = 4 // bytes before the address
)

var errSOCKS = errors.New("the answer is not SOCKS5")

// openSOCKS asks a SOCKS5 proxy for a connection to addr. It reads not one byte more than the proxy's answers.
func openSOCKS(nc net.Conn, user *url.Userinfo, addr string) error {
	request, err := socksRequest(addr)
	if err != nil {
		return err
	}
	if err := authenticateSOCKS(nc, user); err != nil {
		return err
	}
	if _, err := nc.Write(request); err != nil {
		return err
	}
	// RFC 1928, Section 6: version, reply, reserved, type of address, address, port.
	var buf [socksMaxLength + 2]byte
	reply := buf[:socksReplyMinimum]
	if err := readSOCKS(nc, reply); err != nil {
		return err
	}
	if code := reply[1]; code != 0 {
		return errors.New(socksReply(code))
	}
	var n int
	switch reply[3] {
	case socksIPv4:
		n = 4
	case socksIPv6:
		n = 16
	case socksDomain:
		if _, err := io.ReadFull(nc, buf[:1]); err != nil {
			return err
		}
		n = int(buf[0])
	default:
		return errSOCKS
	}
	_, err = io.ReadFull(nc, buf[:n+2])
	return err
}

// readSOCKS fills p with an answer, which begins with the version.
func readSOCKS(nc net.Conn, p []byte) error {
	if _, err := io.ReadFull(nc, p); err != nil {
		return err
	}
	if p[0] != socksVersion {
		return errSOCKS
	}
	return nil
}

// authenticateSOCKS agrees on a method of authentication (RFC 1928, Section 3) and performs it.
func authenticateSOCKS(nc net.Conn, user *url.Userinfo) error {
	hello := []byte{socksVersion, 1, socksNoAuth}
	if user != nil {
		hello = []byte{socksVersion, 2, socksNoAuth, socksPassword}
	}
	if _, err := nc.Write(hello); err != nil {
		return err
	}
	var choice [2]byte
	if err := readSOCKS(nc, choice[:]); err != nil {
		return err
	}
	switch {
	case choice[1] == socksNoAuth:
		return nil
	case choice[1] != socksPassword || user == nil:
		return errors.New("no acceptable method of authentication")
	}
	name := user.Username()
	password, _ := user.Password()
	// RFC 1929, Section 2: both lengths are one byte, from 1 to 255.
	if name == "" || len(name) > socksMaxLength || password == "" || len(password) > socksMaxLength {
		return errors.New("SOCKS5 needs a user name and a password of 1 to 255 bytes")
	}
	request := append([]byte{socksAuthVersion, byte(len(name))}, name...)
	request = append(append(request, byte(len(password))), password...)
	if _, err := nc.Write(request); err != nil {
		return err
	}
	if _, err := io.ReadFull(nc, choice[:]); err != nil {
		return err
	}
	if choice[1] != 0 {
		return errors.New("user name or password refused")
	}
	return nil
}

// socksRequest returns the request for a connection to addr (RFC 1928, Section 4).
func socksRequest(addr string) ([]byte, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	request := []byte{socksVersion, socksConnect, 0}
	if ip, err := netip.ParseAddr(host); err == nil {
		kind := byte(socksIPv6)
		if ip = ip.WithZone("").Unmap(); ip.Is4() {
			kind = socksIPv4
		}
		request = append(append(request, kind), ip.AsSlice()...)
	} else if len(host) <= socksMaxLength {
		request = append(append(request, socksDomain, byte(len(host))), host...)
	} else {
		return nil, errors.New("SOCKS5 takes host names of at most 255 bytes")
	}
	return append(request, byte(port>>8), byte(port)), nil
}

// socksReply names the reason of a refusal (RFC 1928, Section 6).
func socksReply(code byte) string {
	names := [...]string{
		1: "general failure", "not allowed by the rules", "network unreachable", "host unreachable",
		"connection refused", "TTL expired", "command not supported", "address type not supported",
	}
	if int(code) < len(names) {
		return "SOCKS5: " + names[code]
	}
	return "SOCKS5: reply " + strconv.Itoa(int(code))
}
