//go:build linux

package main

// This file measures: one server in one round.

import (
	"errors"
	"time"
)

// measure is a line of the table.
type measure string

const (
	connecting measure = "connect: upgrade, open, CONNECT; µs"
	oneNews    measure = "broadcast of 32 B, one at a time; µs a delivery"
	manyNews   measure = "16 broadcasts at once; µs a delivery"
	newsRate   measure = "16 broadcasts at once; deliveries a second"
	oneEcho    measure = "echo with acknowledgement, 1 in flight; µs"
	manyEchoes measure = "echo with acknowledgement, 16 in flight; µs"
	idle       measure = "idle client on WebSocket, resident; kB"
	idlePoll   measure = "client with an open poll, resident; kB"
	afterwards measure = "the server's memory after broadcasts; MB"
)

var measures = []measure{connecting, oneNews, manyNews, newsRate, oneEcho, manyEchoes, idle, afterwards, idlePoll}

// many is how many events are in flight at once where it is not one.
const many = 16

// plan is how much is measured.
type plan struct {
	clients  int
	together int           // clients that are on their way at once
	period   time.Duration // of each measure of events
}

// sample is what one round has given.
type sample map[measure]float64

// measure measures a server, with processes of its own for each transport.
func (p plan) measure(s server) (sample, error) {
	got := sample{}
	var err error
	if !s.only {
		err = p.with(s, false, func(m *process, l *load) error { return p.sockets(got, m, l) })
	}
	if err != nil || !s.polls {
		return got, err
	}
	return got, p.with(s, true, func(m *process, l *load) error {
		var err error
		got[idlePoll], err = p.held(m, l, nil)
		return err
	})
}

// with calls f with a new process of s and a load without clients, once both are warm.
func (p plan) with(s server, polling bool, f func(*process, *load) error) (err error) {
	m, err := start(s.command...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.stop()) }()
	l, err := newLoad(m.port)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.end()) }()
	if l.polling = polling; polling {
		err = l.open(warm, warm)
	} else {
		err = errors.Join(l.open(warm, warm), l.turn(echoes(many), warm, many, text+"]"), l.turn(shout(many), 1, many, text+"]"))
	}
	if err != nil {
		return err
	}
	if err := l.close(true); err != nil {
		return err
	}
	return f(m, l)
}

// warm clients touch what a program touches once, such as its own code, before a baseline is taken.
const warm = 32

// held opens the clients, and returns how many kB each of them takes. cost, if not nil, gets the time that it took.
func (p plan) held(m *process, l *load, cost *time.Duration) (float64, error) {
	if _, err := m.settle(); err != nil {
		return 0, err
	}
	before, err := m.resident()
	if err != nil {
		return 0, err
	}
	used, err := m.during(func() error { return l.open(p.clients, p.together) })
	if err != nil {
		return 0, err
	}
	if cost != nil {
		*cost = used
	}
	if _, err := m.settle(); err != nil {
		return 0, err
	}
	after, err := m.resident()
	return (after - before) / 1000 / float64(p.clients), err
}

// during returns the processor time that the server takes while f runs.
func (m *process) during(f func() error) (time.Duration, error) {
	before, err := m.cpu()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := m.cpu()
	return after - before, err
}

// sockets measures clients on WebSocket.
func (p plan) sockets(got sample, m *process, l *load) (err error) {
	var cost time.Duration
	if got[idle], err = p.held(m, l, &cost); err != nil {
		return err
	}
	got[connecting] = micros(cost) / float64(p.clients)
	for _, turn := range []struct {
		cost, rate measure
		burst      []byte
		senders    int
		each       int
	}{
		{oneEcho, "", echoes(1), p.clients, 1},
		{manyEchoes, "", echoes(many), p.clients, many},
		{oneNews, "", shout(1), 1, 1},
		{manyNews, newsRate, shout(many), 1, many},
	} {
		cost, rate, err := p.repeat(m, func() error { return l.turn(turn.burst, turn.senders, turn.each, text+"]") })
		if err != nil {
			return err
		}
		got[turn.cost] = cost / float64(turn.each*p.clients)
		if turn.rate != "" {
			got[turn.rate] = rate * float64(turn.each*p.clients)
		}
	}
	resident, err := m.resident()
	got[afterwards] = resident / 1e6
	return err
}

// repeat runs f once to warm up, and then until the period is over; cost is of one time in microseconds, rate in times
// a second.
func (p plan) repeat(m *process, f func() error) (cost, rate float64, err error) {
	if err := f(); err != nil {
		return 0, 0, err
	}
	times, start := 0.0, time.Now()
	used, err := m.during(func() error {
		for ; time.Since(start) < p.period; times++ {
			if err := f(); err != nil {
				return err
			}
		}
		return nil
	})
	return micros(used) / times, times / time.Since(start).Seconds(), err
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
