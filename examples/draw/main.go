// A drawing that all who look at it draw on together: strokes are binary messages. Start it and open the address that it prints
// in two windows.
//
//	go run ./draw
package main

import (
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

//go:embed page
var page embed.FS

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	flag.Parse()

	files, err := fs.Sub(page, "page")
	if err != nil {
		log.Fatal(err)
	}
	up := &websocket.Upgrader{Options: websocket.Options{
		ReadLimit:    maxStroke,
		FailWhenFull: true, // who is too slow holds up nobody
		PingInterval: 40 * time.Second,
	}}
	d := newDrawing()
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.Handle("GET /drawing", up.Handler(func(conn *websocket.Conn, _ *http.Request) { d.serve(conn) }))
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	log.Fatal((&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(l))
}
