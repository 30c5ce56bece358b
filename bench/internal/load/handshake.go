//go:build linux

package load

// This file holds the opening handshake: one request of constant bytes, one response that must be right.

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

const (
	// The key and its answer are the example of RFC 6455, Section 1.3.
	request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	acceptKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

	// No context takeover, because that is what all of the libraries can do.
	deflateOffer  = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
	takeoverOffer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
)

// connect opens a blocking TCP connection to addr, from source unless that is the zero Addr.
func connect(source netip.Addr, addr netip.AddrPort) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("load: socket: %w", err)
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10}))
	if err == nil && source.IsValid() {
		err = errors.Join(
			unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1), // connect chooses the port
			unix.Bind(fd, &unix.SockaddrInet4{Addr: source.As4()}))
	}
	err = errors.Join(err,
		unix.Connect(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}))
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("load: connecting to %v: %w", addr, err)
	}
	return fd, nil
}

// Dial opens a connection from the address source to a server of WebSocket at addr, without compression. It returns the socket, which
// blocks. From one source to one addr, some 14,000 connections are quick to open: the kernel searches longer and longer for a
// port for more.
func Dial(source netip.Addr, addr netip.AddrPort) (fd int, err error) {
	if fd, err = connect(source, addr); err != nil {
		return -1, err
	}
	if err := handshake(blocking(fd), wire.Shape{}); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// blocking is a socket that blocks.
type blocking int

func (fd blocking) Write(p []byte) (int, error) { return unix.Write(int(fd), p) }

func (fd blocking) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(int(fd), p)
		if errors.Is(err, unix.EINTR) {
			continue // a read with a timeout is not restarted after a signal
		}
		return n, err
	}
}

// handshake upgrades a connection, which blocks.
func handshake(rw io.ReadWriter, shape wire.Shape) error {
	out := request
	switch {
	case shape.Takeover:
		out += takeoverOffer
	case shape.Deflate:
		out += deflateOffer
	}
	if _, err := io.WriteString(rw, out+"\r\n"); err != nil {
		return fmt.Errorf("load: sending the handshake: %w", err)
	}
	var response []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(response, []byte("\r\n\r\n")) {
		n, err := rw.Read(buf)
		if n <= 0 {
			return fmt.Errorf("load: handshake response ends after %q: %w", response, err)
		}
		response = append(response, buf[:n]...)
	}
	return checkResponse(response, shape)
}

// checkResponse makes sure that the server speaks what the benchmark is about to measure.
func checkResponse(b []byte, shape wire.Shape) error {
	rest := bufio.NewReader(bytes.NewReader(b))
	r, err := http.ReadResponse(rest, nil)
	if err != nil {
		return fmt.Errorf("load: handshake response %q: %w", b, err)
	}
	extensions := r.Header.Get("Sec-WebSocket-Extensions")
	switch {
	case r.StatusCode != http.StatusSwitchingProtocols || r.Header.Get("Sec-WebSocket-Accept") != acceptKey:
		return fmt.Errorf("load: handshake refused: %q", b)
	case (extensions != "") != shape.Deflate:
		return fmt.Errorf("load: extensions %q negotiated, permessage-deflate wanted: %v", extensions, shape.Deflate)
	case shape.Takeover && strings.Contains(extensions, "_no_context_takeover"):
		return fmt.Errorf("load: %q: no context takeover", extensions)
	case shape.Deflate && !shape.Takeover && !strings.Contains(extensions, "server_no_context_takeover"):
		return fmt.Errorf("load: %q: the server keeps its context, which the others are not asked to", extensions)
	case rest.Buffered() != 0:
		return fmt.Errorf("load: %d bytes behind the handshake response", rest.Buffered())
	}
	return nil
}
