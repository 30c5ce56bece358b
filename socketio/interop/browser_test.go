package interop

// This file drives headless Chromium by its DevTools protocol, which is JSON over WebSocket.

import (
	"bufio"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// browser is a running Chromium. Use it from one goroutine at a time.
type browser struct {
	*testing.T
	conn *websocket.Conn
	last int
}

// startBrowser starts Chromium, with further flags. It ends with the test.
func startBrowser(t *testing.T, flags ...string) *browser {
	name := os.Getenv("CHROMIUM")
	if name == "" {
		name = "chromium"
	}
	// The flags beyond the first three keep it from looking for the world outside, which may not be there.
	cmd := exec.Command(name, append(flags, "--headless", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", "about:blank")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it is a group of processes; all of them end
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; .ci/run installs it, and $CHROMIUM may name it", err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait() // says that it was killed
	})
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		url, found := strings.CutPrefix(lines.Text(), "DevTools listening on ")
		if !found {
			continue
		}
		go func() {
			for lines.Scan() {
			} // so that it does not wait for us
		}()
		d := websocket.Dialer{Options: websocket.Options{ReadLimit: 64 << 20}}
		c, _, err := d.Dial(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.CloseNow() })
		return &browser{T: t, conn: c}
	}
	t.Fatalf("Chromium says no address: %v", lines.Err())
	return nil
}

// call calls a method of the DevTools protocol and waits for its result. session may be empty, and result nil.
func (b *browser) call(session, method string, params map[string]any, result any) {
	b.Helper()
	b.last++
	request := map[string]any{"id": b.last, "method": method, "params": params}
	if session != "" {
		request["sessionId"] = session
	}
	text, err := json.Marshal(request)
	if err != nil {
		b.Fatal(err)
	}
	if err := b.conn.Write(b.Context(), websocket.OpText, text); err != nil {
		b.Fatal(err)
	}
	for {
		m, err := b.conn.Read(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		var reply struct {
			ID     int            `json:"id"`
			Result jsontext.Value `json:"result"`
			Error  jsontext.Value `json:"error"`
		}
		if err := json.Unmarshal(m.Data, &reply); err != nil {
			b.Fatal(err)
		}
		switch {
		case reply.ID != b.last: // an event
			continue
		case len(reply.Error) > 0:
			b.Fatalf("%s: %s", method, reply.Error)
		case result != nil:
			if err := json.Unmarshal(reply.Result, result); err != nil {
				b.Fatal(err)
			}
		}
		return
	}
}

// tab is a page in a browser.
type tab struct {
	*browser
	session string
}

// look is how a page is looked at.
type look struct {
	width, height int
	scheme        string // light or dark
}

// desktop is the usual look.
var desktop = look{1100, 700, "light"}

// open opens a page, with storage of its own.
func (b *browser) open(url string, l look) *tab {
	b.Helper()
	var context struct {
		ID string `json:"browserContextId"`
	}
	b.call("", "Target.createBrowserContext", nil, &context)
	var target struct {
		ID string `json:"targetId"`
	}
	b.call("", "Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": context.ID}, &target)
	var attached struct {
		Session string `json:"sessionId"`
	}
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true}, &attached)
	p := &tab{b, attached.Session}
	p.call(p.session, "Emulation.setDeviceMetricsOverride",
		map[string]any{"width": l.width, "height": l.height, "deviceScaleFactor": 1, "mobile": l.width < 600}, nil)
	p.call(p.session, "Emulation.setEmulatedMedia",
		map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": l.scheme}}}, nil)
	p.call(p.session, "Page.navigate", map[string]any{"url": url}, nil)
	return p
}

// eval runs code in the page and waits for what it promises.
func (p *tab) eval(code string) {
	p.Helper()
	var got struct {
		Exception jsontext.Value `json:"exceptionDetails"`
	}
	p.call(p.session, "Runtime.evaluate",
		map[string]any{"expression": code, "awaitPromise": true, "replMode": true, "timeout": 20_000}, &got)
	if len(got.Exception) > 0 {
		p.Fatalf("%s: %.2000s", code, got.Exception)
	}
}

// until waits until a condition is true in the page.
func (p *tab) until(condition string) {
	p.Helper()
	quoted, err := json.Marshal(condition)
	if err != nil {
		p.Fatal(err)
	}
	p.eval(`await (async () => {
		for (const end = Date.now() + 15000; ; await new Promise((done) => setTimeout(done, 20))) {
			try { if (document.readyState === "complete" && (` + condition + `)) return; } catch {}
			if (Date.now() > end) throw new Error("not within 15 s: " + ` + string(quoted) + ` + "; " + document.body.innerText);
		}
	})()`)
}

// picture takes one of the page if $PICTURES says where to put it.
func (p *tab) picture(name string) {
	p.Helper()
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	var shot struct {
		Data string `json:"data"`
	}
	p.call(p.session, "Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	b, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), b, 0o600)
	}
	if err != nil {
		p.Error(err)
	}
}

// pageTimeout is how long a page may say nothing.
const pageTimeout = 45 * time.Second
