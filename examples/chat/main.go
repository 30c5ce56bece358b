// A chat with a web page: rooms, the history of a room, and who is there. Start it and open the address that it prints in two
// windows.
//
//	go run ./chat
//
// The page's client is page/chat.js. There is one in Go as well, in client/: go.html beside the address is the same page with it.
//
//	GOOS=js GOARCH=wasm go build -o /tmp/chat/client.wasm ./chat/client
//	cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" /tmp/chat/
//	go run ./chat -go /tmp/chat
package main

import (
	"bytes"
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
	client := flag.String("go", "", "directory with client.wasm and wasm_exec.js, for go.html")
	flag.Parse()

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	mux := routes(strings.Split(*rooms, ","))
	if *client != "" {
		addGoClient(mux, *client)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

// routes has the page, the names of the rooms, and the connections to each.
func routes(names []string) *http.ServeMux {
	rooms := make(map[string]*room)
	for _, name := range names {
		rooms[name] = &room{members: make(map[*websocket.Conn]string)}
	}
	connections := upgrader().Handler(func(conn *websocket.Conn, r *http.Request) {
		rooms[r.PathValue("room")].serve(conn, r.FormValue("name"))
	})
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(files()))
	mux.HandleFunc("/rooms", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Join(names, "\n")) })
	mux.HandleFunc("/rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
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

// files returns those of the page.
func files() fs.FS {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // it is embedded
	}
	return files
}

// addGoClient adds go.html, which is the page with its client in Go, and the files of a directory that it loads.
func addGoClient(mux *http.ServeMux, dir string) {
	mux.Handle("/go/", http.StripPrefix("/go", http.FileServer(http.Dir(dir))))
	mux.HandleFunc("/go.html", func(w http.ResponseWriter, r *http.Request) {
		index, err := fs.ReadFile(files(), "index.html")
		if err != nil {
			panic(err) // it is embedded
		}
		inJavaScript := []byte(`<script src="chat.js" defer></script>`)
		inGo := []byte(`<script src="go/wasm_exec.js" defer></script><script src="go.js" defer></script>`)
		w.Write(bytes.Replace(index, inJavaScript, inGo, 1))
	})
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
