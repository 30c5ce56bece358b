// SSH over a WebSocket connection, where only HTTP gets through: golang.org/x/crypto/ssh wants a net.Conn, which is what
// websocket.Stream returns. Encryption and users are SSH's own, whatever proxies stand in between.
//
//	go run ./ssh -password sesame
//	go run ./ssh -dial ws://localhost:8080/ssh -password sesame -host-key 'ssh-ed25519 AAAA…' greet Ada
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	url := flag.String("dial", "", "be a client: run the command that the arguments are on the server at this URL")
	hostKey := flag.String("host-key", "", "the client's: the key that the server must have, as it has printed it")
	password := flag.String("password", os.Getenv("SSH_PASSWORD"), "the password of all users; required")
	flag.Parse()
	if *password == "" {
		log.Fatal("no -password")
	}
	if *url != "" {
		if err := run(*url, *hostKey, *password, strings.Join(flag.Args(), " ")); err != nil {
			log.Fatal(err)
		}
		return
	}

	config, key := serverConfig(*password)
	up := &websocket.Upgrader{Options: websocket.Options{PingInterval: 40 * time.Second}}
	mux := http.NewServeMux()
	mux.Handle("/ssh", up.Handler(func(conn *websocket.Conn, _ *http.Request) {
		serve(websocket.Stream(conn, websocket.OpBinary), config)
	}))
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("host key %s\nlistening on http://%v\n", key, l.Addr())
	log.Fatal((&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(l))
}

// run runs a command on the server at a URL, and prints what it prints.
func run(url, hostKey, password, command string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url)
	if err != nil {
		return err
	}
	client, err := newClient(websocket.Stream(conn, websocket.OpBinary), url, hostKey, password)
	if err != nil {
		conn.CloseNow()
		return err
	}
	defer client.Close() // and with it the stream, and the connection
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	session.Stdout, session.Stderr = os.Stdout, os.Stderr
	return session.Run(command)
}
