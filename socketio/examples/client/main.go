// Command client is a client of the examples chat and ack, which stays connected, and says what it does.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// message is what the chat takes: {room, text}.
type message struct{ Room, Text string }

// sum is what ack takes: {a, b}.
type sum struct{ A, B int }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c := socketio.NewClient("http://localhost:3000", &socketio.ClientOptions{
		Auth: func(context.Context) (any, error) { return map[string]string{"token": os.Getenv("TOKEN")}, nil }, // anew for each connection
	})
	defer c.Close()
	c.OnConnect(func() {
		if !c.Recovered() { // a socket that the server does not know from before is in no room
			c.Emit("join", "lobby", "me")
		}
	})
	c.OnDisconnect(func(reason socketio.Reason) { log.Print("gone: ", reason) })
	c.OnReconnectAttempt(func(n int) { log.Print("attempt ", n) })
	c.OnConnectError(func(err error) { log.Print(err) })
	c.On2("chat", func(from, text string) { log.Print(from, ": ", text) })
	c.Emit("chat", message{"lobby", "kept until there is a connection"})
	if err := c.Connect(ctx); err != nil {
		log.Print(err)
		return
	}
	if n, err := ask(ctx, c); err == nil {
		log.Print("1 + 2 is ", n)
	}
	<-ctx.Done()
}

// ask waits for an answer for five seconds.
func ask(ctx context.Context, c *socketio.Client) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return c.EmitWithAck[int](ctx, "sum", sum{1, 2})
}
