package h3

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/quic-go/quic-go/http3"

	"github.com/seed-d69ae1b7/websocket"
)

// ErrUnsupported is wrapped by the error of Dial where the server does not take extended CONNECT.
var ErrUnsupported = errors.New("h3: the server does not take WebSocket over HTTP/3 (RFC 9220)")

// Dial makes a WebSocket connection as a stream of over, as d.DialStream does. Any number of goroutines may do so at the same time.
func Dial(ctx context.Context, d *websocket.Dialer, over *http3.ClientConn, rawURL string) (*websocket.Conn, *http.Response, error) {
	return d.DialStream(ctx, rawURL, func(ctx context.Context, r *http.Request) (net.Conn, *http.Response, error) {
		return open(ctx, over, r)
	})
}

// open sends an extended CONNECT, and returns the stream and the head of the response.
func open(ctx context.Context, over *http3.ClientConn, r *http.Request) (net.Conn, *http.Response, error) {
	// RFC 9220, Section 3, as RFC 8441, Section 3: :protocol is not used before the server has said that it may be.
	select {
	case <-over.ReceivedSettings():
	case <-over.Context().Done():
		return nil, nil, context.Cause(over.Context())
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	if !over.Settings().EnableExtendedConnect {
		return nil, nil, ErrUnsupported
	}
	opened, err := over.OpenRequestStream(ctx)
	if err != nil {
		return nil, nil, err
	}
	s := &stream{quicStream: opened, local: over.LocalAddr(), remote: over.RemoteAddr()}
	stop := context.AfterFunc(ctx, s.Abort)
	defer stop()
	request := r.Clone(context.WithoutCancel(ctx))
	request.Proto = r.Header[":protocol"][0] // where quic-go has it
	delete(request.Header, ":protocol")
	if err := opened.SendRequestHeader(request); err != nil {
		s.Abort()
		return nil, nil, err
	}
	resp, err := opened.ReadResponse()
	if err != nil {
		s.Abort()
		return nil, nil, err
	}
	return s, resp, nil
}
