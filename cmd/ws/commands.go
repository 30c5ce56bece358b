package main

// This file holds the commands of ws dial on a terminal: lines that begin with a slash.

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seed-d69ae1b7/websocket"
)

// dialCommandOf is a command of ws dial.
type dialCommandOf struct {
	name, arguments, does string
	run                   func(v view, arguments string) action
}

// commands are all of them, in the order of /help.
var commands = []dialCommandOf{
	{"/ping", "[TEXT]", "send a ping; without a text, wait for the pong and say how long it took", pingCommand},
	{"/binary", "HEX", "send a binary message, written in hexadecimal digits", binaryCommand},
	{"/file", "PATH", "send a file as a binary message", fileCommand(websocket.OpBinary)},
	{"/textfile", "PATH", "send a file as a text message", fileCommand(websocket.OpText)},
	{"/close", "[CODE [REASON]]", "close, such as /close 1000 bye", closeCommand},
	{"/help", "", "this", nil}, // does what it does in command
}

// command returns what a line does that begins with a slash. /close without a code sends none.
func command(line string, v view) (action, error) {
	name, arguments, _ := strings.Cut(line, " ")
	if name == "/help" {
		return help(v), nil
	}
	for _, c := range commands {
		if c.name == name {
			return c.run(v, strings.TrimSpace(arguments)), nil
		}
	}
	return failing("no such command: %s; /help lists them, and a message that begins with / is written with two", name), nil
}

// failing is the action that cannot be done.
func failing(format string, args ...any) action {
	return func(context.Context, *websocket.Conn) error { return fmt.Errorf(format, args...) }
}

// help shows the commands.
func help(v view) action {
	return func(context.Context, *websocket.Conn) error {
		var b strings.Builder
		for _, c := range commands {
			fmt.Fprintf(&b, "%-26s %s\n", c.name+" "+c.arguments, c.does)
		}
		b.WriteString("Every other line is sent as a text message. //x sends /x. Ctrl-D closes with 1000.\n")
		_, err := io.WriteString(v.w, b.String())
		return err
	}
}

func pingCommand(v view, payload string) action {
	return func(ctx context.Context, conn *websocket.Conn) error {
		if payload != "" {
			return conn.SendPing(ctx, []byte(payload))
		}
		go func() { // the pong may take long, and the user goes on
			rtt, err := conn.Ping(ctx)
			switch {
			case err == nil:
				v.line("pong after %v", rtt)
			case errors.Is(err, os.ErrDeadlineExceeded):
				v.line("no pong has come")
			}
		}()
		return nil
	}
}

func binaryCommand(_ view, digits string) action {
	data, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		return failing("%w", err)
	}
	return sending(websocket.OpBinary, data)
}

func closeCommand(_ view, arguments string) action {
	return func(_ context.Context, conn *websocket.Conn) error {
		code, reason, err := parseClose(arguments)
		if err != nil {
			return err
		}
		go conn.Close(code, reason) // how it ended is shown in any case
		return nil
	}
}

// fileCommand returns the command that sends a file as a message, without holding it in memory.
func fileCommand(op websocket.Opcode) func(view, string) action {
	return func(_ view, path string) action {
		return func(ctx context.Context, conn *websocket.Conn) error {
			file, err := os.Open(path)
			if err != nil {
				return err
			}
			defer file.Close()
			if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
				return errors.Join(err, fmt.Errorf("%s is no file", path))
			}
			w, err := conn.Writer(ctx, op)
			if err != nil {
				return err
			}
			_, err = io.Copy(w, file)
			return errors.Join(err, w.Close())
		}
	}
}
