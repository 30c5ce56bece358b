package newer

// This file starts HAProxy, which makes streams of HTTP/2 of the opening handshakes of HTTP/1.1 that it gets (RFC 8441).

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// haproxyConfig is its configuration, for the address of the server and what follows it.
const haproxyConfig = `defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h

frontend web
    bind fd@3
    default_backend app

backend app
    server app %s proto h2 ws h2 %s
`

// newHAProxy returns the URL of an HAProxy in front of w. It is given its listening socket, so that nobody has to wait for it.
func newHAProxy(t *testing.T, w *world) string {
	t.Helper()
	secured := "ssl verify none alpn h2"
	if w.TLS == nil {
		secured = ""
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	config := fmt.Sprintf(haproxyConfig, w.Listener.Addr(), secured)
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	var output bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "haproxy", "-db", "-f", file)
	cmd.ExtraFiles = []*os.File{socket}
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; .ci/run installs it", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
	return "ws://" + l.Addr().String()
}
