package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// serve starts a server for an example.
func serve(register func(io *socketio.Server)) (url string, stop func()) {
	io := socketio.NewServer(nil)
	register(io)
	srv := httptest.NewServer(io)
	return srv.URL, func() {
		io.Shutdown(context.Background())
		srv.Close()
	}
}

// A client registers what it listens to, connects, and stays connected by itself.
func ExampleClient() {
	url, stop := serve(func(io *socketio.Server) {
		io.On("chat", func(_ *socketio.Socket, text string) { io.Emit("chat", text) })
	})
	defer stop()

	c := socketio.NewClient(url, nil)
	defer c.Close()
	done := make(chan struct{})
	c.On("chat", func(text string) {
		fmt.Println(text)
		close(done)
	})

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.Connect(ctx); err != nil {
		fmt.Println("still trying:", err)
	}
	c.Emit("chat", "hello")
	<-done
	// Output: hello
}

// EmitWithAck asks, and waits for the answer as long as its context lives.
func ExampleClient_EmitWithAck() {
	type sum struct{ A, B int }
	url, stop := serve(func(io *socketio.Server) {
		io.Handle("sum", func(_ *socketio.Socket, in sum) (int, error) {
			if in.A < 0 {
				return 0, &socketio.Error{Message: "no debts"}
			}
			return in.A + in.B, nil
		})
	})
	defer stop()

	c := socketio.NewClient(url, nil)
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.Connect(ctx); err != nil {
		fmt.Println(err)
		return
	}
	n, err := c.EmitWithAck[int](ctx, "sum", sum{1, 2})
	fmt.Println(n, err)
	_, err = c.EmitWithAck[int](ctx, "sum", sum{-1, 2})
	var e *socketio.Error
	fmt.Println(errors.As(err, &e), err)
	// Output:
	// 3 <nil>
	// true no debts
}

// Several namespaces share one connection, and each may authenticate itself, anew whenever it connects.
func ExampleClient_Of() {
	url, stop := serve(func(io *socketio.Server) {
		io.Of("/admin").Use(func(s *socketio.Socket) error {
			auth, err := s.Auth[struct{ Token string }]()
			if err != nil || auth.Token != "secret" {
				return &socketio.Error{Message: "unauthorized"}
			}
			return nil
		})
	})
	defer stop()

	c := socketio.NewClient(url, nil)
	defer c.Close()
	admin := c.Of("/admin", func(context.Context) (any, error) { return map[string]string{"token": "wrong"}, nil })
	defer admin.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println(c.Connect(ctx))
	fmt.Println(admin.Connect(ctx))
	// Output:
	// <nil>
	// unauthorized
}

// A client that reconnects: later and later, on WebSocket only, with events sent again until they are acknowledged.
func ExampleClientOptions() {
	url, stop := serve(func(io *socketio.Server) {
		io.Handle("order", func(s *socketio.Socket, what string) (string, error) {
			return what + " is on its way", nil
		})
	})
	defer stop()

	o := &socketio.ClientOptions{
		ReconnectDelay: 100 * time.Millisecond, MaxReconnectDelay: time.Minute,
		Retries: 5, AckTimeout: 10 * time.Second,
	}
	o.Transports = []engineio.Transport{engineio.WebSocket}
	c := socketio.NewClient(url, o)
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	go c.Connect(ctx)
	answer, err := c.EmitWithAck[string](ctx, "order", "tea") // waits for the connection, too
	fmt.Println(answer, err)
	// Output: tea is on its way <nil>
}
