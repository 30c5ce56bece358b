//go:build unix

// Package browser starts browsers that are driven over WebSocket. The library's client talks to their servers here, before any
// test begins.
package browser

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// Start starts a browser and connects to the address that it prints behind a text, extended by path. It ends with ctx, or when
// the test does.
func Start(ctx context.Context, t testing.TB, behind, path, name string, args ...string) *websocket.Conn {
	t.Helper()
	cmd := exec.CommandContext(ctx, name, args...)
	// It is a group of processes; all of them end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; .ci/run installs it", err)
	}
	t.Cleanup(func() {
		cmd.Cancel()
		cmd.Wait() // says that it was killed
	})
	d := websocket.Dialer{Options: websocket.Options{ReadLimit: 64 << 20}}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		url, found := strings.CutPrefix(lines.Text(), behind)
		if !found {
			continue
		}
		go func() {
			for lines.Scan() {
			} // so that it does not wait for us
		}()
		conn, _, err := d.Dial(ctx, url+path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.CloseNow() })
		return conn
	}
	t.Fatalf("%s says no address: %v", name, lines.Err())
	return nil
}
