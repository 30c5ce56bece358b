// Command upload stores files that clients send, with a handler that is registered once.
package main

import (
	"log"
	"net/http"
	"os"
	"path/filepath"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

type file struct {
	Name string `json:"name"`
	Data []byte `json:"data"` // a Uint8Array, ArrayBuffer, Blob or File of the client's
}

type stored struct {
	Bytes int `json:"bytes"`
}

func main() {
	if err := os.MkdirAll("uploads", 0o700); err != nil {
		log.Fatal(err)
	}
	root, err := os.OpenRoot("uploads") // nothing is written outside of it
	if err != nil {
		log.Fatal(err)
	}
	o := &socketio.Options{}
	o.MaxPayload = 10 << 20 // a larger file ends the connection
	io := socketio.NewServer(o)
	io.Handle("upload", func(_ *socketio.Socket, f file) (stored, error) {
		name := filepath.Base(f.Name) // a client chooses it
		if err := root.WriteFile(name, f.Data, 0o600); err != nil {
			log.Print(err) // not for the client
			return stored{}, &socketio.Error{Message: "cannot store"}
		}
		io.Emit("preview", name, f.Data[:min(16, len(f.Data))])
		return stored{len(f.Data)}, nil
	})
	http.Handle("/socket.io/", io)
	log.Fatal(http.ListenAndServe("localhost:3000", nil))
}
