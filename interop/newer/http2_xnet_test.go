//go:build !go1.27

package newer

//lint:file-ignore SA1019 net/http's own client does not send a field named :protocol

// This file is x/net's client of HTTP/2, which from Go 1.27 on is net/http's and cannot open a stream.

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

func init() {
	foreign["x/net"] = func(t *testing.T, config *tls.Config) opener {
		transport := &http2.Transport{TLSClientConfig: config, DisableCompression: true}
		t.Cleanup(transport.CloseIdleConnections)
		return func(ctx context.Context, r *http.Request) (stream, *http.Response, error) {
			return openXNet(ctx, transport, r)
		}
	}
}

// openXNet sends an extended CONNECT. The request lasts as long as the stream, and no longer than a handshake that fails.
func openXNet(ctx context.Context, transport *http2.Transport, r *http.Request) (stream, *http.Response, error) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	body, out := io.Pipe()
	r = r.WithContext(lasting)
	r.Body = body
	resp, err := transport.RoundTrip(r)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	return &xnetStream{Reader: resp.Body, PipeWriter: out, in: resp.Body, over: cancel}, resp, nil
}

// xnetStream is a stream. It has no deadlines.
type xnetStream struct {
	io.Reader
	*io.PipeWriter // whose Close ends the outgoing half
	in             io.Closer
	over           func() // lets go of the request
}

// Close ends the outgoing half, and drops the incoming one.
func (s *xnetStream) Close() error {
	s.CloseWrite()
	defer s.over()
	return s.in.Close()
}

// Abort sends RST_STREAM, unless the stream has ended.
func (s *xnetStream) Abort() { s.in.Close() }

func (s *xnetStream) CloseWrite() error              { return s.PipeWriter.Close() }
func (*xnetStream) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*xnetStream) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*xnetStream) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (*xnetStream) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (*xnetStream) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
