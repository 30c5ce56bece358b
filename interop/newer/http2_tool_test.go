package newer

//lint:file-ignore SA1019 net/http's own client does not send a field named :protocol

// This file tests ws serve -tls over HTTP/2.

import (
	"bufio"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"golang.org/x/net/http2"

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
		w := &world{Server: &httptest.Server{URL: url[0]}, transport: &http2.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
		resp, err := (&http.Client{Transport: w.transport}).Get(url[0])
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: the page: %v, %v", mode, resp, err)
		}
		c := w.mustDial(t)
		exchange(t, c, "hello")
		c.Close(websocket.StatusNormalClosure, "")
		w.transport.CloseIdleConnections()
		cmd.Process.Kill()
		cmd.Wait()
	}
}
