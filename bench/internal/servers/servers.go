// Package servers holds an echo server for every library that is compared, each in a file of its own that registers
// it. Every one is written as the library's documentation shows for the best speed, with the read and the write that
// it recommends, and without what an echo server could do but an application could not (answering a batch at once).
package servers

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
)

// Floor is the name of the raw TCP echo that everything is divided by.
const Floor = "raw"

// Options are the same for every library.
type Options struct {
	Deflate  bool // permessage-deflate, at the fastest level, for messages of any size, without context takeover
	TLS      bool // crypto/tls below
	Takeover bool // ... with it, in both directions, and the largest windows; only with Deflate
}

// AllOptions returns all that there are.
func AllOptions() []Options {
	return []Options{{}, {Deflate: true}, {TLS: true}, {Deflate: true, TLS: true}, {Deflate: true, Takeover: true}}
}

// String returns options as a suffix.
func (o Options) String() (s string) {
	if o.Deflate {
		s += "-deflate"
	}
	if o.Takeover {
		s += "-takeover"
	}
	if o.TLS {
		s += "-tls"
	}
	return s
}

// Library is one entry of the comparison.
type Library struct {
	Name     string
	Module   string // import path of its module; empty for the standard library's net
	Setup    string // how it is used here, for the report
	Raw      bool   // echoes bytes: no handshake, no frames
	Deflate  bool   // can do permessage-deflate
	Takeover bool   // ... with context takeover
	IdleOnly bool   // is of interest for memory only
	OnDemand bool   // is measured only when it is named
	PlainNet bool   // cannot be given a listener of TLS
	Wrapped  bool   // of interest for TLS only: it does not know the socket below

	// below, if not nil, is put between the listener and TLS.
	below func(net.Listener) net.Listener

	// Command, if not empty, is a program in place of Serve, with its arguments, in which Port stands for the port to listen on.
	Command []string

	// Serve accepts connections from ln and echoes their messages until ln fails.
	Serve func(ln net.Listener, o Options) error
}

// Port stands for a number in a Command.
const Port = "{port}"

// Program returns the library that name=command means: a program of anybody's. It is asked for compression where that is measured,
// and cannot do TLS.
func Program(s string) (Library, error) {
	name, command, _ := strings.Cut(s, "=")
	if name == "" || !strings.Contains(command, Port) {
		return Library{}, fmt.Errorf("servers: %q is not name=command with %s in it", s, Port)
	}
	if _, err := Named(name); err == nil {
		return Library{}, fmt.Errorf("servers: %q is the name of another library", name)
	}
	return Library{Name: name, Setup: command, Command: strings.Fields(command), Deflate: true, PlainNet: true}, nil
}

// ServeOver is Serve over what o says.
func (l Library) ServeOver(ln net.Listener, o Options) error {
	if o.TLS {
		if l.below != nil {
			ln = l.below(ln)
		}
		ln = tls.NewListener(ln, ServerTLS())
	}
	return l.Serve(ln, o)
}

// Can reports whether l can do what o says.
func (l Library) Can(o Options) bool {
	return (l.Deflate || l.Raw || !o.Deflate) && (l.Takeover || !o.Takeover) && (!l.PlainNet || !o.TLS) && (!l.Wrapped || o.TLS)
}

// Version is the version of the library that this program was built with.
func (l Library) Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || l.Module == "" {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == l.Module {
			return m.Version
		}
	}
	return ""
}

var libraries []Library

// register adds a library. It is called by the init functions of this package.
func register(l Library) { libraries = append(libraries, l) }

// All returns the libraries: the floor first, then ours, then the others by name.
func All() []Library {
	all := slices.Clone(libraries)
	rank := func(l Library) string {
		switch {
		case l.Raw:
			return "0"
		case strings.HasPrefix(l.Name, "ours"):
			return "1" // in the order of registration
		}
		return "2" + l.Name
	}
	slices.SortStableFunc(all, func(a, b Library) int { return strings.Compare(rank(a), rank(b)) })
	return all
}

// Named returns the library of that name.
func Named(name string) (Library, error) {
	for _, l := range libraries {
		if l.Name == name {
			return l, nil
		}
	}
	return Library{}, fmt.Errorf("servers: no library %q", name)
}

// List splits a list of names, separated by commas or spaces.
func List(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// Choose returns the named libraries, or, of an empty list, all that fit. The floor is always among them, first.
func Choose(names string, fits func(Library) bool) ([]Library, error) {
	wanted := map[string]bool{Floor: true}
	for _, name := range List(names) {
		if _, err := Named(name); err != nil {
			return nil, err
		}
		wanted[name] = true
	}
	return slices.DeleteFunc(All(), func(l Library) bool {
		if names == "" {
			return l.OnDemand || !fits(l)
		}
		return !wanted[l.Name]
	}), nil
}

// serveConns gives every connection a goroutine.
func serveConns(ln net.Listener, echo func(net.Conn)) error {
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go echo(nc)
	}
}

// serveHTTP serves every request with h.
func serveHTTP(ln net.Listener, h http.HandlerFunc) error {
	return (&http.Server{Handler: h}).Serve(ln)
}
