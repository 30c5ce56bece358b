// Command ws is a tool for WebSocket: an echo server with a page to talk to it, a client, and the conformance suite.
// Each subcommand stands in a file of its own; what they do is done by packages.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/cmd/internal/autobahncmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal does not wait for the end in order
	if err := root().Run(ctx, os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "ws:", err)
		if errors.As(err, new(unknownCommand)) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// root returns the tool. Subcommands that live in packages of their own are added to the list.
func root() *cli.Command {
	cmd := &cli.Command{
		Name:  "ws",
		Usage: "WebSocket echo server, client and conformance suite",
		Commands: []*cli.Command{
			serveCommand(),
			dialCommand(),
			autobahncmd.Command(),
		},
		Action: func(_ context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				return unknownCommand(cmd.Args().First())
			}
			return cli.ShowRootCommandHelp(cmd)
		},
	}
	cmd.Walk(func(c *cli.Command) error {
		c.OnUsageError = usageError
		c.HideHelpCommand = c != cmd
		return nil
	})
	return cmd
}

// unknownCommand is the error of a subcommand that there is not. Its exit status is 2.
type unknownCommand string

func (e unknownCommand) Error() string {
	return fmt.Sprintf("no such command: %s (see ws help)", string(e))
}

// usageError makes one line of a wrong flag, where the cli package would print the whole help.
func usageError(_ context.Context, cmd *cli.Command, err error, _ bool) error {
	return fmt.Errorf("%w (see %s -h)", err, cmd.FullName())
}
