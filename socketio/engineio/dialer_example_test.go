package engineio_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// echo sends back what comes.
type echo struct{}

func (echo) Open(*engineio.Session) {}
func (echo) Message(s *engineio.Session, op websocket.Opcode, data []byte) {
	s.Send(op, data)
}
func (echo) Close(*engineio.Session, engineio.Reason, error) {}

// printer prints what comes.
type printer struct{ done chan struct{} }

func (p printer) Open(s *engineio.Session) { s.Send(websocket.OpText, []byte("hello")) }
func (p printer) Message(s *engineio.Session, _ websocket.Opcode, data []byte) {
	fmt.Printf("%s\n", data)
	s.Close()
}
func (p printer) Close(_ *engineio.Session, reason engineio.Reason, _ error) {
	fmt.Println(reason)
	close(p.done)
}

func ExampleDialer() {
	engine := engineio.NewServer(echo{}, nil)
	srv := httptest.NewServer(engine)
	defer srv.Close()
	defer engine.Shutdown(context.Background())

	p := printer{make(chan struct{})}
	if _, err := new(engineio.Dialer).Dial(context.Background(), srv.URL+"/engine.io/", p); err != nil {
		fmt.Println(err)
		return
	}
	<-p.done
	// Output:
	// hello
	// forced close
}
