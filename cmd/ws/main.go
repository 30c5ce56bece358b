// Command ws is a tool for WebSocket connections. This one has the conformance suite only.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/cmd/internal/autobahncmd"
)

func main() {
	ws := &cli.Command{Name: "ws", Usage: "tools for WebSocket connections", Commands: []*cli.Command{autobahncmd.Command()}}
	if err := ws.Run(context.Background(), os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "ws:", err)
		os.Exit(1)
	}
}
