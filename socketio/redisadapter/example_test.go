package redisadapter_test

import (
	"context"
	"log"
	"net/http"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/redisadapter"
)

// Each process that runs this serves the clients of one application.
func ExamplePubSub() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	io := socketio.NewServer(&socketio.Options{Adapter: redisadapter.PubSub(client, nil)})
	io.On("chat", func(s *socketio.Socket, text string) { io.Emit("chat", text) })
	http.Handle("/socket.io/", io)
	log.Print(http.ListenAndServe(":3000", nil))
}

// A client that has lost its connection comes back to any of the servers, and gets what it has missed.
func ExampleStreams() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	io := socketio.NewServer(&socketio.Options{
		Adapter:  redisadapter.Streams(client, nil),
		Recovery: &socketio.Recovery{},
	})
	http.Handle("/socket.io/", io)
	log.Print(http.ListenAndServe(":3000", nil))
}

// A process that is no server emits to the clients of servers with PubSub.
func ExampleEmitter() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	e := redisadapter.NewEmitter(client, nil)
	if err := e.To("room").Emit(context.Background(), "news", "something happened"); err != nil {
		log.Print(err)
	}
}
