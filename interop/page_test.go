package interop

// This file tests ws serve with a browser on its page, and the browser as a client of a server of the library.

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/chromium"
)

// tab is the page of ws serve in a browser.
type tab struct{ *chromium.Tab }

// open opens that page, whichever its address is.
func open(ctx context.Context, t *testing.T, b *chromium.Browser, url string) *tab {
	t.Helper()
	return &tab{b.Open(ctx, t, url)}
}

// pageTimeout bounds each test of this file, builds and the start of Chromium included.
const pageTimeout = 3 * time.Minute

// echoServer is a running ws serve.
type echoServer struct {
	cmd  *exec.Cmd
	host string // host and port
}

// buildTool builds cmd/ws and returns its path.
func buildTool(ctx context.Context, t *testing.T) string {
	path := filepath.Join(t.TempDir(), "ws")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "./ws")
	build.Dir = "../cmd"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// startServe starts ws serve on a free port. It ends with ctx, or when the test does.
func startServe(ctx context.Context, t *testing.T, tool string) *echoServer {
	cmd := exec.CommandContext(ctx, tool, "serve", "-addr", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // fails if it has ended in order
		cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	address := regexp.MustCompile(`http://([^/]+)/`).FindStringSubmatch(line)
	if err != nil || address == nil {
		t.Fatalf("ws serve printed %q, %v", line, err)
	}
	return &echoServer{cmd: cmd, host: address[1]}
}

// connected opens the page of a server and connects.
func connected(ctx context.Context, t *testing.T, b *chromium.Browser, server *echoServer) *tab {
	t.Helper()
	tab := open(ctx, t, b, "http://"+server.host+"/")
	tab.Click("#connect")
	tab.WaitFor(`document.getElementById("state").value === "open"`)
	return tab
}

// waitForEntry waits until the newest entry of the page's list is of a kind and its text contains all of parts.
func (tab *tab) waitForEntry(class string, parts ...string) {
	tab.Helper()
	condition := fmt.Sprintf(`document.querySelector("#log > li")?.className === %q`, class)
	for _, part := range parts {
		condition += fmt.Sprintf(` && document.querySelector("#log > li").innerText.includes(%s)`, chromium.JSString(part))
	}
	tab.WaitFor(condition)
}

// TestPage protects what a person can do on the page: each row uses it as a person would, and sees what is to be seen.
func TestPage(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	t.Cleanup(cancel)
	server := startServe(ctx, t, buildTool(ctx, t))
	b := chromium.Start(ctx, t)
	file := filepath.Join(t.TempDir(), "file.bin")
	if err := os.WriteFile(file, bytes.Repeat([]byte{0, 0xfe}, 3000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		do   func(tab *tab)
		last []string // of the newest entry: its class, and what its text contains
	}{
		{"the address is the server's own", func(tab *tab) {
			tab.WaitFor(`document.getElementById("url").value === "ws://" + location.host + "/"`)
		}, []string{"event", "open"}},
		{"text", func(tab *tab) { tab.send("text", "Grüße 🙂") }, []string{"received", "text", "12 bytes", "Grüße 🙂", " ms"}},
		{"empty text", func(tab *tab) { tab.send("text", "") }, []string{"received", "text", "0 bytes", " ms"}},
		{"binary", func(tab *tab) { tab.send("hex", "00 ff 7B") }, []string{"received", "binary", "3 bytes", "00 ff 7b", " ms"}},
		{"hex that is none", func(tab *tab) { tab.send("hex", "0g") }, []string{"bad", "not sent", "hexadecimal digits"}},
		{"1 MiB", func(tab *tab) { tab.send("random", "1048576") }, []string{"received", "binary", "1,048,576 bytes", " ms"}},
		{"a file", func(tab *tab) {
			tab.chooseFile("#file", file)
			tab.send("file", "")
		}, []string{"received", "binary", "6,000 bytes", "00 fe 00 fe", " ms"}},
		{"round trip", func(tab *tab) { tab.Click("#ping") }, []string{"received", "round trip 1", " ms"}},
		{"a view in hex", func(tab *tab) {
			tab.send("text", "abc")
			tab.waitForEntry("received", "abc")
			tab.Click(`input[name="view"][value="hex"]`)
		}, []string{"received", "61 62 63"}},
		{"close", func(tab *tab) { tab.close("", "") }, []string{"received", "close", "1005 no status received (clean)"}},
		{"close with code and reason", func(tab *tab) {
			tab.close("3210", "see you")
			tab.WaitFor(`document.getElementById("log").innerText.includes("3210 “see you”")`)
		}, []string{"received", "close", "3210 (clean)"}},
		{"close with a code that a page may not use", func(tab *tab) { tab.close("1002", "") }, []string{"bad", "cannot close", "1002"}},
		{"connecting to nothing", func(tab *tab) {
			tab.close("1000", "")
			tab.waitForEntry("received", "close", "1000")
			tab.Set("url", "ws://127.0.0.1:1/")
			tab.Click("#connect")
		}, []string{"bad", "close", "1006", "not clean"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			tab := connected(ctx, t, b, server)
			row.do(tab)
			tab.waitForEntry(row.last[0], row.last[1:]...)
		})
	}
}

// send sends a message in one of the page's ways.
func (tab *tab) send(kind, value string) {
	tab.Helper()
	tab.Click(fmt.Sprintf(`input[name="kind"][value=%q]`, kind))
	if kind != "file" {
		tab.Set(kind, value)
	}
	tab.Click("#send button")
}

// close closes the connection by the page's controls.
func (tab *tab) close(code, reason string) {
	tab.Helper()
	tab.Set("code", code)
	tab.Set("reason", reason)
	tab.Click("#closing button")
}

// chooseFile does what a person does in the dialog for files.
func (tab *tab) chooseFile(selector, path string) {
	tab.Helper()
	var found struct{ Result struct{ ObjectID string } }
	tab.Must(tab.Call("Runtime.evaluate",
		chromium.Params{"expression": "document.querySelector(" + chromium.JSString(selector) + ")"}, &found))
	tab.Must(tab.Call("DOM.setFileInputFiles",
		chromium.Params{"objectId": found.Result.ObjectID, "files": []string{path}}, nil))
}

// TestServerShutdown protects that a browser learns why its connection ends when ws serve is told to end, and that ws
// serve then ends in order.
func TestServerShutdown(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	t.Cleanup(cancel)
	tool := buildTool(ctx, t)
	b := chromium.Start(ctx, t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			server := startServe(ctx, t, tool)
			tab := connected(ctx, t, b, server)
			if err := server.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			tab.waitForEntry("received", "close", "1001 going away (clean)")
			if err := server.cmd.Wait(); err != nil {
				t.Errorf("ws serve: %v", err)
			}
		})
	}
}

