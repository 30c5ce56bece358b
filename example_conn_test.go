//go:build !js

package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// An echo that allocates nothing: Write does not keep what it is given. Whoever keeps the data, or gives it to another
// goroutine, copies it.
func ExampleConn_MessagesInPlace() {
	client, server := wstest.Pipe(nil, nil)
	kept := make(chan [][]byte)
	go func() {
		var all [][]byte
		for msg, err := range server.MessagesInPlace(context.Background()) {
			if err != nil {
				break
			}
			all = append(all, bytes.Clone(msg.Data))
			server.Write(context.Background(), msg.Op, msg.Data)
		}
		kept <- all
	}()
	for _, line := range []string{"one", "two"} {
		client.Write(context.Background(), websocket.OpText, []byte(line))
		m, err := client.Read(context.Background())
		fmt.Println(string(m.Data), err)
	}
	client.Close(websocket.StatusNormalClosure, "")
	fmt.Printf("%s\n", <-kept)
	// Output:
	// one <nil>
	// two <nil>
	// [one two]
}

// A message for many connections is encoded once. Messages yields data that may be kept, so that it can be passed on to
// whoever sends it.
func ExampleNewPreparedMessage() {
	ctx := context.Background()
	ada, toAda := wstest.Pipe(nil, nil)
	bob, toBob := wstest.Pipe(nil, nil)
	ada.Write(ctx, websocket.OpText, []byte("hello, all"))
	line, err := toAda.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	m, err := websocket.NewPreparedMessage(line.Op, line.Data)
	if err != nil {
		log.Fatal(err)
	}
	for _, member := range []*websocket.Conn{toAda, toBob} { // a server guards its list by a lock
		member.WritePrepared(ctx, m)
	}
	for _, client := range []*websocket.Conn{ada, bob} {
		got, err := client.Read(ctx)
		fmt.Println(string(got.Data), err)
		client.CloseNow()
	}
	// Output:
	// hello, all <nil>
	// hello, all <nil>
}

// What goes to the same connections is compressed once, as a stream, where context takeover was negotiated: here, by the zero value of
// CompressionOptions.
func ExampleBroadcaster() {
	ctx := context.Background()
	o := &websocket.Options{Compression: &websocket.CompressionOptions{}}
	client, member := wstest.Pipe(o, o)
	defer client.CloseNow()
	var prices websocket.Broadcaster
	for i := range 50 {
		line := fmt.Sprintf(`{"type":"trade","symbol":"ACME","price":%d.25,"volume":%d,"venue":"XNAS"}`, 100+i%7, i*13)
		m, err := prices.Prepare(websocket.Message{Op: websocket.OpText, Data: []byte(line)})
		if err != nil {
			log.Fatal(err)
		}
		for _, member := range []*websocket.Conn{member} { // a server guards its list by a lock
			member.WritePrepared(ctx, m)
		}
		if got, err := client.Read(ctx); string(got.Data) != line {
			log.Fatal(err)
		}
	}
	fmt.Println(client.Stats().BytesIn < 50*30)
	// Output:
	// true
}

// What is queued for a connection leaves in one write. Where first is true, nobody else is going to send it.
func ExampleConn_Queue() {
	client, server := wstest.Pipe(nil, nil)
	defer client.CloseNow()
	for _, line := range []string{"one", "two", "three"} {
		first, err := server.Queue(websocket.OpText, []byte(line))
		if errors.Is(err, websocket.ErrBackpressure) {
			server.CloseNow() // it has not taken what it was sent for a while
		}
		fmt.Println(line, first)
	}
	server.Send()
	for range 3 {
		m, _ := client.Read(context.Background())
		fmt.Println(string(m.Data))
	}
	// Output:
	// one true
	// two false
	// three false
	// one
	// two
	// three
}

// Several messages for many connections: encoded once, and one write for each connection.
func ExampleConn_QueuePrepared() {
	client, server := wstest.Pipe(nil, nil)
	defer client.CloseNow()
	line := func(s string) websocket.Message { return websocket.Message{Op: websocket.OpText, Data: []byte(s)} }
	m, err := websocket.PrepareMessages(line("Ada: hello"), line("Bob: hi"))
	if err != nil {
		log.Fatal(err)
	}
	members := []*websocket.Conn{server}
	var waiting []*websocket.Conn
	for range 2 { // whatever comes within the same round
		for _, member := range members {
			if first, err := member.QueuePrepared(m); err == nil && first {
				waiting = append(waiting, member)
			}
		}
	}
	for _, member := range waiting {
		member.Send()
	}
	for range 4 {
		m, _ := client.Read(context.Background())
		fmt.Println(string(m.Data))
	}
	// Output:
	// Ada: hello
	// Bob: hi
	// Ada: hello
	// Bob: hi
}

