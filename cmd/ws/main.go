// Command ws is a tool for WebSocket: an echo server with a page to talk to it, a client, and the conformance suite.
// Each subcommand stands in a file of its own; what they do is done by packages.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/cmd/internal/autobahncmd"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal does not wait for the end in order
	cmd := root()
	if err := cmd.Run(ctx, spelled(cmd, os.Args)); err != nil {
		fmt.Fprintln(os.Stderr, "ws:", harmless.Text(err.Error()))
		os.Exit(exitStatus(err))
	}
}

// root returns the tool. Subcommands that live in packages of their own are added to the list.
func root() *cli.Command {
	cmd := &cli.Command{
		Name:                  "ws",
		EnableShellCompletion: true,
		ConfigureShellCompletionCommand: func(c *cli.Command) {
			c.Hidden = false
			c.Usage = "print a script for bash (source it), zsh or fish"
		},
		Usage: "WebSocket client, server, load generator and conformance suite",
		Commands: []*cli.Command{
			serveCommand(),
			dialCommand(),
			loadCommand(),
			versionCommand(),
			autobahncmd.Command(),
		},
		Action: func(_ context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				return usageError{fmt.Errorf("no such command: %s (see ws help)", cmd.Args().First())}
			}
			return cli.ShowRootCommandHelp(cmd)
		},
	}
	cmd.Walk(func(c *cli.Command) error {
		c.OnUsageError = wrongFlag
		c.HideHelpCommand = c != cmd
		return nil
	})
	return cmd
}

// wrongFlag makes one line of a wrong flag, where the cli package would print the whole help.
func wrongFlag(_ context.Context, cmd *cli.Command, err error, _ bool) error {
	return usageError{fmt.Errorf("%w (see %s -h)", err, cmd.FullName())}
}

// spelled returns arguments in which the flag -0 has two dashes. With one, the cli package takes it for a number.
func spelled(root *cli.Command, args []string) []string {
	args = slices.Clone(args)
	values := make(map[string]bool)
	for _, c := range root.Commands {
		for _, f := range c.Flags {
			if doc, ok := f.(cli.DocGenerationFlag); ok && doc.TakesValue() {
				values[f.Names()[0]] = true
			}
		}
	}
	for i := 1; i < len(args) && args[i] != "--"; i++ {
		switch arg := args[i]; {
		case arg == "-0":
			args[i] = "--0"
		case strings.HasPrefix(arg, "-") && values[strings.TrimLeft(arg, "-")]:
			i++ // its value
		}
	}
	return args
}