// TestBrowserAsClient protects what the page cannot ask ws serve for: pings by the server, a subprotocol of its choice, fragments, and
// closing by the server; and that the server sees the code and the reason of the page.
func TestBrowserAsClient(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	t.Cleanup(cancel)
	echo := startServe(ctx, t, buildTool(ctx, t))
	b := chromium.Start(ctx, t)
	for _, row := range []struct {
		name string
		do   func(ctx context.Context, conn *websocket.Conn) error
		see  func(tab *tab)
	}{
		{"pings", func(ctx context.Context, conn *websocket.Conn) error {
			conn.CloseRead(ctx)
			for range 3 {
				if _, err := conn.Ping(ctx); err != nil {
					return err
				}
			}
			return conn.Close(3000, "pongs have come")
		}, func(tab *tab) {
			tab.waitForEntry("received", "close", "3000 “pongs have come” (clean)")
			tab.WaitFor(`document.getElementById("log").innerText.includes("subprotocol interop.v1")`)
		}},
		{"fragments", func(ctx context.Context, conn *websocket.Conn) error {
			w, err := conn.Writer(ctx, websocket.OpText)
			if err != nil {
				return err
			}
			if _, err := w.Write([]byte(strings.Repeat("fragments ", 10000))); err != nil {
				return err
			}
			if err := w.Close(); err != nil {
				return err
			}
			_, err = conn.Read(ctx)
			if want := (closed{4000, "fragments have come"}); ownClosed(err) != want {
				return fmt.Errorf("the connection ended with %v, want %v", err, want)
			}
			return nil
		}, func(tab *tab) {
			tab.waitForEntry("received", "text", "100,000 bytes")
			tab.close("4000", "fragments have come")
			tab.waitForEntry("received", "close", "4000 (clean)")
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			u := &websocket.Upgrader{Subprotocols: []string{"interop.v1"}, Origins: []string{echo.host}}
			served := make(chan error, 1)
			url := serveHTTP(t, u.Handler(func(conn *websocket.Conn, _ *http.Request) { served <- row.do(ctx, conn) }))
			tab := open(ctx, t, b, "http://"+echo.host+"/")
			tab.Set("url", url)
			tab.Set("subprotocols", "other, interop.v1")
			tab.Click("#connect")
			row.see(tab)
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
	}
}
