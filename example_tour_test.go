//go:build !js

package websocket_test

// Subjects of the package's documentation that no single identifier stands for.

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// Any goroutine may write at any time, and nobody has to hold a lock. One reads.
func Example_concurrency() {
	client, server := wstest.Pipe(nil, nil)
	var writers sync.WaitGroup
	for i := range 10 {
		writers.Go(func() {
			server.Write(context.Background(), websocket.OpText, fmt.Append(nil, "from goroutine ", i))
		})
	}
	go func() {
		writers.Wait()
		server.Close(websocket.StatusNormalClosure, "")
	}()
	n := 0
	for _, err := range client.Messages(context.Background()) {
		if err != nil {
			fmt.Println(n, "messages;", websocket.CloseStatus(err))
			return
		}
		n++
	}
	// Output: 10 messages; 1000 (normal closure)
}

// A context ends a wait, and nothing else: the connection is as good as before.
func Example_contexts() {
	client, server := wstest.Pipe(nil, nil)
	defer client.CloseNow()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := client.Read(ctx)
	fmt.Println(err)

	server.Write(context.Background(), websocket.OpText, []byte("late, but here"))
	m, err := client.Read(context.Background())
	fmt.Println(string(m.Data), err)
	// Output:
	// context deadline exceeded
	// late, but here <nil>
}

// A message over the limit ends the connection, and both sides know why. Memory has grown with what had arrived only.
func Example_limits() {
	client, server := wstest.Pipe(nil, &websocket.Options{ReadLimit: 1000})
	go client.Write(context.Background(), websocket.OpBinary, make([]byte, 1001))
	_, err := server.Read(context.Background())
	fmt.Println(errors.Is(err, websocket.ErrMessageTooBig))
	_, err = client.Read(context.Background())
	fmt.Println(websocket.CloseStatus(err))
	// Output:
	// true
	// 1009 (message too big)
}

// Pages of the server's own origin may connect, and those that are named; programs that are no browsers send no origin.
func Example_origins() {
	upgrader := websocket.Upgrader{Origins: []string{"www.example.com", "localhost:*"}}
	server := httptest.NewServer(upgrader.Handler(func(*websocket.Conn, *http.Request) {}))
	defer server.Close()
	for _, origin := range []string{server.URL, "https://www.example.com", "http://localhost:5173", "https://evil.example", ""} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, resp, err := dial(server, header)
		fmt.Println(strings.Replace(origin, server.URL, "its own", 1), resp.StatusCode)
		if err == nil {
			conn.CloseNow()
		}
	}
	// Output:
	// its own 101
	// https://www.example.com 101
	// http://localhost:5173 101
	// https://evil.example 403
	//  101
}

// A peer that gives no sign of life is sent a ping, and loses its connection if it does not answer. In an application these are
// seconds: PingInterval 30, say, and PongTimeout 20, which is the default.
func Example_keepalive() {
	client, server := wstest.Pipe(nil, &websocket.Options{PingInterval: 3 * time.Millisecond, PongTimeout: time.Millisecond})
	defer client.CloseNow() // nobody reads it: it answers no pings
	_, err := server.Read(context.Background())
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded), websocket.CloseStatus(err))
	// Output: true 1006 (abnormal closure)
}

// A peer that does not read fills the buffers. Then a write waits, as long as its context allows; or it fails at once, with
// FailWhenFull. In both cases nothing of the message has been sent, and the connection is as good as before.
func Example_backpressure() {
	client, server := wstest.Pipe(nil, &websocket.Options{FailWhenFull: true})
	defer client.CloseNow()
	sent := 0
	for {
		err := server.Write(context.Background(), websocket.OpBinary, make([]byte, 1000))
		if errors.Is(err, websocket.ErrBackpressure) {
			break // leave it out, or end the connection
		}
		if err != nil {
			log.Fatal(err)
		}
		sent++
	}
	for range sent {
		if _, err := client.Read(context.Background()); err != nil {
			log.Fatal(err)
		}
	}
	server.Flush(context.Background())
	fmt.Println(server.Write(context.Background(), websocket.OpText, []byte("and on")))
	// Output: <nil>
}
