//go:build linux

// Package feed measures clients that read a feed: one process sends, and another one is the client. A program that uses it must give its
// arguments to Role first, because the processes are itself, started again.
package feed

// This file holds the parent's side: what a benchmark calls.

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// Plan is how to measure.
type Plan struct {
	Pause      time.Duration // behind each burst
	Warm, Time time.Duration // of each client in each round
}

// Sender is the process that sends.
type Sender struct{ process *child.Process }

// StartSender starts it, on core.
func StartSender(core child.Core) (*Sender, error) {
	p, err := child.Start(core, senderRole)
	if err != nil {
		return nil, err
	}
	return &Sender{p}, nil
}

// Stop ends it.
func (s *Sender) Stop() error { return s.process.Stop() }

// Feed is what one client is sent.
type Feed struct {
	Client  clients.Client
	shape   wire.Shape
	from    *child.Process
	number  int            // of the outlet
	process *child.Process // this program, with the client in it
	program *child.Program // or somebody's
	sent    Sent           // so far
}

// Start starts a client, on core, and connects it to the sender.
func (s *Sender) Start(core child.Core, c clients.Client, shape wire.Shape) (*Feed, error) {
	f := &Feed{Client: c, shape: shape, from: s.process}
	args := ListenArgs{TLS: shape.TLS, Raw: c.Raw, Deflate: shape.Deflate, Size: shape.Size, Burst: shape.InFlight}
	var to Outlet
	if err := f.from.Call("Child.Listen", args, &to); err != nil {
		return nil, err
	}
	f.number = to.Number
	if err := f.startClient(core, to.Addr); err != nil {
		return nil, errors.Join(err, f.Stop())
	}
	if err := f.from.Call("Child.Accept", to.Number, &child.None{}); err != nil {
		return nil, errors.Join(fmt.Errorf("feed: %s: %w", c.Name, err), f.Stop())
	}
	return f, nil
}

// startClient starts the client, which connects to addr.
func (f *Feed) startClient(core child.Core, addr string) (err error) {
	if len(f.Client.Command) > 0 {
		args := make([]string, len(f.Client.Command))
		for i, arg := range f.Client.Command {
			args[i] = strings.ReplaceAll(arg, clients.URL, "ws://"+addr+"/")
		}
		f.program, err = child.StartProgram(core, args...)
		return err
	}
	if f.process, err = child.Start(core, clientRole, f.Client.Name); err != nil {
		return err
	}
	return f.process.Call("Child.Read", ReadArgs{Addr: addr, TLS: f.shape.TLS, Deflate: f.shape.Deflate}, &child.None{})
}

// Stop ends the client, and drops its connection.
func (f *Feed) Stop() (err error) {
	switch {
	case f.program != nil:
		err = f.program.Stop()
	case f.process != nil:
		err = f.process.Stop()
	}
	return errors.Join(err, f.from.Call("Child.Close", f.number, &child.None{}))
}

// run sends for a while, waits until all of it has been read, and returns how many messages that was.
func (f *Feed) run(d, pause time.Duration) (messages int, err error) {
	var now Sent
	if err := f.from.Call("Child.Send", SendArgs{f.number, d, pause}, &now); err != nil {
		return 0, err
	}
	f.sent.Messages += now.Messages
	f.sent.Bytes += now.Bytes
	switch {
	case f.program != nil:
		err = f.from.Call("Child.Ping", f.number, &child.None{})
	case f.Client.Raw:
		err = f.process.Call("Child.Wait", f.sent.Bytes, &child.None{})
	default:
		err = f.process.Call("Child.Wait", f.sent.Messages, &child.None{})
	}
	return now.Messages, err
}

// Measure warms the client up, and measures its processor time and allocations.
func (f *Feed) Measure(p Plan) (report.Sample, error) {
	if _, err := f.run(p.Warm, p.Pause); err != nil {
		return nil, err
	}
	before, err := f.used()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	messages, err := f.run(p.Time, p.Pause)
	if err != nil {
		return nil, err
	}
	elapsed := time.Since(began)
	after, err := f.used()
	n, cpu := float64(messages), float64(after.cpu-before.cpu)
	sample := report.Sample{report.CPU: cpu / n, report.Rate: n / elapsed.Seconds(), report.Utilisation: cpu / float64(elapsed)}
	if f.program == nil {
		sample[report.Allocs] = float64(after.mallocs-before.mallocs) / n
	}
	return sample, err
}

// used is what a client has used so far.
type used struct {
	cpu     time.Duration
	mallocs uint64
}

func (f *Feed) used() (u used, err error) {
	if f.program != nil {
		u.cpu, err = f.program.CPU()
		return u, err
	}
	var m child.Memory
	err = errors.Join(f.process.Call("Child.Memory", false, &m), f.process.Call("Child.CPU", child.None{}, &u.cpu))
	u.mallocs = m.Mallocs
	return u, err
}

// Calls warms the client up, and counts its system calls. The error may be child.ErrNotTraced.
func (f *Feed) Calls(p Plan) (report.Sample, error) {
	if _, err := f.run(p.Warm, p.Pause); err != nil {
		return nil, err
	}
	trace := f.process.Trace
	if f.program != nil {
		trace = f.program.Trace
	}
	messages := 0
	c, err := trace(func() (err error) {
		messages, err = f.run(p.Time, p.Pause)
		return err
	})
	n := float64(messages)
	return report.Sample{report.Reads: float64(c.Reads) / n, report.Naps: float64(c.Naps) / n}, err
}
