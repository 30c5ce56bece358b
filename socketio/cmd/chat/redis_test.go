//go:build redis

package main

// This file runs several chats as one with Debian's redis-server: make redis-socketio.

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestSeveralByRedis(t *testing.T) { several(t, "-redis", startRedis(t)) }

// startRedis starts a Redis, which ends with the test, and returns its URL.
func startRedis(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis") // t.TempDir is too long for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal("redis-server (Debian: redis-server) is needed: ", err)
	}
	t.Cleanup(func() { // behind the chats
		cmd.Process.Kill()
		cmd.Wait()
	})
	for late := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			break
		} else if time.Now().After(late) {
			t.Fatal(err)
		}
	}
	return "unix://" + socket
}
