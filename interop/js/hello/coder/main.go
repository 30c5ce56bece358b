//go:build js

// The client of interop/js/hello with coder/websocket, to compare.
package main

import (
	"context"
	"fmt"

	"github.com/coder/websocket"
)

func main() {
	ctx := context.Background()
	conn, _, err := websocket.Dial(ctx, "ws://localhost:8080/echo", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(websocket.StatusNormalClosure, "")
	conn.Write(ctx, websocket.MessageText, []byte("hello"))
	_, reply, err := conn.Read(ctx)
	fmt.Println(string(reply), err)
}
