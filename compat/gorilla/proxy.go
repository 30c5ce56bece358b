package websocket

// This file holds the way through a proxy: HTTP CONNECT (RFC 9110, Section 9.3.6), plain or over TLS, and SOCKS5 (RFC 1928,
// and RFC 1929 for the password).

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
)

// dialProxy returns a connection to addr, a host and port, through a proxy.
func (d *Dialer) dialProxy(ctx context.Context, proxy *url.URL, addr string) (net.Conn, error) {
	var through func(net.Conn) error
	switch proxy.Scheme {
	case "http", "https":
		through = func(nc net.Conn) error { return connectHTTP(nc, proxy.User, addr) }
	case "socks5", "socks5h":
		through = func(nc net.Conn) error { return connectSOCKS(nc, proxy.User, addr) }
	default:
		return nil, fmt.Errorf("websocket: proxy of an unknown scheme: %q", proxy.Scheme)
	}
	nc, err := d.dial(ctx, proxy.Scheme == "https", hostPort(proxy), proxy.Hostname())
	if err != nil {
		return nil, err
	}
	if err := bounded(ctx, nc, func() error { return through(nc) }); err != nil {
		nc.Close()
		return nil, err
	}
	return nc, nil
}

// connectHTTP asks an HTTP proxy for a connection to addr.
func connectHTTP(nc net.Conn, user *url.Userinfo, addr string) error {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: make(http.Header)}
	if user != nil {
		password, _ := user.Password()
		credentials := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		r.Header.Set("Proxy-Authorization", "Basic "+credentials)
	}
	resp, br, err := exchange(nc, r, nil)
	switch {
	case err != nil:
		return fmt.Errorf("websocket: response of the proxy: %w", err)
	case resp.StatusCode != http.StatusOK:
		return errors.New(resp.Status)
	case br.Buffered() > 0:
		return errors.New("websocket: the proxy sends before the server is asked")
	}
	return nil
}

// The numbers of SOCKS5.
const (
	socksVersion  = 5
	socksConnect  = 1
	socksNoAuth   = 0
	socksPassword = 2
	socksDomain   = 3
)

// socksAddress says how long an address of each type is, without its port.
var socksAddress = map[byte]int{1: net.IPv4len, 4: net.IPv6len}

var errSOCKS = errors.New("websocket: the answer of the proxy is not SOCKS5")

// connectSOCKS asks a SOCKS5 proxy for a connection to addr, and reads no byte behind its answer.
func connectSOCKS(nc net.Conn, user *url.Userinfo, addr string) error {
	request, err := socksRequest(addr)
	if err != nil {
		return err
	}
	if err := authenticateSOCKS(nc, user); err != nil {
		return err
	}
	// RFC 1928, Section 6: version, reply, reserved, type of address, address, port.
	reply, err := ask(nc, request, 4)
	switch {
	case err != nil:
		return fmt.Errorf("websocket: failed to read connect reply from SOCKS5 proxy: %w", err) // go-libp2p looks for this
	case reply[0] != socksVersion:
		return errSOCKS
	case reply[1] != 0:
		return fmt.Errorf("websocket: the SOCKS5 proxy refuses with code %d", reply[1])
	}
	length, known := socksAddress[reply[3]]
	if reply[3] == socksDomain {
		b, err := ask(nc, nil, 1)
		if err != nil {
			return err
		}
		length, known = int(b[0]), true
	}
	if !known {
		return errSOCKS
	}
	_, err = ask(nc, nil, length+2)
	return err
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
	ip := net.ParseIP(host)
	switch {
	case ip.To4() != nil:
		request = append(append(request, 1), ip.To4()...)
	case ip != nil:
		request = append(append(request, 4), ip...)
	case len(host) > 255:
		return nil, errors.New("websocket: host name is too long for SOCKS5")
	default:
		request = append(append(request, socksDomain, byte(len(host))), host...)
	}
	return append(request, byte(port>>8), byte(port)), nil
}

// authenticateSOCKS agrees on a method of authentication (RFC 1928, Section 3) and performs it.
func authenticateSOCKS(nc net.Conn, user *url.Userinfo) error {
	hello := []byte{socksVersion, 1, socksNoAuth}
	if user != nil {
		hello = []byte{socksVersion, 2, socksNoAuth, socksPassword}
	}
	choice, err := ask(nc, hello, 2)
	switch {
	case err != nil:
		return err
	case choice[0] != socksVersion:
		return errSOCKS
	case choice[1] == socksNoAuth:
		return nil
	case choice[1] != socksPassword || user == nil:
		return errors.New("websocket: the SOCKS5 proxy wants another authentication")
	}
	name := user.Username()
	password, _ := user.Password()
	// RFC 1929, Section 2: both lengths are one byte, from 1 to 255.
	if len(name) > 255 || name == "" || len(password) > 255 || password == "" {
		return errors.New("websocket: SOCKS5 takes names and passwords of 1 to 255 bytes")
	}
	request := append([]byte{1, byte(len(name))}, name...)
	request = append(append(request, byte(len(password))), password...)
	granted, err := ask(nc, request, 2)
	if err == nil && granted[1] != 0 {
		err = errors.New("websocket: the SOCKS5 proxy refuses the password")
	}
	return err
}

// ask sends a request and reads n bytes of the answer.
func ask(nc net.Conn, request []byte, n int) ([]byte, error) {
	if len(request) > 0 {
		if _, err := nc.Write(request); err != nil {
			return nil, err
		}
	}
	answer := make([]byte, n)
	_, err := io.ReadFull(nc, answer)
	return answer, err
}
