// Prices for consumers of any speed: every 100 ms each client is sent what has changed. A client that has not taken the last
// message is not sent more of the same, and does not hold up the others: what changes meanwhile is put together, and it gets the
// newest of each when it is ready. Memory for it is bounded by the number of symbols.
//
//	go run ./ticker
//	go run ../cmd/ws dial ws://localhost:8080/prices
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	every := flag.Duration("every", 100*time.Millisecond, "time between ticks")
	flag.Parse()

	t := newTicker()
	up := &websocket.Upgrader{Options: websocket.Options{
		FailWhenFull: true, // a tick waits for nobody
		PingInterval: 40 * time.Second,
	}}
	mux := http.NewServeMux()
	mux.Handle("/prices", up.Handler(func(conn *websocket.Conn, r *http.Request) {
		t.add(conn)
		defer t.remove(conn)
		for _, err := range conn.MessagesInPlace(r.Context()) { // clients have nothing to say
			if err != nil {
				return
			}
		}
	}))
	go func() {
		for range time.Tick(*every) {
			t.tick(market())
		}
	}()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	log.Fatal((&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(l))
}

// market returns the prices that have changed.
func market() prices {
	changed := make(prices)
	for _, symbol := range []string{"ACME", "INIT", "HOOL", "UMBR"} {
		if rand.N(3) == 0 {
			changed[symbol] = 100 + rand.N(1000)
		}
	}
	return changed
}
