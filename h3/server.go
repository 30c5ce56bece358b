package h3

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"

	"github.com/quic-go/quic-go/http3"

	"github.com/seed-d69ae1b7/websocket"
)

// Handler returns a handler for an http3.Server, which has u accept or refuse every request, and calls f with the connection, as u.Handler does.
// Its stream outlives the handler, until the closing handshake is over.
func Handler(u *websocket.Upgrader, f func(*websocket.Conn, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocol := ""
		if r.Method == http.MethodConnect {
			protocol = r.Proto // where quic-go has ":protocol"
		}
		c, err := u.AcceptStream(r, protocol, func(resp *http.Response) (net.Conn, error) { return respond(w, r, resp) })
		if err != nil {
			return
		}
		code := websocket.StatusInternalError
		defer func() { c.CloseContext(ended, code, "") }()
		f(c, r.WithContext(c.Context()))
		code = websocket.StatusNormalClosure
	})
}

// ended is a context that has ended: a Close with it does not wait.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// respond sends a response, and returns the stream if that accepts.
func respond(w http.ResponseWriter, r *http.Request, resp *http.Response) (net.Conn, error) {
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	streamer, can := w.(http3.HTTPStreamer)
	if resp.StatusCode == http.StatusOK && !can {
		return nil, &websocket.HandshakeError{
			Status: http.StatusInternalServerError, Reason: "the server cannot use the stream", Err: errors.New("no http3.HTTPStreamer"),
		}
	}
	w.WriteHeader(resp.StatusCode)
	if resp.StatusCode != http.StatusOK {
		_, err := io.Copy(w, resp.Body)
		return nil, err
	}
	over, err := streamer.HTTPStream()
	if err != nil {
		return nil, err
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	remote, _ := netip.ParseAddrPort(r.RemoteAddr)
	return &stream{quicStream: over, local: local, remote: net.UDPAddrFromAddrPort(remote)}, nil
}
