//go:build linux

package main

// This file measures: one client in one round, and all of them in all rounds of a cell.

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// plan is what one call of the program measures.
type plan struct {
	clients                []clients.Client
	pause, warm, time      time.Duration
	clientCore, senderCore child.Core
}

// measureCell runs every client once a round, in turn, each round beginning with another one. System calls are counted behind that.
func (p plan) measureCell(shape wire.Shape, rounds int) (cell report.Cell, err error) {
	cell = report.NewCell(shape)
	from, err := child.Start(p.senderCore, senderRole)
	if err != nil {
		return cell, err
	}
	defer func() { err = errors.Join(err, from.Stop()) }()
	var feeds []*feed
	for _, c := range p.clients {
		if c.TLSOnly && !shape.TLS {
			continue
		}
		process, err := child.Start(p.clientCore, clientRole, c.Name)
		if err != nil {
			return cell, err
		}
		defer func() { err = errors.Join(err, process.Stop()) }()
		feeds = append(feeds, &feed{plan: p, client: c, shape: shape, from: from, to: process})
	}
	for round := range rounds {
		for i := range feeds {
			f := feeds[(i+round)%len(feeds)]
			sample, err := f.measure(f.sample)
			if err != nil {
				return cell, fmt.Errorf("%s, %v: %w", f.client.Name, shape, err)
			}
			cell.Add(f.client.Name, sample)
		}
	}
	for _, f := range feeds {
		sample, err := f.measure(f.calls)
		if errors.Is(err, child.ErrNotTraced) {
			cell.Note = fmt.Sprintf("No system calls: %v.", err)
			return cell, nil
		}
		if err != nil {
			return cell, fmt.Errorf("system calls of %s, %v: %w", f.client.Name, shape, err)
		}
		cell.AddOnce(f.client.Name, sample)
	}
	return cell, nil
}

// feed is one client's.
type feed struct {
	plan
	client   clients.Client
	shape    wire.Shape
	from, to *child.Process
	sent     int // bursts, on this connection
}

// measure connects the client, warms it up, and measures.
func (f *feed) measure(period func() (report.Sample, error)) (sample report.Sample, err error) {
	args := ListenArgs{TLS: f.shape.TLS, Raw: f.client.Raw, Size: f.shape.Size, Burst: f.shape.InFlight}
	var addr string
	f.sent = 0
	if err := errors.Join(
		f.from.Call("Child.Listen", args, &addr),
		f.to.Call("Child.Read", ReadArgs{Addr: addr, TLS: f.shape.TLS}, &None{}),
		f.from.Call("Child.Accept", args, &None{})); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.from.Call("Child.Close", None{}, &None{})) }()
	if _, err := f.run(f.warm); err != nil {
		return nil, err
	}
	return period()
}

// run sends for a while, waits until all of it has been read, and returns how many messages that was.
func (f *feed) run(d time.Duration) (messages int, err error) {
	bursts := 0
	if err := f.from.Call("Child.Send", Period{d, f.pause}, &bursts); err != nil {
		return 0, err
	}
	f.sent += bursts
	want := f.sent * f.shape.InFlight
	if f.client.Raw {
		want *= len(websocket.AppendHeader(nil, websocket.Header{Opcode: websocket.OpBinary, Length: uint64(f.shape.Size)})) + f.shape.Size
	}
	return bursts * f.shape.InFlight, f.to.Call("Child.Wait", want, &None{})
}

// sample measures processor time and allocations.
func (f *feed) sample() (report.Sample, error) {
	var before, after child.Memory
	var start, end time.Duration
	if err := errors.Join(f.to.Call("Child.Memory", false, &before), f.to.Call("Child.CPU", None{}, &start)); err != nil {
		return nil, err
	}
	began := time.Now()
	messages, err := f.run(f.time)
	elapsed := time.Since(began)
	if err := errors.Join(err, f.to.Call("Child.CPU", None{}, &end), f.to.Call("Child.Memory", false, &after)); err != nil {
		return nil, err
	}
	n := float64(messages)
	return report.Sample{
		report.CPU: float64(end-start) / n, report.Rate: n / elapsed.Seconds(), report.Utilisation: float64(end-start) / float64(elapsed),
		report.Allocs: float64(after.Mallocs-before.Mallocs) / n,
	}, nil
}

// calls counts system calls.
func (f *feed) calls() (report.Sample, error) {
	messages := 0
	c, err := f.to.Trace(func() (err error) {
		messages, err = f.run(f.time)
		return err
	})
	n := float64(messages)
	return report.Sample{report.Reads: float64(c.Reads) / n, report.Naps: float64(c.Naps) / n}, err
}
