//go:build linux

package rig

// This file holds the parent's side: what a benchmark calls.

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// Server is a server process.
type Server struct {
	Library servers.Library
	addr    netip.AddrPort
	process *child.Process // this program, with the library in it
	program *child.Program // or somebody's
}

// StartServer starts an echo server of l on core.
func StartServer(core child.Core, l servers.Library, o servers.Options) (*Server, error) {
	if len(l.Command) > 0 {
		return startProgram(core, l)
	}
	p, err := child.Start(core, serverRole+o.String(), l.Name)
	if err != nil {
		return nil, err
	}
	s := &Server{Library: l, process: p}
	if err := p.Call("Child.Addr", child.None{}, &s.addr); err != nil {
		return nil, fmt.Errorf("rig: %s: %w", l.Name, err)
	}
	return s, nil
}

// patience is how long a program may need before it accepts connections.
const patience = 20 * time.Second

// startProgram starts a program that listens on a port of our choice, and waits until it does.
func startProgram(core child.Core, l servers.Library) (*Server, error) {
	addr, err := freePort()
	if err != nil {
		return nil, err
	}
	args := make([]string, len(l.Command))
	for i, arg := range l.Command {
		args[i] = strings.ReplaceAll(arg, servers.Port, strconv.Itoa(int(addr.Port())))
	}
	p, err := child.StartProgram(core, args...)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		nc, err := net.Dial("tcp4", addr.String())
		if err == nil {
			return &Server{Library: l, addr: addr, program: p}, nc.Close()
		}
		select {
		case <-p.Ended():
			return nil, fmt.Errorf("rig: %s: %w", l.Name, p.Err())
		default:
		}
		if time.Now().After(end) {
			return nil, errors.Join(fmt.Errorf("rig: %s does not listen on %v: %w", l.Name, addr, err), p.Stop())
		}
	}
}

// freePort returns an address that nobody listens at.
func freePort() (netip.AddrPort, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("rig: %w", err)
	}
	return ln.Addr().(*net.TCPAddr).AddrPort(), ln.Close()
}

// CPU returns the processor time that the server has used.
func (s *Server) CPU() (d time.Duration, err error) {
	if s.program != nil {
		return s.program.CPU()
	}
	err = s.process.Call("Child.CPU", child.None{}, &d)
	return d, err
}

// Memory measures the server's memory, after collecting garbage if settle is set. A program is not told to.
func (s *Server) Memory(settle bool) (m child.Memory, err error) {
	if s.program != nil {
		return s.program.Memory()
	}
	err = s.process.Call("Child.Memory", settle, &m)
	return m, err
}

// Profile starts a CPU profile of the server into file. An empty name ends it. Of a program there is none.
func (s *Server) Profile(file string) error {
	if s.program != nil {
		return nil
	}
	return s.process.Call("Child.Profile", file, &child.None{})
}

// Trace is Process.Trace.
func (s *Server) Trace(run func() error) (child.Calls, error) {
	if s.program != nil {
		return s.program.Trace(run)
	}
	return s.process.Trace(run)
}

// Stop ends the server.
func (s *Server) Stop() error {
	if s.program != nil {
		return s.program.Stop()
	}
	return s.process.Stop()
}

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
	return l.process.Call("Child.Open", load.Args{Addr: s.addr, Shape: shape, Raw: s.Library.Raw}, &child.None{})
}

// Run sends messages for the period and waits for their echoes.
func (l *Load) Run(p load.Period) (r load.Result, err error) {
	err = l.process.Call("Child.Run", p, &r)
	return r, err
}

// Close drops the connections. A load without any is closed already.
func (l *Load) Close() error { return l.process.Call("Child.Close", child.None{}, &child.None{}) }

// Stop ends the load.
func (l *Load) Stop() error { return l.process.Stop() }