// A proxy passes pings and pongs on, instead of answering them itself: the client's ping is answered by the server.
func ExampleConn_SendPing() {
	var toServer, toClient *websocket.Conn
	client, toClient := wstest.Pipe(
		&websocket.Options{OnPong: func(c *websocket.Conn, payload []byte) {
			fmt.Printf("pong %s\n", payload)
			c.Close(websocket.StatusNormalClosure, "")
		}},
		&websocket.Options{OnPing: func(_ *websocket.Conn, payload []byte) (answered bool) {
			return toServer.SendPing(context.Background(), payload) == nil
		}},
	)
	toServer, server := wstest.Pipe(
		&websocket.Options{OnPong: func(_ *websocket.Conn, payload []byte) {
			toClient.SendPong(context.Background(), payload)
		}},
		nil,
	)
	defer server.CloseNow()
	for _, c := range []*websocket.Conn{toServer, server, toClient} {
		c.CloseRead(context.Background())
	}
	if err := client.SendPing(context.Background(), []byte("17")); err != nil {
		log.Fatal(err)
	}
	_, err := client.Read(context.Background())
	fmt.Println(websocket.CloseStatus(err))
	// Output:
	// pong 17
	// 1000 (normal closure)
}

// A pong that nobody has asked for says that this side lives (RFC 6455, Section 5.5.3), and wants no answer.
func ExampleConn_SendPong() {
	seen := make(chan string, 1)
	client, server := wstest.Pipe(nil, &websocket.Options{OnPong: func(_ *websocket.Conn, payload []byte) {
		seen <- string(payload) // a copy: it is valid only here
	}})
	defer client.CloseNow()
	server.CloseRead(context.Background())
	if err := client.SendPong(context.Background(), []byte("still here")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-seen)
	// Output: still here
}

// What an application knows of a connection stays with it, and is found where only the connection is at hand.
func ExampleConn_SetValue() {
	type user struct{ name string }
	upgrader := &websocket.Upgrader{}
	client, server, err := wstest.Connect(context.Background(), nil, upgrader)
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseNow()
	defer server.CloseNow()
	server.SetValue(&user{"Ada"})
	for conn := range upgrader.All() {
		if u, ok := conn.Value().(*user); ok {
			fmt.Println(u.name, "is connected")
		}
	}
	// Output: Ada is connected
}

// A connection that a large file goes to may take its time, while the others must take what they are sent at once.
func ExampleConn_SetWriteTimeout() {
	client, server := wstest.Pipe(nil, &websocket.Options{WriteTimeout: 5 * time.Second})
	defer client.CloseNow()
	client.SetReadLimit(4 << 20)
	server.SetWriteTimeout(time.Minute)
	go server.Write(context.Background(), websocket.OpBinary, make([]byte, 3<<20))
	m, err := client.Read(context.Background())
	fmt.Println(len(m.Data), err)
	// Output: 3145728 <nil>
}

// An image does not shrink any more, and costs time to try.
func ExampleConn_WriteUncompressed() {
	compressed := websocket.Options{Compression: &websocket.CompressionOptions{}}
	client, server := wstest.Pipe(&compressed, &compressed)
	defer client.CloseNow()
	image := make([]byte, 10000)
	for _, write := range []func(context.Context, websocket.Opcode, []byte) error{server.Write, server.WriteUncompressed} {
		before := server.Stats().BytesOut
		if err := write(context.Background(), websocket.OpBinary, image); err != nil {
			log.Fatal(err)
		}
		m, _ := client.Read(context.Background())
		fmt.Println(len(m.Data), "bytes, shrunk:", server.Stats().BytesOut-before < 1000)
	}
	// Output:
	// 10000 bytes, shrunk: true
	// 10000 bytes, shrunk: false
}

// A message that is too large to be held is streamed, in both directions.
func ExampleConn_Writer() {
	client, server := wstest.Pipe(nil, nil)
	defer client.CloseNow()
	go func() {
		w, err := server.Writer(context.Background(), websocket.OpText)
		if err != nil {
			log.Fatal(err)
		}
		for i := range 3 {
			fmt.Fprintf(w, "line %d\n", i)
		}
		w.Close() // ends the message
	}()
	op, r, err := client.Reader(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(r)
	fmt.Printf("%v: %q %v\n", op, text, err)
	// Output: text: "line 0\nline 1\nline 2\n" <nil>
}

// A protocol that wants a stream of bytes runs over messages.
func ExampleStream() {
	client, server := wstest.Pipe(nil, nil)
	go func() {
		stream := websocket.Stream(server, websocket.OpBinary)
		defer stream.Close()
		io.Copy(stream, strings.NewReader("any bytes at all"))
	}()
	p, err := io.ReadAll(websocket.Stream(client, websocket.OpBinary))
	fmt.Println(string(p), err)
	// Output: any bytes at all <nil>
}

// A write that fails says that nothing can be sent any more. What the peer had sent is still read, and says how the
// connection ended.
func ExampleErrWriteFailed() {
	near, far := wstest.NetPipe()
	conn := websocket.ServerConn(near, nil, websocket.Agreement{}, nil)
	peer := websocket.ClientConn(far, nil, websocket.Agreement{}, nil)
	peer.Write(context.Background(), websocket.OpText, []byte("my last words"))
	peer.Flush(context.Background())
	far.Close() // the peer's machine is switched off

	err := conn.Write(context.Background(), websocket.OpText, []byte("are you there?"))
	for err == nil { // as long as it goes into the buffers
		err = conn.Flush(context.Background())
	}
	fmt.Println(errors.Is(err, websocket.ErrWriteFailed))
	m, _ := conn.Read(context.Background())
	fmt.Println(string(m.Data))
	_, err = conn.Read(context.Background())
	fmt.Println(websocket.CloseStatus(err))
	// Output:
	// true
	// my last words
	// 1006 (abnormal closure)
}
