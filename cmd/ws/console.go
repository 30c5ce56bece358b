package main

// This file holds the console of ws dial where no person sits at it: messages that stand behind one another in a pipe or on the
// command line. That of a person is in interactive.go.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/framing"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
	"github.com/urfave/cli/v3"
)

// console is where ws dial takes messages from and shows them. Its functions may be used at the same time.
type console struct {
	next        func() (action, error)        // what the user does next; io.EOF behind the last
	show        func(websocket.Message) error // a message that has come; not kept
	status      io.Writer                     // remarks that are not messages; harmless for a terminal
	interactive bool                          // a person is there to correct what was wrong
	restore     func()                        // makes the terminal what it was
}

// remark writes a line that is not a message.
func (c *console) remark(format string, args ...any) {
	fmt.Fprintf(c.status, format+"\n", args...)
}

// openConsole returns the console that the command line asks for. A person is taken to be there if input and output are a terminal
// and nothing is said about what stands in them.
func openConsole(cmd *cli.Command) (*console, error) {
	f, op, err := messageFraming(cmd)
	if err != nil {
		return nil, err
	}
	root := cmd.Root()
	if f == framing.Lines && !cmd.IsSet("x") && harmless.IsTerminal(root.Reader) && harmless.IsTerminal(root.Writer) {
		return openTerminal(cmd)
	}
	c := &console{
		next:    readMessages(root.Reader, f, op, cmd.Int64("limit")),
		show:    writeMessages(harmless.Writer(root.Writer), f),
		status:  harmless.Terminal{W: root.ErrWriter},
		restore: func() {},
	}
	if cmd.IsSet("x") {
		c.next = messagesOf(cmd.StringSlice("x"), op)
	}
	return c, nil
}

// sending is the action that sends a message.
func sending(op websocket.Opcode, data []byte) action {
	return func(ctx context.Context, conn *websocket.Conn) error { return conn.Write(ctx, op, data) }
}

// messagesOf returns what gives messages from the command line.
func messagesOf(texts []string, op websocket.Opcode) func() (action, error) {
	return func() (action, error) {
		if len(texts) == 0 {
			return nil, io.EOF
		}
		text := texts[0]
		texts = texts[1:]
		return sending(op, []byte(text)), nil
	}
}

// readMessages returns what gives the messages that stand in r.
func readMessages(r io.Reader, f framing.Framing, op websocket.Opcode, limit int64) func() (action, error) {
	reader, n := framing.NewReader(r, f, limit), 0
	return func() (action, error) {
		data, err := reader.Next()
		switch n++; {
		case err == io.EOF:
			return nil, err
		case errors.Is(err, framing.ErrTooLong):
			return nil, fmt.Errorf("message %d of the input: %w; -limit sets another limit", n, err)
		case err != nil:
			return nil, fmt.Errorf("message %d of the input: %w", n, err)
		}
		return sending(op, data), nil
	}
}

// writeMessages returns what writes messages to w. Between lines, a binary message is hexadecimal.
func writeMessages(w io.Writer, f framing.Framing) func(websocket.Message) error {
	var buffer []byte
	return func(msg websocket.Message) error {
		as := f
		if f == framing.Lines && msg.Op == websocket.OpBinary {
			as = framing.Hex
		}
		if f == framing.Length && int64(len(msg.Data)) > math.MaxUint32 {
			return errors.New("-length cannot bear a message of 4 GiB")
		}
		buffer = as.Append(buffer[:0], msg.Data)
		_, err := w.Write(buffer)
		if cap(buffer) > keptBuffer {
			buffer = nil
		}
		return err
	}
}

// keptBuffer is the most bytes that are kept for the next message.
const keptBuffer = 1 << 20
