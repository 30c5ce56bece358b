package reactor_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

// session is what belongs to one connection: it is the handler of that.
type session struct {
	name string
	said int
}

func (s *session) Open(c *reactor.Conn) {
	c.Write(context.Background(), websocket.OpText, []byte("welcome, "+s.name))
}

func (s *session) Message(c *reactor.Conn, op websocket.Opcode, p []byte) {
	s.said++
	c.Write(context.Background(), op, fmt.Appendf(nil, "%d: %s", s.said, p))
}

func (s *session) Close(c *reactor.Conn, err *websocket.CloseError) {
	fmt.Println(s.name, "has left:", err)
}

// A server whose connections have handlers of their own.
func ExampleServer() {
	s := reactor.Server{Accept: func(r *websocket.Request) (reactor.Handler, error) {
		return &session{name: r.Path()[1:]}, nil // or an error, to refuse
	}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- s.Serve(ln) }()

	ctx := context.Background()
	conn, _, err := websocket.Dial(ctx, "ws://"+ln.Addr().String()+"/ada")
	if err != nil {
		log.Fatal(err)
	}
	conn.Write(ctx, websocket.OpText, []byte("hello"))
	for range 2 {
		m, err := conn.Read(ctx)
		fmt.Printf("%s %v\n", m.Data, err)
	}
	conn.Close(websocket.StatusNormalClosure, "bye")
	s.Shutdown(ctx)
	fmt.Println(<-served)
	// Output:
	// welcome, ada <nil>
	// 1: hello <nil>
	// ada has left: websocket: closed by the peer: 1000 (normal closure): "bye"
	// reactor: server is closed
}
