//go:build unix

package websocket

import (
	"context"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// TestSocketsBlockingMode protects the process from a socket that somebody has set to blocking mode, as File().Fd() does: a
// reader and a writer that wait for it keep nobody else from running. It runs in a process of its own, which would stand still.
func TestSocketsBlockingMode(t *testing.T) {
	if os.Getenv("WEBSOCKET_TEST_BLOCKING") == "" {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestSocketsBlockingMode$")
		cmd.Env = append(os.Environ(), "WEBSOCKET_TEST_BLOCKING=1", "GOMAXPROCS=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return
	}
	for _, pair := range []func(testing.TB) (client, server net.Conn){tcpPair, unixPair} {
		for _, looped := range []bool{false, true} {
			cn, sn := pair(t)
			f, err := cn.(interface{ File() (*os.File, error) }).File()
			if err != nil {
				t.Fatal(err)
			}
			f.Fd()
			defer f.Close()
			c, s := connOver(t, cn, true, nil), connOver(t, sn, false, nil)
			read := inGoroutine(func() error {
				if !looped {
					return second(c.Read(context.Background()))
				}
				for _, err := range c.MessagesInPlace(context.Background()) {
					return err
				}
				return nil
			})
			for range 100 {
				runtime.Gosched() // it reads, and finds nothing
			}
			wrote := inGoroutine(func() error { return c.Write(context.Background(), OpBinary, make([]byte, 4<<20)) })
			for range 100 {
				runtime.Gosched() // it writes, and finds no room
			}
			s.SetReadLimit(-1)
			if m, err := s.Read(context.Background()); len(m.Data) != 4<<20 || err != nil {
				t.Error(len(m.Data), err)
			}
			if err := s.Write(context.Background(), OpText, nil); err != nil {
				t.Error(err)
			}
			if err := firstError(<-read, <-wrote); err != nil {
				t.Error(err)
			}
		}
	}
}
