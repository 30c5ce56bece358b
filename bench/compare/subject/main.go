// Subject is what compare measures of the library: a server that echoes, and a client that reads. It is built with the library of either
// side, so it uses only what has long stood in the library.
//
// Usage:
//
//	subject serve [-settle] [-waste n] port
//	subject read url
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "subject:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("want serve or read, and where")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	settles := flags.Bool("settle", false, "return free memory to the system all the time, for measuring what connections hold")
	waste := flags.Int("waste", 0, "kibibytes to hash for each message: a regression to see compare find it")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if *settles {
		go settleAll()
	}
	switch args[0] {
	case "serve":
		return serve(flags.Arg(0), make([]byte, *waste<<10))
	case "read":
		return read(flags.Arg(0))
	}
	return fmt.Errorf("%q is neither serve nor read", args[0])
}

// settleAll collects garbage all the time.
func settleAll() {
	for {
		debug.FreeOSMemory()
		time.Sleep(50 * time.Millisecond)
	}
}

// serve echoes, and accepts whatever compression is offered.
func serve(port string, waste []byte) error {
	ln, err := net.Listen("tcp4", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	up := &websocket.Upgrader{Options: websocket.Options{Compression: &compress.Options{Level: compress.Fastest, MinSize: -1}}}
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			if c, err := up.UpgradeConn(context.Background(), nc, nil); err == nil {
				go echo(c, waste) // as UpgradeConn's documentation says
			}
		}()
	}
}

func echo(c *websocket.Conn, waste []byte) {
	ctx := context.Background()
	for msg, err := range c.MessagesInPlace(ctx) {
		if len(waste) > 0 {
			sha256.Sum256(waste)
		}
		if err != nil || c.Write(ctx, msg.Op, msg.Data) != nil {
			break
		}
	}
	c.CloseNow()
}

// read reads what comes until that ends.
func read(url string) error {
	d := websocket.Dialer{Options: websocket.Options{Compression: &compress.Options{}}}
	c, _, err := d.Dial(context.Background(), url)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	for _, err := range c.MessagesInPlace(context.Background()) {
		if err != nil {
			return nil
		}
	}
	return nil
}
