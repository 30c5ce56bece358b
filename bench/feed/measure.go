//go:build linux

package main

// This file measures all clients in all rounds of a cell.

import (
	"errors"
	"fmt"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
	"github.com/seed-d69ae1b7/websocket/bench/internal/feed"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// plan is what one call of the program measures.
type plan struct {
	feed.Plan
	clients                []clients.Client
	clientCore, senderCore child.Core
}

// measureCell runs every client once a round, in turn, each round beginning with another one. System calls are counted behind that.
func (p plan) measureCell(shape wire.Shape, rounds int) (cell report.Cell, err error) {
	cell = report.NewCell(shape)
	from, err := feed.StartSender(p.senderCore)
	if err != nil {
		return cell, err
	}
	defer func() { err = errors.Join(err, from.Stop()) }()
	var feeds []*feed.Feed
	defer func() {
		for _, f := range feeds {
			err = errors.Join(err, f.Stop())
		}
	}()
	for _, c := range p.clients {
		if !c.Can(shape) {
			continue
		}
		f, err := from.Start(p.clientCore, c, shape)
		if err != nil {
			return cell, err
		}
		feeds = append(feeds, f)
	}
	for round := range rounds {
		for i := range feeds {
			f := feeds[(i+round)%len(feeds)]
			sample, err := f.Measure(p.Plan)
			if err != nil {
				return cell, fmt.Errorf("%s, %v: %w", f.Client.Name, shape, err)
			}
			cell.Add(f.Client.Name, sample)
		}
	}
	return p.countCalls(feeds, cell)
}

// countCalls adds to cell how many system calls each client makes for a message. Where they cannot be counted it says why in the cell's
// note.
func (p plan) countCalls(feeds []*feed.Feed, cell report.Cell) (report.Cell, error) {
	for _, f := range feeds {
		sample, err := f.Calls(p.Plan)
		if errors.Is(err, child.ErrNotTraced) {
			cell.Note = fmt.Sprintf("No system calls: %v.", err)
			return cell, nil
		}
		if err != nil {
			return cell, fmt.Errorf("system calls of %s, %v: %w", f.Client.Name, cell.Shape, err)
		}
		cell.AddOnce(f.Client.Name, sample)
	}
	return cell, nil
}
