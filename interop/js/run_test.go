//go:build !js

package js

// This file runs the clients of client_js_test.go: see doc.go.

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/chromium"
)

// runTimeout bounds building and all runs.
const runTimeout = 5 * time.Minute

// build builds the tests of a package for js and returns the file's path.
func build(ctx context.Context, t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.wasm")
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", path, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	return path
}

// wasmExec returns a file of Go's lib/wasm.
func wasmExec(t *testing.T, name string) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", name)
}

// TestNode protects the library in Node.js, over the ws package and over its own WebSocket: one is of JavaScript's world without a
// browser what the other will be.
func TestNode(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	client := build(ctx, t, ".")
	for name, row := range map[string]struct{ flags, args []string }{
		"ws": {[]string{"--require", "./ws.cjs"}, nil},
		// That of Node.js 20 takes the mark away from what it receives.
		"own": {[]string{"--experimental-websocket", "--no-warnings"}, []string{"-test.skip=ByteOrderMark"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(routes())
			defer server.Close()
			args := append(append(row.flags, wasmExec(t, "wasm_exec_node.js"), client, "-test.v"), row.args...)
			cmd := exec.CommandContext(ctx, "node", args...)
			// That script wants argv and environment in so many bytes.
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "WS_URL=" + wsURL(server)}
			out, err := cmd.CombinedOutput()
			if wantPassed(t, string(out)); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
}

// wsURL returns the URL of a server for WebSockets.
func wsURL(server *httptest.Server) string { return strings.Replace(server.URL, "http", "ws", 1) }

// wantPassed wants the output of the clients to be that of tests that have run and passed.
func wantPassed(t *testing.T, out string) {
	t.Helper()
	if strings.Contains(out, "--- FAIL") || strings.Count(out, "--- PASS: Test") < 8 || !strings.Contains(out, "\nPASS") {
		t.Errorf("the clients have failed:\n%s", out)
	}
}

// TestChromium protects the library in a browser.
func TestChromium(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	t.Cleanup(cancel)
	b := chromium.Start(ctx, t)
	runPage(ctx, t, b, build(ctx, t, "."))
}

// TestChromiumRoot protects what the root package's own tests of it protect, where JavaScript's objects are a browser's.
func TestChromiumRoot(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	t.Cleanup(cancel)
	b := chromium.Start(ctx, t)
	runPage(ctx, t, b, build(ctx, t, "../.."), "-test.run=^Test(Browser|Echo|Reader|Writer|Stream|Messages)")
}

// page runs a program of Go and shows what it prints.
const page = `<!DOCTYPE html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<pre id="log"></pre>
<script src="wasm_exec.js"></script>
<script>
console.log = (line) => document.getElementById("log").append(line + "\n");
const go = new Go();
go.argv = ["test", ...%s];
go.env = { WS_URL: %s };
const ended = new Promise((resolve) => { go.exit = (code) => resolve(String(code)) });
WebAssembly.instantiateStreaming(fetch("test.wasm"), go.importObject).then((r) => go.run(r.instance)).catch((e) => {
	console.log(String(e));
	go.exit(1);
});
</script>
`

// runPage runs a test for js in a page.
func runPage(ctx context.Context, t *testing.T, b *chromium.Browser, wasm string, args ...string) {
	t.Helper()
	mux := routes()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	var list strings.Builder
	for _, arg := range append([]string{"-test.v"}, args...) {
		list.WriteString(chromium.JSString(arg) + ",")
	}
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, page, "["+list.String()+"]", chromium.JSString(wsURL(server)))
	})
	mux.HandleFunc("/wasm_exec.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, wasmExec(t, "wasm_exec.js")) })
	mux.HandleFunc("/test.wasm", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, wasm) })
	tab := b.Open(ctx, t, server.URL+"/page")
	var log, code string
	for code == "" && ctx.Err() == nil { // longer than a single wait for a page may take
		tab.Must(tab.Evaluate(`Promise.race([ended, new Promise((r) => setTimeout(r, 5000, ""))])`, &code))
	}
	tab.Must(tab.Evaluate(`document.getElementById("log").innerText`, &log))
	if wantPassed(t, log); code != "0" {
		t.Errorf("exit status %s", code)
	}
}
