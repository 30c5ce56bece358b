package websocket_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

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
		FromServer: websocket.CompressionDirection{MaxWindowBits: 11},
	}}}
	conn, _, err := dialer.Dial(context.Background(), server.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
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
