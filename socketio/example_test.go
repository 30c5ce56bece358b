package socketio_test

// This file holds runnable examples: servers with a client in the same process, over a connection in memory.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

func Example() {
	server := socketio.NewServer(nil)
	server.OnConnect(func(s *socketio.Socket) {
		s.On("chat", func(text string) { server.Emit("chat", text) })
	})

	c := dial(server)
	c.say(`2["chat","hello"]`) // socket.emit("chat", "hello")
	fmt.Println(c.hear())
	// Output: ["chat","hello"]
}

// The function given to Handle returns the acknowledgement.
func ExampleSocket_Handle() {
	type Sum struct{ A, B int }
	server := socketio.NewServer(nil)
	server.OnError(func(*socketio.Socket, string, error) {}) // or the log has a line for each error
	server.OnConnect(func(s *socketio.Socket) {
		s.Handle("sum", func(in Sum) (int, error) {
			if in.B < 0 {
				return 0, &socketio.Error{Message: "negative", Data: in.B}
			}
			return in.A + in.B, nil
		})
	})

	c := dial(server)
	c.say(`20["sum",{"a":1,"b":2}]`) // socket.emit("sum", {a: 1, b: 2}, (answer) => ...)
	fmt.Println(c.hear())
	c.say(`21["sum",{"a":1,"b":-2}]`)
	fmt.Println(c.hear())
	// Output:
	// [3]
	// [{"error":{"message":"negative","data":-2}}]
}

// A handler may wait for an acknowledgement of its own client.
func ExampleSocket_EmitWithAck() {
	server := socketio.NewServer(nil)
	server.OnConnect(func(s *socketio.Socket) {
		s.On("start", func(struct{}) {
			ctx, cancel := context.WithTimeout(s.Context(), time.Second)
			defer cancel()
			name, err := s.EmitWithAck[string](ctx, "name?")
			s.Emit("welcome", name, err == nil)
		})
	})

	c := dial(server)
	c.say(`2["start"]`)
	fmt.Println(c.hear())
	c.say(`30["Ada"]`)
	fmt.Println(c.hear())
	// Output:
	// ["name?"]
	// ["welcome","Ada",true]
}

// A vote: the acknowledgements of all who are in a room, or of those who have answered in time.
func ExampleBroadcast_EmitWithAck() {
	server := socketio.NewServer(nil)
	server.Use(func(s *socketio.Socket) error {
		s.Join("voters")
		return nil
	})

	c := dial(server)
	go c.answer(`["vote","more tea?"]`, `30[true]`)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	votes, err := server.To("voters").EmitWithAck[bool](ctx, "vote", "more tea?")
	fmt.Println(votes, err)
	// Output: [true] <nil>
}

// Middleware decides who comes into a namespace.
func ExampleNamespace_Use() {
	type Credentials struct{ Token string }
	server := socketio.NewServer(nil)
	server.Use(func(s *socketio.Socket) error {
		c, err := s.Auth[Credentials]()
		if err != nil || c.Token != "secret" {
			return &socketio.Error{Message: "unauthorized"}
		}
		s.SetData("Ada")
		return nil
	})
	server.OnError(func(_ *socketio.Socket, _ string, err error) { fmt.Println("refused:", err) })
	server.OnConnect(func(s *socketio.Socket) { s.Emit("hello", s.Data()) })

	c := open(server)
	c.say(`0{"token":"wrong"}`) // io({auth: {token: "wrong"}})
	fmt.Println(c.hear())
	c.say(`0{"token":"secret"}`)
	c.hear()
	fmt.Println(c.hear())
	// Output:
	// refused: unauthorized
	// {"message":"unauthorized"}
	// ["hello","Ada"]
}

// Options.Accept decides about the HTTP request, with what middleware of a router has put into its context.
func ExampleOptions() {
	o := &socketio.Options{}
	o.Accept = func(r *http.Request) (any, error) {
		user := r.Header.Get("X-User") // or a value of r.Context()
		if user == "" {
			return nil, errors.New("nobody")
		}
		return user, nil
	}
	o.Logger = slog.New(slog.DiscardHandler)
	server := socketio.NewServer(o)
	server.OnConnect(func(s *socketio.Socket) { s.Emit("hello", s.Session().Value()) })

	c := dial(server, "X-User: Ada")
	fmt.Println(c.hear())
	// Output: ["hello","Ada"]
}

// A []byte travels as binary, wherever it stands.
func ExampleNamespace_Handle_binary() {
	type File struct {
		Name string
		Data []byte
	}
	server := socketio.NewServer(nil)
	server.Handle("upload", func(_ *socketio.Socket, f File) (string, error) {
		return fmt.Sprintf("%s has %d bytes", f.Name, len(f.Data)), nil
	})

	c := dial(server)
	c.say(`51-0["upload",{"name":"a.txt","data":{"_placeholder":true,"num":0}}]`)
	c.conn.Write(context.Background(), websocket.OpBinary, []byte("hello"))
	fmt.Println(c.hear())
	// Output: ["a.txt has 5 bytes"]
}

// client is a client that is written by hand, to show what travels. Use an official one.
type client struct{ conn *websocket.Conn }

// open opens a session with a server.
func open(server *socketio.Server, fields ...string) *client {
	d := &websocket.Dialer{
		Header: http.Header{},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			here, there := wstest.NetPipe()
			go server.ServeConn(context.Background(), there)
			return here, nil
		},
	}
	for _, one := range fields {
		name, value, _ := strings.Cut(one, ": ")
		d.Header.Set(name, value)
	}
	conn, _, err := d.Dial(context.Background(), "ws://example.com/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		panic(err)
	}
	c := &client{conn}
	c.hear()
	return c
}

// dial opens a session with a server, and joins the main namespace.
func dial(server *socketio.Server, fields ...string) *client {
	c := open(server, fields...)
	c.say("0")
	c.hear()
	return c
}

// say sends a packet.
func (c *client) say(packet string) {
	c.conn.Write(context.Background(), websocket.OpText, []byte("4"+packet))
}

// hear returns the payload of the next packet.
func (c *client) hear() string {
	m, err := c.conn.Read(context.Background())
	if err != nil {
		return err.Error()
	}
	return strings.TrimLeft(string(m.Data), "0123456789")
}

// answer sends a packet when another has come.
func (c *client) answer(want, packet string) {
	if c.hear() == want {
		c.say(packet)
	}
}
