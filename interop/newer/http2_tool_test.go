package newer

// This file tests ws serve -tls over HTTP/2.

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// TestHTTP2Tool protects the tool's server over HTTP/2, in each of its modes that take no other program, and its page beside it.
func TestHTTP2Tool(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "ws")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", tool, "./ws")
	build.Dir = "../../cmd"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, mode := range []string{"-compress", "-broadcast"} {
		cmd := exec.CommandContext(t.Context(), tool, "serve", "-addr", "127.0.0.1:0", "-tls", mode)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		var url []string
		for lines := bufio.NewScanner(out); url == nil && lines.Scan(); {
			url = regexp.MustCompile(`https://[^/]+`).FindStringSubmatch(lines.Text())
		}
		if url == nil {
			t.Fatal("ws serve says no address")
		}
		w := elsewhere(url[0])
		plain := &http.Client{Transport: &http.Transport{TLSClientConfig: w.client.Dialer.TLS, ForceAttemptHTTP2: true}}
		resp, err := plain.Get(url[0])
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: the page: %v, %v", mode, resp, err)
		}
		c := w.mustDial(t)
		exchange(t, c, "hello")
		c.Close(websocket.StatusNormalClosure, "")
		plain.CloseIdleConnections()
		w.client.CloseIdleConnections()
		cmd.Process.Kill()
		cmd.Wait()
	}
}
