package websocket

// This file holds the client's way through a proxy: HTTP CONNECT (RFC 9110, Section 9.3.6), plain or over TLS, and
// SOCKS5 (RFC 1928, and RFC 1929 for the password). Which proxy to use is decided in dial.go.

import (
	"bufio"
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
	"time"
)

// dialProxy returns a connection to addr, a host and port, through a proxy.
func (d *Dialer) dialProxy(ctx context.Context, proxy *url.URL, addr string) (net.Conn, error) {
	var open func(net.Conn) error
	switch proxy.Scheme {
	case "http", "https":
		request, err := d.connectRequest(proxy, addr)
		if err != nil {
			return nil, err
		}
		open = func(nc net.Conn) error { return openTunnel(nc, request) }
	case "socks5", "socks5h":
		open = func(nc net.Conn) error { return openSOCKS(nc, proxy.User, addr) }
	default:
		return nil, fmt.Errorf("scheme %q is not supported", proxy.Scheme)
	}
	nc, err := d.dialTCP(ctx, address(proxy))
	if err != nil {
		return nil, err
	}
	if proxy.Scheme == "https" {
		var cfg *tls.Config
		if d.TLS != nil {
			cfg = d.TLS.Clone()
			cfg.ServerName = "" // it is the server's, not the proxy's
		}
		if nc, err = d.startTLS(ctx, nc, proxy.Hostname(), cfg); err != nil {
			return nil, err
		}
	}
	deadline := boundHandshake(ctx, nc, time.Time{})
	err = open(nc)
	if ended := deadline.release(); err == nil {
		err = ended
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return nc, nil
}

// connectRequest returns the request that asks an HTTP proxy for a tunnel to addr.
func (d *Dialer) connectRequest(proxy *url.URL, addr string) ([]byte, error) {
	h, err := copyHeader(d.ProxyHeader)
	if err != nil {
		return nil, err
	}
	if proxy.User != nil && h.Get("Proxy-Authorization") == "" {
		h.Set("Proxy-Authorization", basicAuth(proxy.User))
	}
	h.Del("Host")
	request := fmt.Appendf(nil, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", addr, addr)
	return append(appendHeader(request, h), "\r\n"...), nil
}

// openTunnel asks an HTTP proxy for a tunnel.
func openTunnel(nc net.Conn, request []byte) error {
	if _, err := nc.Write(request); err != nil {
		return err
	}
	input := &boundedReader{r: nc, left: maxResponseHead}
	br := bufio.NewReader(input)
	resp, err := readResponse(br, input, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return fmt.Errorf("reading the response to CONNECT: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		return &HandshakeError{Status: resp.StatusCode, Reason: "the proxy answered " + resp.Status}
	}
	// The server waits for the client, under HTTP and under TLS: bytes that come first are not the server's.
	if br.Buffered() > 0 {
		return errors.New("unexpected bytes behind the response to CONNECT")
	}
	return nil
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
