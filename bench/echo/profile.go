//go:build linux

package main

// This file takes CPU profiles, apart from the measurements, which they would disturb.

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// profilePeriod is how long each server is profiled.
const profilePeriod = 2 * time.Second

// profile writes a CPU profile of each server under load, if the plan asks for that.
func (p plan) profile(generator *rig.Load, running []*rig.Server, shape wire.Shape) error {
	if p.profiles == "" {
		return nil
	}
	for _, s := range running {
		if err := p.profileServer(generator, s, shape); err != nil {
			return fmt.Errorf("profile of %s: %w", s.Library.Name, err)
		}
	}
	return nil
}

func (p plan) profileServer(generator *rig.Load, s *rig.Server, shape wire.Shape) (err error) {
	if err := generator.Open(s, shape); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, generator.Close()) }()
	name := strings.NewReplacer("/", "-", " ", "", ",", "-").Replace(s.Library.Name + "-" + shape.String())
	if err := s.Profile(filepath.Join(p.profiles, name+".pprof")); err != nil {
		return err
	}
	_, err = generator.Run(load.Period{Duration: profilePeriod})
	return errors.Join(err, s.Profile(""))
}
