//go:build linux

package main

// This file turns flags into a plan.

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// maxInFlight bounds the bytes of all messages that are in flight at once; cells above it are left out.
const maxInFlight = 64 << 20

type flags struct {
	libs, conns, inFlight, sizes, deflate, tls *string
	rounds                                     *int
	warm, time                                 *time.Duration
	json, gate, profile                        *string
	programs                                   *[]servers.Library
}

func newFlags() flags {
	programs := new([]servers.Library)
	flag.Func("exec", "a server of anybody's, `name=command`, run without a shell, with "+servers.Port+" for the port; may be given several times",
		func(s string) error {
			l, err := servers.Program(s)
			*programs = append(*programs, l)
			return err
		})
	return flags{
		programs: programs,
		libs:     flag.String("libs", "", "libraries, separated by commas; empty: all, or with -exec only the floor"),
		conns:    flag.String("conns", "1,100,1000", "numbers of connections"),
		inFlight: flag.String("inflight", "1,16", "messages in flight on each connection, at most 16"),
		sizes:    flag.String("sizes", "125,1024,65536,1048576", "payload sizes in bytes"),
		deflate:  flag.String("deflate", "off,on", "permessage-deflate: off, on, or both"),
		tls:      flag.String("tls", "off", "TLS below: off, on, or both; the floor is under it, too"),
		rounds:   flag.Int("rounds", 5, "rounds of each cell"),
		warm:     flag.Duration("warm", 100*time.Millisecond, "warm-up of each library in each round"),
		time:     flag.Duration("time", 300*time.Millisecond, "measured time of each library in each round"),
		json:     flag.String("json", "", "file to save the report in"),
		profile:  flag.String("profile", "", "directory for a CPU profile of each server, taken after the rounds of each cell"),
		gate:     flag.String("gate", "", "libraries that must not allocate for each message"),
	}
}

// plan checks the flags.
func (f flags) plan() (p plan, err error) {
	p = plan{rounds: *f.rounds, warm: *f.warm, time: *f.time, profiles: *f.profile}
	p.serverCore, p.loadCore = child.Cores()
	names := *f.libs
	if names == "" && len(*f.programs) > 0 {
		names = servers.Floor
	}
	if p.libraries, err = servers.Choose(names, func(l servers.Library) bool { return !l.IdleOnly }); err != nil {
		return p, err
	}
	p.libraries = append(p.libraries, *f.programs...)
	p.cells, err = f.cells()
	return p, err
}

// cells are all combinations that fit.
func (f flags) cells() (cells []wire.Shape, err error) {
	conns, err1 := numbers(*f.conns, 10000)
	inFlight, err2 := numbers(*f.inFlight, wire.Messages)
	sizes, err3 := numbers(*f.sizes, maxInFlight)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	deflates, err4 := switches("deflate", *f.deflate)
	tlses, err5 := switches("tls", *f.tls)
	if err := errors.Join(err4, err5); err != nil {
		return nil, err
	}
	for _, tls := range tlses {
		for _, deflate := range deflates {
			for _, size := range sizes {
				for _, c := range conns {
					for _, n := range inFlight {
						if c*n*size <= maxInFlight {
							cells = append(cells, wire.Shape{Conns: c, InFlight: n, Size: size, Deflate: deflate, TLS: tls})
						}
					}
				}
			}
		}
	}
	return cells, nil
}

// switches reads a list of off and on.
func switches(name, s string) (out []bool, err error) {
	for _, word := range servers.List(s) {
		if word != "on" && word != "off" {
			return nil, fmt.Errorf("-%s: %q is neither on nor off", name, word)
		}
		out = append(out, word == "on")
	}
	return out, nil
}

// numbers reads a list of numbers from 1 to most.
func numbers(s string, most int) (out []int, err error) {
	for _, word := range servers.List(s) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > most {
			return nil, fmt.Errorf("%q is not a number from 1 to %d", word, most)
		}
		out = append(out, n)
	}
	return out, nil
}
