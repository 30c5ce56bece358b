package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/seed-d69ae1b7/websocket"
)

// proxy is a handler that connects its clients to the server behind it.
type proxy struct {
	to string // its URL, without a path
	up websocket.Upgrader
}

// chosenKey is the key of the subprotocol that the server behind has chosen, in the context of a request.
type chosenKey struct{}

// newProxy returns a proxy to a URL without a path.
func newProxy(to string) *proxy {
	return &proxy{to: to, up: websocket.Upgrader{
		Options: options,
		// The server behind decides about origins and subprotocols, before the client is answered.
		InsecureSkipOriginCheck: true,
		SelectSubprotocol: func(r *http.Request, _ []string) string {
			return r.Context().Value(chosenKey{}).(string)
		},
	}}
}

// options are those of the connections to both sides, each of which has the other one as its Value.
var options = websocket.Options{
	ReadLimit: 16 << 20,
	OnPing: func(c *websocket.Conn, payload []byte) (answered bool) {
		return c.Value().(*websocket.Conn).SendPing(context.Background(), payload) == nil
	},
	OnPong: func(c *websocket.Conn, payload []byte) {
		c.Value().(*websocket.Conn).SendPong(context.Background(), payload)
	},
}

// ServeHTTP serves one client, from its request to the end of its connection.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsUpgrade(r) {
		http.Error(w, "WebSocket only", http.StatusUpgradeRequired)
		return
	}
	d := websocket.Dialer{Options: options, Subprotocols: websocket.Subprotocols(r), Header: passed(r)}
	behind, resp, err := d.Dial(r.Context(), p.to+r.URL.RequestURI())
	if err != nil {
		refuse(w, resp)
		return
	}
	defer behind.CloseNow() // if the client cannot be upgraded
	copyHeader(w.Header(), resp.Header, "Set-Cookie")
	// Shutdown waits for the function of a Handler, and so for both connections.
	p.up.Handler(func(client *websocket.Conn, _ *http.Request) {
		join(client, behind)
	}).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), chosenKey{}, behind.Subprotocol())))
}

// join passes on in both directions until both connections have ended.
func join(client, behind *websocket.Conn) {
	client.SetValue(behind) // before anybody reads, and calls the functions of options
	behind.SetValue(client)
	var both sync.WaitGroup
	both.Go(func() { pass(client, behind) })
	both.Go(func() { pass(behind, client) })
	both.Wait()
}

// pass passes the messages of one side on to the other, and at last how the connection has ended. It reads no further than
// the other side takes, but for a buffer, so that whoever sends too much waits. When a write fails it goes on to read: the
// other direction learns how that connection ends, and ends this one.
func pass(from, to *websocket.Conn) {
	for msg, err := range from.MessagesInPlace(context.Background()) {
		if err != nil {
			end(to, err)
			return
		}
		to.Write(context.Background(), msg.Op, msg.Data)
	}
}

// end ends a connection as another one has ended. Code 1006 does not travel: there was no close frame, and there is none.
func end(conn *websocket.Conn, err error) {
	var closed *websocket.CloseError
	if errors.As(err, &closed) && conn.Close(closed.Code, closed.Reason) == nil {
		return
	}
	conn.CloseNow()
}

// passed are the fields of a request that the server behind gets to see.
func passed(r *http.Request) http.Header {
	h := http.Header{"Host": {r.Host}}
	copyHeader(h, r.Header, "Origin", "Cookie", "Authorization", "User-Agent", "Accept-Language", "X-Forwarded-For")
	if ip, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		h["X-Forwarded-For"] = append(h["X-Forwarded-For"], ip)
	}
	return h
}

// copyHeader copies the named fields.
func copyHeader(to, from http.Header, names ...string) {
	for _, name := range names {
		if values := from.Values(name); len(values) > 0 {
			to[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
}

// refuse passes on that the server behind has refused, or says that there was none.
func refuse(w http.ResponseWriter, resp *http.Response) {
	if resp == nil || resp.StatusCode < 300 {
		http.Error(w, "the server behind cannot be reached", http.StatusBadGateway)
		return
	}
	copyHeader(w.Header(), resp.Header, "Content-Type", "WWW-Authenticate", "Location", "Retry-After", "Set-Cookie")
	w.WriteHeader(resp.StatusCode)
	io.Copy(w, resp.Body) // its beginning, which Dial has kept
}
