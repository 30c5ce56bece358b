// JSON-RPC 2.0 over a WebSocket connection: a library that wants a stream of bytes gets one from websocket.Stream. Each object of
// JSON leaves as one text message, so that pages can take part, too. Calls go in both directions: for what greet returns, the server
// asks the client for its name.
//
//	go run ./jsonrpc
//	go run ./jsonrpc -call ws://localhost:8080/rpc sum 1 2 3
//	go run ./jsonrpc -call ws://localhost:8080/rpc greet
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
	"github.com/creachadair/jrpc2/handler"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	server := flag.String("call", "", "be a client: call a method of the server at this URL; arguments are the method and its numbers")
	flag.Parse()
	if *server != "" {
		if err := call(*server, flag.Arg(0), flag.Args()[min(1, flag.NArg()):]); err != nil {
			log.Fatal(err)
		}
		return
	}

	up := &websocket.Upgrader{Options: websocket.Options{PingInterval: 40 * time.Second}}
	mux := http.NewServeMux()
	mux.Handle("/rpc", up.Handler(serve))
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	log.Fatal((&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(l))
}

// maxObject is the most bytes that an object of JSON may have.
const maxObject = 1 << 20

// bounded is a channel that ends when an object has too many bytes. A Stream has no limit by itself, because it holds nothing: what
// holds whole objects is the decoder of JSON.
type bounded struct {
	channel.Channel
	left *io.LimitedReader // what it reads from
}

// Recv returns the next object.
func (b bounded) Recv() ([]byte, error) {
	b.left.N = maxObject
	return b.Channel.Recv()
}

// over returns the channel of JSON-RPC over a connection.
func over(conn *websocket.Conn) channel.Channel {
	stream := websocket.Stream(conn, websocket.OpText)
	left := &io.LimitedReader{R: stream}
	return bounded{channel.RawJSON(left, stream), left}
}

// serve answers calls until the connection ends.
func serve(conn *websocket.Conn, _ *http.Request) {
	methods := handler.Map{"sum": handler.New(sum), "greet": handler.New(greet)}
	jrpc2.NewServer(methods, &jrpc2.ServerOptions{AllowPush: true}).Start(over(conn)).Wait()
}

// sum is a method.
func sum(_ context.Context, numbers []float64) float64 {
	total := 0.0
	for _, n := range numbers {
		total += n
	}
	return total
}

// greet is a method that calls one of the client's.
func greet(ctx context.Context) (string, error) {
	resp, err := jrpc2.ServerFromContext(ctx).Callback(ctx, "name", nil)
	if err != nil {
		return "", err
	}
	var name string
	err = resp.UnmarshalResult(&name)
	return "hello, " + name, err
}

// call is the client: one call, whose result it prints as JSON.
func call(url, method string, args []string) error {
	numbers := make([]float64, len(args))
	for i, arg := range args {
		n, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			return err
		}
		numbers[i] = n
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url)
	if err != nil {
		return err
	}
	client := jrpc2.NewClient(over(conn), &jrpc2.ClientOptions{OnCallback: answer})
	defer client.Close() // and with it the stream, and the connection
	var params any       // none, unless there are some
	if len(numbers) > 0 {
		params = numbers
	}
	resp, err := client.Call(ctx, method, params)
	if err != nil {
		return err
	}
	fmt.Println(resp.ResultString())
	return nil
}

// answer answers what the server asks the client.
func answer(_ context.Context, r *jrpc2.Request) (any, error) {
	if r.Method() != "name" {
		return nil, jrpc2.MethodNotFound.Err()
	}
	return "Ada", nil
}
