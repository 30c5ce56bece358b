// Zishang is the Go port github.com/zishang520/socket.io, as the benchmark beside it expects a server to be. It is a
// module of its own, because of what the port requires.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "zishang:", err)
		os.Exit(1)
	}
}

func run() error {
	options := socket.DefaultServerOptions()
	options.SetPingInterval(300 * time.Second)
	io := socket.NewServer(nil, options)
	if err := io.On("connection", func(clients ...any) { serve(io, clients[0].(*socket.Socket)) }); err != nil {
		return err
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(ln, io.ServeHandler(nil)) }() // it ends with the process
	fmt.Printf("{\"port\":%d}\n", ln.Addr().(*net.TCPAddr).Port)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		for range 3 {
			runtime.GC()
		}
		debug.FreeOSMemory()
		fmt.Printf("{\"sessions\":%d,\"goroutines\":%d}\n", io.Engine().ClientsCount(), runtime.NumGoroutine())
	}
	return nil
}

// serve registers what the load asks for.
func serve(io *socket.Server, client *socket.Socket) {
	text := strings.Repeat("x", 32)
	_ = client.On("echo", func(args ...any) { args[1].(socket.Ack)(args[:1], nil) }) // an empty name is the only error
	_ = client.On("shout", func(args ...any) {
		for range int(args[0].(float64)) {
			_ = io.Emit("news", text) // a reserved name is the only error
		}
	})
}
