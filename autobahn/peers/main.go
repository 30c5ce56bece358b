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

func main() {
	library := flag.String("library", "gorilla", "gorilla, coder, gobwas or gws")
	listen := flag.String("listen", "", "serve an echo at this address")
	connect := flag.String("connect", "", "run the cases of the fuzzing server at this URL (gorilla only)")
	flag.Parse()
	if err := run(*library, *listen, *connect); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(library, listen, connect string) error {
	if connect != "" {
		return gorillaClient(connect, library)
	}
	handler := servers[library]
	if handler == nil {
		return fmt.Errorf("no library %q", library)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	return http.Serve(l, handler)
}
