package main

// This file holds the command ws dial: its flags, and what they make of a session.go. How it connects stands in client.go.

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/framing"
	"github.com/urfave/cli/v3"
)

func dialCommand() *cli.Command {
	return &cli.Command{
		Name:               "dial",
		Usage:              "talk to a server: lines out, messages in",
		CustomHelpTemplate: dialHelp,
		// A value of a header may have commas.
		DisableSliceFlagSeparator: true,
		Flags: append(clientFlags(),
			&cli.StringSliceFlag{Name: "x", Usage: "send MESSAGE in place of the input; may be repeated"},
			&cli.DurationFlag{Name: "wait", Usage: "stay for DURATION after the input; negative: until the server ends it (default: 1s with -x)"},
			&cli.IntFlag{Name: "n", Usage: "end after COUNT messages have come"},
			&cli.StringFlag{Name: "close", Value: "1000", Usage: "close with CODE [REASON] at the end"},
			&cli.BoolFlag{Name: "0", Usage: "a zero byte, not a line feed, ends each message, in and out"},
			&cli.BoolFlag{Name: "length", Usage: "messages stand behind their length, 4 bytes big-endian, in and out"},
			&cli.BoolFlag{Name: "base64", Usage: "messages are lines of base64, in and out"},
			&cli.BoolFlag{Name: "hex", Usage: "messages are lines of hexadecimal digits, in and out"},
			&cli.BoolFlag{Name: "binary", Usage: "send binary messages; alone: no framing, as bytes come and go"},
			&cli.BoolFlag{Name: "L", Usage: "follow redirects, but never with credentials to another server"},
			&cli.BoolFlag{Name: "reconnect", Usage: "dial again when the connection is lost, after a random delay that grows"},
			&cli.BoolFlag{Name: "v", Usage: "show request, response and every frame"},
		),
		Action: dial,
	}
}

// dial talks to a server as the command line says.
func dial(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{errors.New("dial takes one argument, a URL such as ws://127.0.0.1:9001/")}
	}
	d, err := dialer(cmd)
	if err != nil {
		return err
	}
	s := &session{url: fullURL(cmd.Args().First()), dialer: d, follow: cmd.Bool("L"), reconnect: cmd.Bool("reconnect"), count: cmd.Int("n"), wait: cmd.Duration("wait")}
	if _, err := d.Handshake(s.url); err != nil {
		return usageError{err}
	}
	if cmd.IsSet("x") && !cmd.IsSet("wait") {
		s.wait = time.Second
	}
	if s.code, s.reason, err = parseClose(cmd.String("close")); err != nil {
		return err
	}
	if s.console, err = openConsole(cmd); err != nil {
		return err
	}
	defer s.restore()
	if cmd.Bool("v") {
		s.wire = newWire(s.status)
		s.wire.watch(&d.Options)
	}
	return s.run(ctx)
}

// messageFraming returns how the flags say that messages stand in the input and the output, and the kind of those that are sent.
func messageFraming(cmd *cli.Command) (framing.Framing, websocket.Opcode, error) {
	f, op, given := framing.Lines, websocket.OpText, 0
	for name, framing := range map[string]framing.Framing{
		"0": framing.NUL, "length": framing.Length, "base64": framing.Base64, "hex": framing.Hex,
	} {
		if cmd.Bool(name) {
			f = framing
			given++
		}
	}
	if given > 1 {
		return 0, 0, usageError{errors.New("-0, -length, -base64 and -hex exclude one another")}
	}
	if cmd.Bool("binary") {
		op = websocket.OpBinary
		if given == 0 {
			f = framing.Stream
		}
	}
	if f == framing.Hex {
		op = websocket.OpBinary
	}
	return f, op, nil
}

// parseClose reads "CODE [REASON]". Nothing stands for a close without a code.
func parseClose(s string) (websocket.StatusCode, string, error) {
	code, reason, _ := strings.Cut(strings.TrimSpace(s), " ")
	if code == "" {
		return websocket.StatusNoStatusReceived, "", nil
	}
	n, err := strconv.ParseUint(code, 10, 16)
	if err == nil {
		_, err = websocket.AppendClose(nil, websocket.StatusCode(n), reason)
	}
	if err != nil {
		return 0, "", usageError{fmt.Errorf("close code %s: want 1000, or one from 3000 to 4999", code)}
	}
	return websocket.StatusCode(n), reason, nil
}
