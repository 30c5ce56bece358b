package wsjson_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wsjson"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// One value is one text message. What does not fit is an *Error, after which the next message can be read.
func Example() {
	type move struct{ From, To string }
	ctx := context.Background()
	client, server := wstest.Pipe(nil, nil)
	defer client.CloseNow()
	wsjson.Write(ctx, client, move{"e2", "e4"})
	client.Write(ctx, websocket.OpText, []byte(`{"From": 17}`))
	wsjson.Write(ctx, client, move{"g1", "f3"})
	for range 3 {
		var m move
		err := wsjson.Read(ctx, server, &m)
		var misfit *wsjson.Error
		switch {
		case errors.As(err, &misfit):
			fmt.Println("not a move")
		case err != nil:
			log.Fatal(err) // the connection has ended
		default:
			fmt.Println(m.From, m.To)
		}
	}
	// Output:
	// e2 e4
	// not a move
	// g1 f3
}
