package main

// This file holds the command ws load: its flags, its progress and its report. The load is made by package load.

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/framing"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/load"
	"github.com/urfave/cli/v3"
)

func loadCommand() *cli.Command {
	return &cli.Command{
		Name:                      "load",
		Usage:                     "put a server that echoes under load, and measure its latency",
		CustomHelpTemplate:        loadHelp,
		DisableSliceFlagSeparator: true,
		Flags: append(clientFlags(),
			&cli.IntFlag{Name: "c", Value: 10, Usage: "COUNT of connections"},
			&cli.DurationFlag{Name: "ramp", Usage: "make the connections over DURATION"},
			&cli.DurationFlag{Name: "duration", Value: 10 * time.Second, Usage: "send for DURATION"},
			&cli.DurationFlag{Name: "drain", Value: 5 * time.Second, Usage: "wait for answers for DURATION after that"},
			&cli.FloatFlag{Name: "rate", Usage: "send COUNT messages a second, all connections together"},
			&cli.IntFlag{Name: "inflight", Value: 1, Usage: "without -rate: keep COUNT messages of each connection under way"},
			&cli.IntFlag{Name: "size", Value: 125, Usage: "BYTES of each message"},
			&cli.StringFlag{Name: "file", TakesFile: true, Usage: "send the messages in FILE, a line each"},
			&cli.BoolFlag{Name: "0", Usage: "a zero byte, not a line feed, ends each message of -file"},
			&cli.BoolFlag{Name: "length", Usage: "messages of -file stand behind their length, 4 bytes big-endian"},
			&cli.BoolFlag{Name: "base64", Usage: "messages of -file are lines of base64"},
			&cli.BoolFlag{Name: "hex", Usage: "messages of -file are lines of hexadecimal digits, and binary"},
			&cli.BoolFlag{Name: "binary", Usage: "send binary messages; a -file is one of them unless its form is said"},
			&cli.StringSliceFlag{Name: "fail", Usage: "fail if CONDITION holds, such as 'p99>50ms'; may be repeated"},
			&cli.BoolFlag{Name: "json", Usage: "print the report as JSON"},
			&cli.StringFlag{Name: "svg", TakesFile: true, Usage: "draw the report into FILE"},
			&cli.BoolFlag{Name: "quiet", Usage: "show no progress"},
		),
		Action: loadAction,
	}
}

func loadAction(ctx context.Context, cmd *cli.Command) error {
	config, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	var thresholds []load.Threshold
	for _, s := range cmd.StringSlice("fail") {
		t, err := load.ParseThreshold(s)
		if err != nil {
			return usageError{err}
		}
		thresholds = append(thresholds, t)
	}
	p := &progress{w: cmd.Root().ErrWriter, live: harmless.IsTerminal(cmd.Root().ErrWriter)}
	if !cmd.Bool("quiet") {
		config.Progress = p.show
	}
	report, err := load.Run(ctx, config)
	p.clear()
	if err != nil {
		report.Print(cmd.Root().ErrWriter)
		return unreachable{err}
	}
	if err := showReport(cmd, report); err != nil {
		return err
	}
	var failed []error
	for _, t := range thresholds {
		failed = append(failed, t.Check(report))
	}
	return errors.Join(failed...)
}

// loadConfig returns what the flags ask for.
func loadConfig(cmd *cli.Command) (load.Config, error) {
	c := load.Config{
		Connections: cmd.Int("c"), Ramp: cmd.Duration("ramp"), Rate: cmd.Float("rate"), InFlight: cmd.Int("inflight"),
		Duration: cmd.Duration("duration"), Drain: cmd.Duration("drain"),
	}
	switch {
	case cmd.Args().Len() != 1:
		return c, usageError{errors.New("load takes one argument, a URL such as ws://127.0.0.1:9001/")}
	case c.Connections < 1 || c.InFlight < 1 || c.Rate < 0 || c.Duration <= 0 || c.Ramp < 0 || c.Drain < 0 || cmd.Int("size") < 0:
		return c, usageError{errors.New("-c, -inflight and -duration must be more than 0, and nothing may be less")}
	case cmd.IsSet("rate") && cmd.IsSet("inflight"):
		return c, usageError{errors.New("-rate and -inflight exclude each other: a rate does not wait for answers")}
	}
	var err error
	if c.Dialer, err = dialer(cmd); err != nil {
		return c, err
	}
	c.URL = fullURL(cmd.Args().First())
	if _, err := c.Dialer.Handshake(c.URL); err != nil {
		return c, usageError{err}
	}
	c.Messages, err = loadMessages(cmd)
	return c, err
}

// loadMessages returns the messages that are sent.
func loadMessages(cmd *cli.Command) ([]websocket.Message, error) {
	f, op, err := messageFraming(cmd)
	if err != nil {
		return nil, err
	}
	name := cmd.String("file")
	switch {
	case name == "":
		return []websocket.Message{{Op: op, Data: filler(op, cmd.Int("size"))}}, nil
	case f == framing.Stream:
		data, err := os.ReadFile(name)
		return []websocket.Message{{Op: op, Data: data}}, err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var messages []websocket.Message
	for reader := framing.NewReader(file, f, cmd.Int64("limit")); ; {
		data, err := reader.Next()
		switch {
		case err == io.EOF && len(messages) == 0:
			return nil, fmt.Errorf("%s holds no message", name)
		case err == io.EOF:
			return messages, nil
		case err == nil && op == websocket.OpText:
			_, err = websocket.NewPreparedMessage(op, data) // which says whether it may be sent
		}
		if err != nil {
			return nil, fmt.Errorf("message %d of %s: %w", len(messages)+1, name, err)
		}
		messages = append(messages, websocket.Message{Op: op, Data: data})
	}
}

// filler returns a payload that hardly compresses: bytes that look random, as hexadecimal digits where it shall be text.
func filler(op websocket.Opcode, size int) []byte {
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(data) // the same in every run
	if op == websocket.OpText {
		return hex.AppendEncode(nil, data)[:size]
	}
	return data
}

// progress shows how the load goes: in a line that changes on a terminal, in a line a second elsewhere.
type progress struct {
	w    io.Writer
	live bool
}

func (p *progress) show(s load.Sample) {
	end := "\n"
	if p.live {
		end = "\x1b[K\r"
	}
	fmt.Fprintf(p.w, "%5.0f s  %8.0f answers/s  p50 %-8s p99 %-8s max %-8s %d errors%s", s.At, s.PerSecond,
		load.Short(s.P50), load.Short(s.P99), load.Short(s.Max), s.Errors, end)
}

// clear makes room for what follows.
func (p *progress) clear() {
	if p.live {
		io.WriteString(p.w, "\x1b[K")
	}
}

// showReport prints the report, and draws it.
func showReport(cmd *cli.Command, report *load.Report) error {
	if name := cmd.String("svg"); name != "" {
		file, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := errors.Join(report.Chart(file), file.Close()); err != nil {
			return err
		}
	}
	if !cmd.Bool("json") {
		return report.Print(cmd.Root().Writer)
	}
	e := json.NewEncoder(cmd.Root().Writer)
	e.SetIndent("", "  ")
	return e.Encode(report)
}
