// Package micro compares the parts of WebSocket libraries, without a kernel in between: frame headers, whole messages
// over a transport in memory, and the opening handshake.
package micro

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// transport is a net.Conn in memory. It delivers head by itself, then frame over and over, as much as a read asks
// for, and then io.EOF. What is written to it is counted.
type transport struct {
	head    string
	frame   []byte
	frames  int // still to come
	at      int // in frame
	written int // bytes
}

func (t *transport) Read(p []byte) (n int, err error) {
	if t.head != "" {
		n = copy(p, t.head)
		t.head = t.head[n:]
		return n, nil
	}
	for n < len(p) && t.frames > 0 {
		k := copy(p[n:], t.frame[t.at:])
		n, t.at = n+k, t.at+k
		if t.at == len(t.frame) {
			t.at, t.frames = 0, t.frames-1
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (t *transport) Write(p []byte) (int, error) {
	t.written += len(p)
	return len(p), nil
}

func (t *transport) Close() error                     { return nil }
func (t *transport) LocalAddr() net.Addr              { return addr{} }
func (t *transport) RemoteAddr() net.Addr             { return addr{} }
func (t *transport) SetDeadline(time.Time) error      { return nil }
func (t *transport) SetReadDeadline(time.Time) error  { return nil }
func (t *transport) SetWriteDeadline(time.Time) error { return nil }

type addr struct{}

func (addr) Network() string { return "memory" }
func (addr) String() string  { return "memory" }

// request is an opening handshake as a browser sends it.
const request = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\n" +
	"Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36\r\n" +
	"Upgrade: websocket\r\nOrigin: http://example.com\r\nSec-WebSocket-Version: 13\r\n" +
	"Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\nCookie: session=0123456789abcdef\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"

// parsed is request as net/http hands it to a handler.
func parsed() *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	if err != nil {
		panic(err) // the request is a constant
	}
	return r
}

// response is the http.ResponseWriter of a server whose connection is a transport. It can be hijacked again and again.
type response struct {
	header http.Header
	t      *transport
	rw     *bufio.ReadWriter
}

func newResponse(t *transport) *response {
	return &response{http.Header{}, t, bufio.NewReadWriter(bufio.NewReader(t), bufio.NewWriter(t))}
}

func (r *response) Header() http.Header         { return r.header }
func (r *response) Write(p []byte) (int, error) { return r.t.Write(p) }

// WriteHeader writes the response as net/http does. Some libraries leave that to it, others write to the connection.
func (r *response) WriteHeader(status int) {
	fmt.Fprintf(r.rw.Writer, "HTTP/1.1 %03d %s\r\n", status, http.StatusText(status))
	r.header.Write(r.rw.Writer)
	r.rw.Writer.WriteString("\r\n")
	r.rw.Writer.Flush()
}

func (r *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	clear(r.header)
	r.rw.Reader.Reset(r.t)
	r.rw.Writer.Reset(r.t)
	return r.t, r.rw, nil
}

// peer is a library under comparison. What it cannot do is nil.
type peer struct {
	name string

	// upgradeHTTP answers r in a handler of net/http.
	upgradeHTTP func(w http.ResponseWriter, r *http.Request) error
	// upgradeBytes reads a request from nc and answers it.
	upgradeBytes func(nc net.Conn) error
	// read reads messages until the transport ends, and returns how many.
	read func(t *transport) int
	// write writes n binary messages.
	write func(t *transport, p []byte, n int) error
}

var peers []peer
