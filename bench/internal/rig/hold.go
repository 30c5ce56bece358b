//go:build linux

package rig

// This file measures what open connections hold of a server's memory.

import (
	"errors"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

const (
	warmConns      = 8 // connections that touch the server's code before the baseline is taken
	settlingPeriod = 300 * time.Millisecond
)

// Hold returns how many bytes a connection of shape costs a server when it is fresh, and after so many messages.
func Hold(l servers.Library, shape wire.Shape, messages int) (fresh, after float64, err error) {
	serverCore, loadCore := child.Cores()
	s, err := StartServer(serverCore, l, servers.Options{Deflate: shape.Deflate, TLS: shape.TLS})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	generator, err := StartLoad(loadCore)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, generator.Stop()) }()

	warm := shape
	warm.Conns = warmConns
	before, err := baseline(generator, s, warm)
	if err != nil {
		return 0, 0, err
	}
	if err := generator.Open(s, shape); err != nil {
		return 0, 0, err
	}
	full, err := settled(s)
	if err != nil {
		return 0, 0, err
	}
	if _, err := generator.Run(load.Period{Bursts: messages}); err != nil {
		return 0, 0, err
	}
	used, err := settled(s)
	if err != nil {
		return 0, 0, err
	}
	n := float64(shape.Conns)
	return (full - before) / n, (used - before) / n, generator.Close()
}

// baseline is the memory of s without connections, once it has had some: what a program touches for the first
// connection, such as its own code, is not the price of a connection.
func baseline(generator *Load, s *Server, warm wire.Shape) (float64, error) {
	if err := generator.Open(s, warm); err != nil {
		return 0, err
	}
	if _, err := generator.Run(load.Period{Bursts: 4}); err != nil {
		return 0, err
	}
	if err := generator.Close(); err != nil {
		return 0, err
	}
	return settled(s)
}

// settled is the memory of s after it has had time to finish what it does in the background.
func settled(s *Server) (float64, error) {
	time.Sleep(settlingPeriod)
	m, err := s.Memory(true)
	return float64(m.Resident), err
}
