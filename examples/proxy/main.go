// A reverse proxy on the level of messages: it connects to the server behind it for each client, and passes on messages, pings and
// pongs, close codes and reasons, subprotocols, refusals, and waiting. It is the place to look at messages, to count them, or to
// compress them on one side only; where nothing of that is wanted, net/http/httputil.ReverseProxy passes the bytes.
//
//	go run ./proxy -to ws://localhost:8081
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
	"syscall"
	"time"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	to := flag.String("to", "ws://localhost:8081", "the server behind: ws or wss, and host")
	flag.Parse()

	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	p := newProxy(*to)
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()

	<-terminated.Done()
	stop()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := errors.Join(server.Shutdown(ctx), p.up.Shutdown(ctx)); err != nil {
		log.Fatal(err)
	}
}
