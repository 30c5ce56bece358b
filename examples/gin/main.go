// A server with gin: its handlers call an Upgrader's, and gin's context lasts as long as the connection.
//
//	go run ./gin
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	flag.Parse()

	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(gin.Recovery())
	engine.GET("/rooms/:room", room)

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	server := &http.Server{Handler: engine, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

var up = &websocket.Upgrader{Options: websocket.Options{PingInterval: 40 * time.Second}}

// room answers with the name of the room. It returns when the connection has ended, so that c is its own until then.
func room(c *gin.Context) {
	up.Handler(func(conn *websocket.Conn, r *http.Request) {
		for msg, err := range conn.Messages(r.Context()) {
			if err != nil {
				return
			}
			conn.Write(r.Context(), msg.Op, fmt.Appendf(nil, "%s: %s", c.Param("room"), msg.Data))
		}
	}).ServeHTTP(c.Writer, c.Request)
}
