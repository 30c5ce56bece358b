//go:build linux

package rig

// This file holds the parent's side: what a benchmark calls.

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// Server is a server process.
type Server struct {
	Library servers.Library
	process *child.Process
	addr    netip.AddrPort
}

// StartServer starts an echo server of l on core.
func StartServer(core child.Core, l servers.Library, o servers.Options) (*Server, error) {
	p, err := child.Start(core, serverRole+o.String(), l.Name)
	if err != nil {
		return nil, err
	}
	s := &Server{Library: l, process: p}
	if err := p.Call("Child.Addr", None{}, &s.addr); err != nil {
		return nil, fmt.Errorf("rig: %s: %w", l.Name, err)
	}
	return s, nil
}

// CPU returns the processor time that the server has used.
func (s *Server) CPU() (d time.Duration, err error) {
	err = s.process.Call("Child.CPU", None{}, &d)
	return d, err
}

// Memory measures the server's memory, after collecting garbage if settle is set.
func (s *Server) Memory(settle bool) (m child.Memory, err error) {
	err = s.process.Call("Child.Memory", settle, &m)
	return m, err
}

// Profile starts a CPU profile of the server into file. An empty name ends it.
func (s *Server) Profile(file string) error { return s.process.Call("Child.Profile", file, &None{}) }

// Trace is Process.Trace.
func (s *Server) Trace(run func() error) (child.Calls, error) { return s.process.Trace(run) }

// Stop ends the server.
func (s *Server) Stop() error { return s.process.Stop() }

// Load is the load's process.
type Load struct{ process *child.Process }

// StartLoad starts the load on core.
func StartLoad(core child.Core) (*Load, error) {
	p, err := child.Start(core, loadRole)
	if err != nil {
		return nil, err
	}
	return &Load{p}, nil
}

// Open connects to s.
func (l *Load) Open(s *Server, shape wire.Shape) error {
	return l.process.Call("Child.Open", load.Args{Addr: s.addr, Shape: shape, Raw: s.Library.Raw}, &None{})
}

// Run sends messages for the period and waits for their echoes.
func (l *Load) Run(p load.Period) (r load.Result, err error) {
	err = l.process.Call("Child.Run", p, &r)
	return r, err
}

// Close drops the connections. A load without any is closed already.
func (l *Load) Close() error { return l.process.Call("Child.Close", None{}, &None{}) }

// Stop ends the load.
func (l *Load) Stop() error { return l.process.Stop() }
