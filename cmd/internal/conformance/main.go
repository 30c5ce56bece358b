// Command conformance is the library as an endpoint for the conformance suite (autobahn/) to test: a server that
// echoes, or a client as the suite's fuzzing server wants it. Flags choose which of the library's ways to read and
// write do the echo. conformance.mk at the root runs it in all of them.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

const usage = `usage:
  conformance server [flags]      echo; the first line printed is the URL
  conformance client [flags] URL  play the cases of the fuzzing server at URL
  conformance address             print a free address of this machine, HOST:PORT
  conformance certificate         print a certificate that signs itself, and its key
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, mode string, args []string) error {
	flags := flag.NewFlagSet(mode, flag.ExitOnError)
	loop := flags.String("loop", "messages", "how to echo: "+strings.Join(slices.Sorted(maps.Keys(echoes)), ", "))
	minSize := flags.Int("min-size", 0, "compress messages of at least so many bytes; 0: the library's default, negative: all")
	addr := flags.String("addr", "127.0.0.1:0", "server: listen on `HOST:PORT`; port 0 picks a free one")
	http := flags.Bool("http", false, "server: upgrade behind net/http, not on the bare connection")
	loops := flags.String("reactor", "", "server: serve by event loops: `sockets`, sockets with workers (workers), or every other net.Conn (other)")
	overTLS := flags.Bool("tls", false, "server: speak TLS, with a certificate that signs itself; client: take any certificate")
	keep := flags.Bool("keep", false, "client: do not stop the fuzzing server at the end")
	agent := flags.String("agent", "websocket", "client: name in the reports")
	flags.Parse(args)

	echo := echoes[*loop]
	if echo == nil {
		return fmt.Errorf("no loop %q", *loop)
	}
	options := websocket.Options{ReadLimit: 64 << 20, Compression: &compress.Options{MinSize: *minSize}}
	switch mode {
	case "server":
		ln, err := net.Listen("tcp", *addr)
		if err != nil {
			return err
		}
		scheme := "ws"
		if *overTLS {
			scheme = "wss"
			if ln, err = secure(ln); err != nil {
				return err
			}
		}
		fmt.Printf("%s://%s\n", scheme, ln.Addr())
		if *loops != "" {
			return serveReactor(ln, *loops, options)
		}
		return serve(ctx, ln, *http, options, echo)
	case "client":
		d := newDriver(flags.Arg(0), *agent, options)
		d.keep = *keep
		d.dialer.TLS = &tls.Config{InsecureSkipVerify: *overTLS}
		return d.run(ctx, echo)
	case "address":
		return printAddress()
	case "certificate":
		both, err := certificate()
		fmt.Printf("%s", both)
		return err
	}
	return fmt.Errorf("no mode %q\n%s", mode, usage)
}

// printAddress prints an address at which nothing listens. Who starts an endpoint over and over, as the suite does to
// measure its memory, has to know the address before. Nothing reserves the port, but the kernel has many to pick from,
// and an endpoint that does not get it ends the run with an error.
func printAddress() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	return ln.Close()
}
