//go:build !js

package websocket_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// The shortest correct server echoes, and the shortest correct client talks to it. The server's loop ends when the
// connection does, and Handler closes it.
func Example() {
	var upgrader websocket.Upgrader
	server := httptest.NewServer(upgrader.Handler(func(conn *websocket.Conn, r *http.Request) {
		for msg, err := range conn.Messages(conn.Context()) {
			if err != nil {
				return
			}
			if err := conn.Write(conn.Context(), msg.Op, msg.Data); err != nil {
				return
			}
		}
	}))
	defer server.Close()

	ctx := context.Background()
	conn, _, err := websocket.Dial(ctx, server.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(ctx, websocket.OpText, []byte("Hello")); err != nil {
		log.Fatal(err)
	}
	reply, err := conn.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v %s\n", reply.Op, reply.Data)
	if err := conn.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		log.Fatal(err)
	}
	// Output: text Hello
}

// A client that wants to stay connected asks the error whether to dial again: not if this program has ended the connection,
// and otherwise by the code.
func ExampleCloseStatus() {
	again := func(err error) bool {
		switch code := websocket.CloseStatus(err); {
		case errors.Is(err, net.ErrClosed):
			return false
		case code == websocket.StatusGoingAway, code == websocket.StatusAbnormalClosure:
			return true
		default:
			return code >= websocket.StatusInternalError && code <= websocket.StatusBadGateway
		}
	}
	for _, end := range []*websocket.CloseError{
		{Code: websocket.StatusNormalClosure},
		{Code: websocket.StatusServiceRestart, Reason: "new version"},
		{Code: websocket.StatusAbnormalClosure, Local: true},
		{Code: websocket.StatusAbnormalClosure, Err: io.ErrUnexpectedEOF},
	} {
		fmt.Println(again(end), end)
	}
	// Output:
	// false websocket: closed by the peer: 1000 (normal closure)
	// true websocket: closed by the peer: 1012 (service restart): "new version"
	// false websocket: cut off by this side: 1006 (abnormal closure)
	// true websocket: cut off by the peer or the network: 1006 (abnormal closure): unexpected EOF
}

// NetConn shows what a connection runs over: here, which version of TLS.
func ExampleConn_NetConn() {
	var upgrader websocket.Upgrader
	server := httptest.NewTLSServer(upgrader.Handler(func(conn *websocket.Conn, r *http.Request) {
		conn.Read(conn.Context())
	}))
	defer server.Close()

	dialer := websocket.Dialer{TLS: server.Client().Transport.(*http.Transport).TLSClientConfig}
	conn, _, err := dialer.Dial(context.Background(), server.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	if t, ok := conn.NetConn().(interface{ ConnectionState() tls.ConnectionState }); ok {
		fmt.Println(tls.VersionName(t.ConnectionState().Version))
	}
	// Output: TLS 1.3
}

// A program that ends does not wait for the peers of its connections for longer than it has time.
func ExampleConn_CloseContext() {
	client, server := wstest.Pipe(nil, nil)
	ended := make(chan error)
	go func() {
		_, err := server.Read(context.Background())
		ended <- err
	}()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := client.CloseContext(ctx, websocket.StatusGoingAway, "see you"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(websocket.CloseStatus(<-ended))
	// Output: 1001 (going away)
}
