// A server that stops in order: on SIGTERM or SIGINT it tells load balancers to send nobody any more, then tells all clients that
// it goes away (1001), which browsers and clients that reconnect take for "come back", and ends when all functions have saved
// their work.
//
//	go run ./shutdown
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	notice := flag.Duration("notice", 5*time.Second, "how long load balancers take to notice that /ready has changed")
	patience := flag.Duration("patience", 20*time.Second, "how long clients and functions may take to end")
	flag.Parse()

	var up websocket.Upgrader
	var leaving atomic.Bool
	mux := http.NewServeMux()
	mux.Handle("/ws", up.Handler(count))
	mux.HandleFunc("/ready", func(w http.ResponseWriter, r *http.Request) {
		if leaving.Load() {
			http.Error(w, "leaving", http.StatusServiceUnavailable)
		}
	})
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()

	<-terminated.Done()
	stop() // a second signal ends the process at once
	leaving.Store(true)
	fmt.Println("leaving")
	time.Sleep(*notice)

	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil { // no new connections
		log.Print(err)
	}
	if err := up.Shutdown(ctx); err != nil { // 1001 to all, and their functions have returned
		log.Print(err) // says how many were cut, and how many functions still run
	}
}

// count counts the messages of a client, and saves the result when the connection has ended, whoever has ended it.
func count(conn *websocket.Conn, r *http.Request) {
	n := 0
	defer func() {
		// Not with the connection's context, which has ended.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		save(ctx, n)
	}()
	for msg, err := range conn.Messages(r.Context()) {
		if err != nil {
			return
		}
		n++
		conn.Write(r.Context(), msg.Op, msg.Data)
	}
}

// save stands for what takes a while, such as writing to a database.
func save(_ context.Context, n int) {
	fmt.Println("saved", n)
}
