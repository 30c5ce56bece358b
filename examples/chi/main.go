// A server with chi: parameters of the route, and middleware that lasts as long as the connection.
//
//	go run ./chi
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	flag.Parse()

	up := &websocket.Upgrader{Options: websocket.Options{PingInterval: 40 * time.Second}}
	r := chi.NewRouter()
	r.Use(middleware.Recoverer)
	r.Handle("/rooms/{room}", up.Handler(room))

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

// room answers with the name of the room. chi's context of the request is there as long as the function runs.
func room(conn *websocket.Conn, r *http.Request) {
	for msg, err := range conn.Messages(r.Context()) {
		if err != nil {
			return
		}
		conn.Write(r.Context(), msg.Op, fmt.Appendf(nil, "%s: %s", chi.URLParam(r, "room"), msg.Data))
	}
}
