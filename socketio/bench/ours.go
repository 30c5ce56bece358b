//go:build linux

package main

// This file is what the processes run that are servers of ours: they say their port in a line of JSON, answer each
// line of their input with another, and end with their input.

import (
	"bufio"
	"context"
	"encoding/json/v2"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// The arguments that make this program a server.
const (
	roleHTTP     = "serve-http"     // ServeHTTP
	roleDetached = "serve-detached" // the same with Options.DetachPolls
	roleConn     = "serve-conn"     // ServeConn
	roleFloor    = "serve-floor"    // floor.go
)

// pingInterval is so long that no ping disturbs a measure. A second argument stands for another one.
const pingInterval = 5 * time.Minute

// isRole reports whether args are those of a server.
func isRole(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{roleHTTP, roleDetached, roleConn, roleFloor, roleMember, roleNATS}, args[0])
}

// settled fills in what a server says of itself.
type settled func(*status)

// status is what a server says when it is asked, once it has collected its garbage.
type status struct {
	Heap        uint64 `json:"heap"` // bytes of objects that are alive
	Goroutines  int    `json:"goroutines"`
	Descriptors int    `json:"descriptors"`
	Sessions    int    `json:"sessions"`
	Sockets     int    `json:"sockets"`
	Rooms       int    `json:"rooms"`
}

// serve is a process that is a server, as args say.
func serve(args []string) error {
	tell := func(port int, s settled) {
		fmt.Printf("{\"port\":%d}\n", port)
		go answer(s)
	}
	switch args[0] {
	case roleFloor:
		return serveFloor(tell)
	case roleMember:
		return serveMember(args[1], args[2], tell)
	case roleNATS:
		return serveNATS(args[1], tell)
	}
	interval := pingInterval
	if len(args) > 1 {
		var err error
		if interval, err = time.ParseDuration(args[1]); err != nil {
			return err
		}
	}
	return serveOurs(args[0], interval, tell)
}

// answer answers the parent, and ends the process with its input.
func answer(s settled) {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		for range 3 { // pools take more than one
			runtime.GC()
		}
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		st := status{Heap: m.HeapAlloc, Goroutines: runtime.NumGoroutine()}
		if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
			st.Descriptors = len(fds)
		}
		if s != nil {
			s(&st)
		}
		line, err := json.Marshal(st)
		if err != nil {
			panic(err) // numbers
		}
		fmt.Printf("%s\n", line)
	}
	os.Exit(0)
}

// serveOurs serves with package socketio. Where pings are frequent, all else that a client may take its time for is, too.
func serveOurs(role string, interval time.Duration, tell func(int, settled)) error {
	o := &socketio.Options{}
	o.Logger = slog.New(slog.DiscardHandler) // clients leave without a word, and those of a soak break every rule
	o.PingInterval, o.DetachPolls = interval, role == roleDetached
	if interval < time.Minute {
		o.PingTimeout, o.UpgradeTimeout, o.ConnectTimeout = interval, interval, interval
	}
	srv := socketio.NewServer(o)
	srv.Handle("echo", func(_ *socketio.Socket, argument string) (string, error) { return argument, nil })
	srv.On("shout", func(_ *socketio.Socket, times int) {
		for range times {
			_ = srv.Emit("news", bareText) // a reserved name is the only error
		}
	})
	srv.On("join", func(s *socketio.Socket, room string) { s.Join(room) })
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	tell(ln.Addr().(*net.TCPAddr).Port, func(st *status) {
		st.Sessions = srv.Engine().Len()
		for range srv.Sockets() {
			st.Sockets++
		}
		for range srv.Rooms() {
			st.Rooms++
		}
	})
	if role != roleConn {
		return http.Serve(ln, srv)
	}
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() { _ = srv.ServeConn(context.Background(), nc) }() // who was refused is in the log
	}
}
