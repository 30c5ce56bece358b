//go:build linux

// Package rig puts a benchmark together: one process for each server, one for the load, and typed calls to them. A
// program that uses it must give its arguments to Role first, because the processes are itself, started again.
package rig

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime/pprof"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

const (
	serverRole = "server"
	loadRole   = "load"
)

// Role runs this process as the child that args name. It reports false when they name none.
func Role(args []string) (ran bool, err error) {
	switch {
	case len(args) == 1 && args[0] == loadRole:
		return true, child.Serve(&loadProcess{})
	case len(args) == 2:
		for _, o := range servers.AllOptions() {
			if args[0] == serverRole+o.String() {
				return true, serve(args[1], o)
			}
		}
	}
	return false, nil
}

// serve echoes with the library of that name until the parent goes.
func serve(name string, o servers.Options) error {
	library, err := servers.Named(name)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("rig: %w", err)
	}
	failed := make(chan error, 1)
	go func() { failed <- library.ServeOver(ln, o) }()
	go func() { failed <- child.Serve(&serverProcess{addr: ln.Addr().(*net.TCPAddr).AddrPort()}) }()
	return <-failed
}

// serverProcess answers for a server.
type serverProcess struct {
	child.Usage
	addr    netip.AddrPort
	profile *os.File // what a CPU profile is being written to, or nil
}

// Addr is where the server listens.
func (s *serverProcess) Addr(_ child.None, addr *netip.AddrPort) error {
	*addr = s.addr
	return nil
}

// Profile starts a CPU profile into the file of that name. An empty name ends it.
func (s *serverProcess) Profile(file string, _ *child.None) (err error) {
	if file == "" {
		pprof.StopCPUProfile()
		return s.profile.Close()
	}
	if s.profile, err = os.Create(file); err != nil {
		return err
	}
	return pprof.StartCPUProfile(s.profile)
}

// loadProcess answers for the load.
type loadProcess struct {
	load    *load.Load
	shape   wire.Shape
	traffic *wire.Traffic // of shape, or nil: building it takes a while, and all servers of a cell get the same
}

// Open is load.Open.
func (l *loadProcess) Open(args load.Args, _ *child.None) (err error) {
	if l.load != nil {
		return errors.New("rig: the load is open")
	}
	if l.traffic == nil || l.shape != args.Shape {
		l.shape, l.traffic = args.Shape, wire.NewTraffic(args.Shape)
	}
	l.load, err = load.Open(args, l.traffic)
	return err
}

// Run is Load.Run.
func (l *loadProcess) Run(p load.Period, r *load.Result) (err error) {
	if l.load == nil {
		return errors.New("rig: the load is not open")
	}
	*r, err = l.load.Run(p)
	return err
}

// Close is Load.Close.
func (l *loadProcess) Close(_ child.None, _ *child.None) (err error) {
	if l.load != nil {
		err = l.load.Close()
	}
	l.load = nil
	return err
}
