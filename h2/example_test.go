package h2_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/h2"
)

// serve takes the connections of a proxy that speaks HTTP/2 with this server, until ctx ends and the last of them has.
func serve(ctx context.Context, listener net.Listener, up *websocket.Upgrader) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	var connections sync.WaitGroup
	defer connections.Wait()
	for {
		nc, err := listener.Accept()
		if err != nil {
			return err
		}
		connections.Go(func() {
			if err := h2.Serve(ctx, nc, up, echo); err != nil {
				log.Print(err)
			}
		})
	}
}

func echo(conn *websocket.Conn, r *http.Request) {
	for msg, err := range conn.Messages(r.Context()) {
		if err != nil {
			return
		}
		conn.Write(r.Context(), msg.Op, msg.Data)
	}
}

func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	var up websocket.Upgrader
	served := make(chan error)
	go func() { served <- serve(ctx, listener, &up) }()

	var client h2.Client // one for all
	conn, _, err := client.Dial(ctx, "ws://"+listener.Addr().String()+"/echo")
	if err != nil {
		log.Fatal(err)
	}
	conn.Write(ctx, websocket.OpText, []byte("hello"))
	msg, err := conn.Read(ctx)
	fmt.Println(string(msg.Data), err)
	conn.Close(websocket.StatusNormalClosure, "")

	cancel()
	<-served
	// Output: hello <nil>
}
