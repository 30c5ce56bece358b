// Command peers runs the echo server, or the echo client, of a published WebSocket library, for the conformance suite
// to test: peers -library gorilla -listen 127.0.0.1:9001, or peers -library gorilla -connect ws://127.0.0.1:9001.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
)

// servers make the handler that echoes with each library, compression on where the library has it.
var servers = map[string]http.HandlerFunc{
	"gorilla": gorillaServer,
	"coder":   coderServer,
	"gobwas":  gobwasServer,
	"gws":     gwsServer,
}

// clients connect with each library and echo until the connection ends.
var clients = map[string]func(url string) error{
	"gorilla": gorillaClient,
	"coder":   coderClient,
	"gobwas":  gobwasClient,
	"gws":     gwsClient,
}

func main() {
	library := flag.String("library", "gorilla", "gorilla, coder, gobwas or gws")
	listen := flag.String("listen", "", "serve an echo at this address")
	connect := flag.String("connect", "", "play the cases of the fuzzing server at this URL")
	reports := flag.String("table", "", "print the verdicts of the reports in this folder, which run.sh has made")
	flag.Parse()
	if *reports != "" {
		if err := printTable(*reports); err != nil {
			fmt.Fprintln(os.Stderr, "peers:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*library, *listen, *connect); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(library, listen, connect string) error {
	handler := servers[library]
	if handler == nil {
		return fmt.Errorf("no library %q", library)
	}
	if connect != "" {
		return drive(connect, library, clients[library])
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	return http.Serve(l, handler)
}
