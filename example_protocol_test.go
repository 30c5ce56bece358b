package websocket_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"

	"github.com/seed-d69ae1b7/websocket"
)

// endpoint is one side of a connection in the hands of an event loop: the protocol, and nothing that does I/O. What
// the loop has read goes into feed; what feed leaves in out goes to the network when the loop sees fit. Between calls
// an endpoint holds no buffer of the loop's, so that one read buffer serves every connection.
type endpoint struct {
	in      websocket.Receiver
	out     []byte // has to be sent
	sender  websocket.Sender
	message []byte // the parts of the message under way
	closed  bool   // a close frame is in out, or has been sent: send out, and close
}

// newEndpoint returns an endpoint behind its opening handshake.
func newEndpoint(client bool) *endpoint {
	e := new(endpoint)
	e.in.Reset(websocket.ReceiverOptions{Client: client, Limit: 1 << 20})
	e.sender.Reset(websocket.SenderOptions{Client: client})
	return e
}

// send puts a message into out.
func (e *endpoint) send(op websocket.Opcode, p []byte) error {
	var err error
	e.out, err = e.sender.AppendMessage(e.out, op, p)
	return err
}

// close puts a close frame into out, unless one was sent.
func (e *endpoint) close(code websocket.StatusCode, reason string) {
	if !e.closed {
		e.out, _ = e.sender.AppendClose(e.out, code, reason)
		e.closed = true
	}
}

// feed takes bytes that have come, and calls onMessage for every message that they complete. io.EOF says that the
// peer has closed; any other error that it broke the protocol. Either way, out holds the close frame that answers.
func (e *endpoint) feed(b []byte, onMessage func(websocket.Opcode, []byte) error) error {
	for {
		_, ev, n, err := e.in.Next(nil, b)
		if err != nil {
			// The error says with which code the connection has to be failed.
			var wrong *websocket.ProtocolError
			if errors.As(err, &wrong) {
				e.close(wrong.Code, wrong.Text)
			}
			return err
		}
		b = b[n:]
		switch ev.Kind {
		case websocket.EventNone:
			return nil // all of b was taken
		case websocket.EventPing:
			if !e.closed {
				e.out, _ = e.sender.AppendControl(e.out, websocket.OpPong, ev.Payload)
			}
		case websocket.EventClose:
			e.close(ev.Code, "")
			return io.EOF
		case websocket.EventData:
			// The payload lies in b: what is not used at once has to be copied.
			e.message = append(e.message, ev.Payload...)
			if ev.Last {
				err := onMessage(ev.Op, e.message)
				e.message = e.message[:0]
				if err != nil {
					return err
				}
			}
		}
	}
}

// A library with an event loop of its own builds on Receiver and Sender. Here the loop is as small as can be: one
// goroutine for each side, one read buffer, and a net.Pipe instead of epoll.
func ExampleReceiver() {
	clientEnd, serverEnd := net.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		defer serverEnd.Close()
		server := newEndpoint(false)
		loop(server, serverEnd, func(op websocket.Opcode, p []byte) error {
			fmt.Printf("server got %v %q\n", op, p)
			return server.send(op, p)
		})
	}()

	client := newEndpoint(true)
	if err := client.send(websocket.OpText, []byte("Hello")); err != nil {
		log.Fatal(err)
	}
	err := loop(client, clientEnd, func(op websocket.Opcode, p []byte) error {
		fmt.Printf("client got %v %q\n", op, p)
		client.close(websocket.StatusNormalClosure, "bye")
		return nil
	})
	fmt.Println("client:", err)
	<-served
	// Output:
	// server got text "Hello"
	// client got text "Hello"
	// client: EOF
}

// loop feeds e what comes and sends what it has to send, until the connection ends.
func loop(e *endpoint, nc net.Conn, onMessage func(websocket.Opcode, []byte) error) error {
	buf := make([]byte, 4096)
	var ended error
	for {
		if len(e.out) > 0 {
			if _, err := nc.Write(e.out); err != nil {
				return err
			}
			e.out = e.out[:0]
		}
		if ended != nil {
			return ended
		}
		n, err := nc.Read(buf)
		if err != nil {
			return err
		}
		ended = e.feed(buf[:n], onMessage)
	}
}

// A Sender appends frames to the caller's slice: a client's, which are masked, or a server's.
func ExampleSender() {
	var server websocket.Sender // the zero value is a server's
	wire, err := server.AppendMessage(nil, websocket.OpText, []byte("Hello"))
	if err != nil {
		log.Fatal(err)
	}
	wire, _ = server.AppendControl(wire, websocket.OpPing, []byte("1"))
	wire, _ = server.AppendClose(wire, websocket.StatusNormalClosure, "")
	fmt.Printf("%x\n", wire)
	// Output: 810548656c6c6f890131880203e8
}
