package websocket_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/seed-d69ae1b7/websocket"
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
	op, p, err := conn.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v %s\n", op, p)
	if err := conn.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		log.Fatal(err)
	}
	// Output: text Hello
}
