package main

// This file holds ws dial: a client that sends lines and prints messages. How a terminal is read and written stands in
// terminal.go.

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/urfave/cli/v3"
)

const dialHelp = `Every line of the input is sent as a message, and every message is printed as a line; binary ones in hexadecimal.
These lines are commands, and a line that shall begin with a slash begins with two:

   /ping                    send a ping and print how long its pong took
   /close [CODE [REASON]]   perform the closing handshake

At the end of the input, what the server has answered by then is still printed, and the connection closed with 1000.
The exit status is 0 unless the connection failed, or the server closed it with a code other than 1000 and
1001.`

func dialCommand() *cli.Command {
	return &cli.Command{
		Name:        "dial",
		Usage:       "talk to a server: lines out, messages in",
		UsageText:   "ws dial [flags] URL",
		Description: dialHelp,
		// A value of a header may have commas.
		DisableSliceFlagSeparator: true,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "b", Usage: "lines are hexadecimal, and sent as binary messages"},
			&cli.StringSliceFlag{Name: "H", Usage: "send a `HEADER`, \"Name: value\", with the request; may be repeated"},
			&cli.StringSliceFlag{Name: "subprotocol", Usage: "ask for the subprotocol `NAME`; may be repeated"},
			&cli.StringFlag{Name: "origin", Usage: "say that a page of `ORIGIN` connects, such as https://example.com"},
			&cli.BoolFlag{Name: "insecure", Usage: "do not verify the certificate of the server"},
			&cli.Int64Flag{Name: "limit", Value: 64 << 20, Usage: "most `BYTES` of a message; negative for no limit"},
			&cli.DurationFlag{Name: "wait", Usage: "stay for `DURATION` after the end of the input"},
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 1 {
				return errors.New("dial takes one argument, a URL such as ws://127.0.0.1:9001/")
			}
			d, err := dialer(cmd)
			if err != nil {
				return err
			}
			conn, resp, err := d.Dial(ctx, cmd.Args().First())
			if err != nil {
				return refusal(err, resp)
			}
			defer conn.CloseNow()
			con, err := openConsole(cmd.Root())
			if err != nil {
				return err
			}
			defer con.restore()
			if p := conn.Subprotocol(); p != "" {
				fmt.Fprintf(con.status, "subprotocol %s\n", p)
			}
			s := &session{conn: conn, console: con, binary: cmd.Bool("b"), wait: cmd.Duration("wait")}
			return s.run(ctx)
		},
	}
}

// dialer returns the Dialer that the flags ask for.
func dialer(cmd *cli.Command) (*websocket.Dialer, error) {
	lines := strings.Join(append(cmd.StringSlice("H"), "", ""), "\r\n")
	header, err := textproto.NewReader(bufio.NewReader(strings.NewReader(lines))).ReadMIMEHeader()
	if err != nil {
		return nil, fmt.Errorf("-H wants \"Name: value\": %w", err)
	}
	if origin := cmd.String("origin"); origin != "" {
		header.Set("Origin", origin)
	}
	return &websocket.Dialer{
		Options:      websocket.Options{ReadLimit: cmd.Int64("limit")},
		Header:       http.Header(header),
		Subprotocols: cmd.StringSlice("subprotocol"),
		TLS:          &tls.Config{InsecureSkipVerify: cmd.Bool("insecure")},
	}, nil
}

// refusal adds to the error of a Dial what the server said.
func refusal(err error, resp *http.Response) error {
	if resp == nil {
		return err
	}
	body, _ := io.ReadAll(resp.Body) // what there is of it
	return fmt.Errorf("%w\n%s", err, harmless(strings.TrimSpace(string(body))))
}

// session is a connection and the person, or the program, that talks over it.
type session struct {
	conn *websocket.Conn
	*console
	binary bool
	wait   time.Duration
}

// run sends lines and prints messages until the connection ends or ctx does.
func (s *session) run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- s.print() }()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for {
			line, err := s.readLine()
			if err != nil {
				return
			}
			lines <- line
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return s.conn.Close(websocket.StatusGoingAway, "")
		case err := <-ended:
			return s.closed(err)
		case line, ok := <-lines:
			if !ok {
				go s.finish(ctx)
				lines = nil
			} else if err := s.do(ctx, line); err != nil {
				fmt.Fprintln(s.status, strings.TrimPrefix(err.Error(), "websocket: "))
			}
		}
	}
}

// print prints messages until the connection ends, and returns how it did.
func (s *session) print() error {
	for msg, err := range s.conn.MessagesInPlace(context.Background()) {
		switch {
		case err != nil:
			return err
		case msg.Op == websocket.OpText:
			fmt.Fprintf(s.messages, "%s\n", msg.Data)
		default:
			fmt.Fprintf(s.messages, "%x\n", msg.Data)
		}
	}
	return nil
}

// closed prints how the connection ended, and returns nil if that was in an ordinary way.
func (s *session) closed(err error) error {
	var end *websocket.CloseError
	if !errors.As(err, &end) || end.Err != nil {
		return err
	}
	by := "the server"
	if end.Local {
		by = "us"
	}
	reason := strings.ReplaceAll(end.Reason, "\n", " ") // no line may seem to be another remark
	fmt.Fprintln(s.status, strings.TrimSpace(fmt.Sprintf("closed by %s: %v %s", by, end.Code, reason)))
	if end.Local || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// do sends a line, or does what it commands.
func (s *session) do(ctx context.Context, line string) error {
	if strings.HasPrefix(line, "//") {
		line = line[1:]
	} else if strings.HasPrefix(line, "/") {
		return s.command(ctx, line)
	}
	if !s.binary {
		return s.conn.Write(ctx, websocket.OpText, []byte(line))
	}
	data, err := hex.DecodeString(strings.ReplaceAll(line, " ", ""))
	if err != nil {
		return err
	}
	return s.conn.Write(ctx, websocket.OpBinary, data)
}

func (s *session) command(ctx context.Context, line string) error {
	name, rest, _ := strings.Cut(line, " ")
	switch name {
	case "/ping":
		rtt, err := s.conn.Ping(ctx)
		if err == nil {
			fmt.Fprintf(s.status, "pong after %v\n", rtt)
		}
		return err
	case "/close":
		code, reason, _ := strings.Cut(rest, " ")
		if code == "" {
			return s.conn.Close(websocket.StatusNoStatusReceived, "")
		}
		n, err := strconv.ParseUint(code, 10, 16)
		if err != nil {
			return fmt.Errorf("close code %s: want a number such as 1000", code)
		}
		return s.conn.Close(websocket.StatusCode(n), reason)
	}
	return fmt.Errorf("no such command: %s", name)
}

// finish ends the session when the input has ended. A server that answers messages in their order answers a ping behind
// them, so that the pong tells that the answers have come.
func (s *session) finish(ctx context.Context) {
	if _, err := s.conn.Ping(ctx); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return // the connection has ended, or ctx has
	}
	select {
	case <-time.After(s.wait):
	case <-ctx.Done():
	case <-s.conn.Context().Done():
	}
	s.conn.Close(websocket.StatusNormalClosure, "")
}
