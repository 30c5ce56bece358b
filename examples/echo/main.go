// A server with Echo: its handlers call an Upgrader's, and Echo's context lasts as long as the connection.
//
//	go run ./echo
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	flag.Parse()

	e := echo.New()
	e.Use(middleware.Recover())
	e.GET("/rooms/:room", room)

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	server := &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

var up = &websocket.Upgrader{Options: websocket.Options{PingInterval: 40 * time.Second}}

// room answers with the name of the room. It returns when the connection has ended, so that c is its own until then.
func room(c *echo.Context) error {
	up.Handler(func(conn *websocket.Conn, r *http.Request) {
		for msg, err := range conn.Messages(r.Context()) {
			if err != nil {
				return
			}
			conn.Write(r.Context(), msg.Op, fmt.Appendf(nil, "%s: %s", c.Param("room"), msg.Data))
		}
	}).ServeHTTP(c.Response(), c.Request())
	return nil
}
