//go:build linux && amd64 && !race

package socketio

// This file asserts what the stacks of idle clients take. The race detector, and other processors and systems, have other frames.

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// TestIdleStack protects that a client that has joined takes a stack of 2 KiB, which is what a goroutine begins with, on either way in: waiting fits
// into that, and so does what the reader does with CONNECT and with events. A stack that has grown does not shrink again, and 2 KiB are a
// fifth of what an idle client takes. A few grow, that have met a lock that was taken: half of them may.
func TestIdleStack(t *testing.T) {
	const clients = 400
	for _, way := range []string{"ServeHTTP", "ServeConn"} {
		t.Run(way, func(t *testing.T) {
			beginSmall(t)
			srv := NewServer(testOptions())
			srv.Handle("x", func(_ *Socket, n int) (int, error) { return n, nil })
			ln, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { srv.Shutdown(context.Background()) }) // when the clients are closed
			if way == "ServeHTTP" {
				web := &http.Server{Handler: srv}
				defer web.Close()
				go web.Serve(ln)
			} else {
				defer ln.Close()
				go acceptAll(ln, srv)
			}
			arrive(t, ln, 1)
			before, goroutines := stackInUse(), runtime.NumGoroutine()
			arrive(t, ln, clients)
			for runtime.NumGoroutine() > goroutines+clients {
				runtime.Gosched() // those of seats, and of net/http, end
			}
			if each := (stackInUse() - before) / clients; each > 3<<10 {
				t.Errorf("the stack of a client takes %d bytes", each)
			}
		})
	}
}

// acceptAll serves what comes without net/http.
func acceptAll(ln net.Listener, srv *Server) {
	for {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		go srv.ServeConn(context.Background(), nc)
	}
}

// arrive connects clients which join, and have an event acknowledged. They stay until the test ends.
func arrive(t *testing.T, ln net.Listener, clients int) {
	for range clients {
		nc, err := net.Dial("tcp4", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		io.WriteString(nc, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n"+
			"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		in := bufio.NewReaderSize(nc, 512)
		for line := ""; line != "\r\n"; {
			if line, err = in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		say := func(text string, ends string) {
			head := websocket.AppendHeader(nil, websocket.Header{Fin: true, Opcode: websocket.OpText, Masked: true, Length: uint64(len(text))})
			io.WriteString(nc, string(head)+text) // the key is zero
			for _, end := range []byte(ends) {
				if _, err := in.ReadString(end); err != nil {
					t.Fatal(err)
				}
			}
		}
		say("40", "}}") // of the packet that opens the session, and of the answer
		say(`420["x",5]`, "]")
	}
}

// stackInUse returns how many bytes the stacks of all goroutines take. Those that nobody uses any more are collected first.
func stackInUse() uint64 {
	for range 2 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}

// beginSmall makes goroutines begin with 2 KiB, until the test ends: each collection chooses the size by what the stacks that it
// finds hold, and finds many small ones.
func beginSmall(t *testing.T) {
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	for range 2000 {
		started := make(chan struct{})
		go func() {
			close(started)
			<-end
		}()
		<-started
	}
	runtime.GC()
}
