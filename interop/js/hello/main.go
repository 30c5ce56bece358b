//go:build js

// A client in a page, the smallest: make size-js says how large it becomes.
package main

import (
	"context"
	"fmt"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	ctx := context.Background()
	conn, _, err := websocket.Dial(ctx, "ws://localhost:8080/echo")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(websocket.StatusNormalClosure, "")
	conn.Write(ctx, websocket.OpText, []byte("hello"))
	reply, err := conn.Read(ctx)
	fmt.Println(string(reply.Data), err)
}
