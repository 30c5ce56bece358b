//go:build !js

package websocket_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// Messages are compressed when both sides have said that they want it. Here the client asks for a small window of what
// the server sends, to save memory.
func ExampleCompressionOptions() {
	up := websocket.Upgrader{Options: websocket.Options{Compression: &websocket.CompressionOptions{
		Level: websocket.CompressFastest,
	}}}
	server := httptest.NewServer(up.Handler(func(conn *websocket.Conn, r *http.Request) { conn.Read(conn.Context()) }))
	defer server.Close()

	dialer := websocket.Dialer{Options: websocket.Options{Compression: &websocket.CompressionOptions{
		Level:      websocket.CompressSmallest, // zero is CompressBalanced
		FromServer: websocket.CompressionDirection{MaxWindowBits: 11},
	}}}
	conn, _, err := dialer.Dial(context.Background(), server.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	var params websocket.CompressionParams
	params, ok := conn.Compression()
	fmt.Println(ok, params.ServerMaxWindowBits, params.ClientMaxWindowBits)
	// Output: true 11 15
}

// Dial tells a proxy that refuses from a server that does.
func ExampleProxyError() {
	_, resp, err := websocket.Dial(context.Background(), "ws://127.0.0.1:1/")
	var proxy *websocket.ProxyError
	var refused *websocket.HandshakeError
	switch {
	case errors.As(err, &proxy):
		fmt.Println("the proxy", proxy.URL, "is in the way")
	case errors.As(err, &refused):
		fmt.Println("the server answered", resp.Status)
	case err != nil:
		fmt.Println("no connection")
	}
	// Output: no connection
}

// Whoever has an HTTP stack of its own sends the request by it, and makes a Conn of what is left of the connection.
func ExampleDialer_Handshake() {
	server := httptest.NewServer(new(websocket.Upgrader).Handler(func(conn *websocket.Conn, r *http.Request) {
		conn.Write(conn.Context(), websocket.OpText, []byte("welcome"))
	}))
	defer server.Close()

	var dialer websocket.Dialer
	opening, err := dialer.Handshake(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	nc, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		log.Fatal(err)
	}
	nc.Write(opening.AppendRequest(nil))
	br := bufio.NewReader(nc)
	resp, err := http.ReadResponse(br, opening.Request())
	if err != nil {
		log.Fatal(err)
	}
	agreed, err := opening.Check(resp)
	if err != nil {
		log.Fatal(err)
	}
	behind, _ := br.Peek(br.Buffered())
	conn := websocket.ClientConn(nc, &dialer.Options, agreed, behind)
	defer conn.CloseNow()
	m, err := conn.Read(context.Background())
	fmt.Println(string(m.Data), err)
	// Output: welcome <nil>
}

// Both sides of an opening handshake without any I/O: a request that is judged, and a response that is. What they agree on
// makes the two Conns.
func ExampleClientHandshake() {
	compression := websocket.Options{Compression: &websocket.CompressionOptions{}}
	dialer := websocket.Dialer{Options: compression, Subprotocols: []string{"chat.v2", "chat.v1"}}
	upgrader := websocket.Upgrader{Options: compression, Subprotocols: []string{"chat.v1"}}

	var opening *websocket.ClientHandshake
	opening, err := dialer.Handshake("wss://server.example/chat")
	if err != nil {
		log.Fatal(err)
	}
	request := opening.Request() // or AppendRequest, as bytes
	_, response, err := upgrader.Handshake(request)
	if err != nil {
		log.Fatal(err)
	}
	var agreed websocket.Agreement
	agreed, err = opening.Check(response)
	fmt.Println(agreed.Subprotocol, agreed.Compression != nil, err)
	// Output: chat.v1 true <nil>
}

// A client behind a proxy, with a certificate authority of its own, cookies, and a server that sends large heads.
func ExampleDialer() {
	server := httptest.NewTLSServer(new(websocket.Upgrader).Handler(func(conn *websocket.Conn, r *http.Request) {
		conn.Write(r.Context(), websocket.OpText, []byte("welcome to "+r.Host))
	}))
	defer server.Close()
	proxy := exampleProxy(server.Listener.Addr().String())
	defer proxy.Close()

	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	jar, err := cookiejar.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	dialer := websocket.Dialer{
		Proxy:           func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }, // nil would be that of the environment
		TLS:             &tls.Config{RootCAs: roots},
		Jar:             jar,
		Header:          http.Header{"Authorization": {"Bearer 0123"}},
		MaxResponseHead: 1 << 20,
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, _, err := dialer.Dial(ctx, "wss://example.com/chat")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	m, err := conn.Read(ctx)
	fmt.Println(string(m.Data), err)
	// Output: welcome to example.com <nil>
}

// exampleProxy is a proxy through which there is one way only.
func exampleProxy(to string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server, err := net.Dial("tcp", to)
		if err != nil {
			log.Fatal(err)
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Fprint(client, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(client, server)
			client.Close()
		}()
		go func() {
			io.Copy(server, client)
			server.Close()
		}()
	}))
}

// An HTTP/2 client opens the stream that a connection runs over. This one is a pipe whose other end plays the server.
func ExampleDialer_DialStream() {
	open := func(ctx context.Context, r *http.Request) (net.Conn, *http.Response, error) {
		fmt.Println(r.Method, r.Header[":protocol"], r.URL)
		near, far := net.Pipe()
		go func() {
			conn := websocket.ServerConn(far, nil, websocket.Agreement{}, nil)
			conn.Write(context.Background(), websocket.OpText, []byte("welcome"))
			conn.CloseRead(context.Background())
		}()
		return near, &http.Response{StatusCode: http.StatusOK}, nil
	}
	conn, _, err := new(websocket.Dialer).DialStream(context.Background(), "wss://example.com/chat", open)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	m, err := conn.Read(context.Background())
	fmt.Println(string(m.Data), err)
	// Output:
	// CONNECT [websocket] https://example.com/chat
	// welcome <nil>
}
