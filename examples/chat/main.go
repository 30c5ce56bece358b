// A chat with a web page: rooms, the history of a room, and who is there. Start it and open the address that it prints in two
// windows.
//
//	go run ./chat
package main

import (
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

//go:embed page
var page embed.FS

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	rooms := flag.String("rooms", "lobby,kitchen,garden", "names of the rooms")
	flag.Parse()

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	server := &http.Server{Handler: routes(strings.Split(*rooms, ",")), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

// routes has the page, the names of the rooms, and the connections to each.
func routes(names []string) http.Handler {
	rooms := make(map[string]*room)
	for _, name := range names {
		rooms[name] = &room{members: make(map[*websocket.Conn]string)}
	}
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // it is embedded
	}
	connections := upgrader().Handler(func(conn *websocket.Conn, r *http.Request) {
		rooms[r.PathValue("room")].serve(conn, r.FormValue("name"))
	})
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /rooms", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Join(names, "\n")) })
	mux.HandleFunc("GET /rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
		switch name := r.FormValue("name"); {
		case rooms[r.PathValue("room")] == nil:
			http.Error(w, "no such room", http.StatusNotFound)
		case name == "" || len(name) > maxName:
			http.Error(w, "a name, please", http.StatusBadRequest)
		default:
			connections.ServeHTTP(w, r)
		}
	})
	return mux
}

// upgrader returns the Upgrader of all rooms.
func upgrader() *websocket.Upgrader {
	shared := websocket.CompressionDirection{NoContextTakeover: true}
	return &websocket.Upgrader{Options: websocket.Options{
		ReadLimit:    maxText,
		FailWhenFull: true, // who is too slow holds up nobody
		PingInterval: 40 * time.Second,
		// What is sent to a room is compressed once for all of its members, and an idle connection holds nothing.
		Compression: &websocket.CompressionOptions{FromServer: shared, FromClient: shared},
	}}
}
