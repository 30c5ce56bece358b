//go:build unix

// Package chromium drives headless Chromium by its DevTools protocol, for our tests of pages. That protocol is JSON over
// WebSocket.
package chromium

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/browser"
)

// Browser is a running Chromium. Use it from one goroutine at a time.
type Browser struct {
	conn   *websocket.Conn
	lastID int
	events map[event]bool // that have happened
}

// event is something that Chromium tells unasked.
type event struct{ SessionID, Method string }

// waitTimeout bounds each wait for something to happen in a page.
const waitTimeout = 30 * time.Second

// Start starts Chromium, with these flags beside its own, which ends with ctx, or when the test does. It speaks no QUIC unless they say --enable-quic.
func Start(ctx context.Context, t testing.TB, flags ...string) *Browser {
	t.Helper()
	if !slices.Contains(flags, "--enable-quic") {
		flags = append(flags, "--disable-quic")
	}
	// The flags beyond the first three keep it from looking for the world outside, which may not be there.
	flags = append(flags, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", "about:blank")
	conn := browser.Start(ctx, t, "DevTools listening on ", "", chromium(), flags...)
	return &Browser{conn: conn, events: make(map[event]bool)}
}

// chromium returns the name of the program.
func chromium() string {
	if name := os.Getenv("CHROMIUM"); name != "" {
		return name
	}
	return "chromium"
}

// call calls a method of the DevTools protocol and waits for its result. session may be empty.
func (b *Browser) call(ctx context.Context, session, method string, params, result any) error {
	b.lastID++
	request, err := json.Marshal(struct {
		ID        int    `json:"id"`
		SessionID string `json:"sessionId,omitempty"`
		Method    string `json:"method"`
		Params    any    `json:"params,omitempty"`
	}{b.lastID, session, method, params})
	if err != nil {
		return err
	}
	if err := b.conn.Write(ctx, websocket.OpText, request); err != nil {
		return err
	}
	for {
		reply, err := b.read(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", method, err)
		case reply.ID != b.lastID: // an event, or the answer to a call that was given up
		case reply.Error != nil:
			return fmt.Errorf("%s: %s", method, reply.Error.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(reply.Result, result)
		}
	}
}

// reply is a message from Chromium: the answer to a call, or an event.
type reply struct {
	event
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
}

// read reads a message, and takes note if it is an event.
func (b *Browser) read(ctx context.Context) (reply, error) {
	var r reply
	m, err := b.conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(m.Data, &r)
	}
	if err == nil && r.Method != "" {
		b.events[r.event] = true
	}
	return r, err
}

// Tab is a page in a browser.
type Tab struct {
	testing.TB // the test that has opened it
	ctx        context.Context
	b          *Browser
	session    string
}

// Params is an object of the DevTools protocol.
type Params map[string]any

// Open opens a page and waits until it has loaded.
func (b *Browser) Open(ctx context.Context, t *testing.T, url string) *Tab {
	t.Helper()
	tab := &Tab{TB: t, ctx: ctx, b: b}
	var target struct{ TargetID string }
	tab.Must(b.call(ctx, "", "Target.createTarget", Params{"url": "about:blank"}, &target))
	t.Cleanup(func() { b.call(ctx, "", "Target.closeTarget", Params{"targetId": target.TargetID}, nil) })
	var attached struct{ SessionID string }
	tab.Must(b.call(ctx, "", "Target.attachToTarget", Params{"targetId": target.TargetID, "flatten": true}, &attached))
	tab.session = attached.SessionID
	tab.Must(tab.Call("Page.enable", nil, nil))
	loaded := event{tab.session, "Page.loadEventFired"}
	delete(b.events, loaded) // that of about:blank
	tab.Must(tab.Call("Page.navigate", Params{"url": url}, nil))
	for !b.events[loaded] {
		_, err := b.read(ctx)
		tab.Must(err)
	}
	return tab
}

// Must ends the test on an error, and says what the page showed.
func (tab *Tab) Must(err error) {
	tab.Helper()
	if err == nil {
		return
	}
	var log any
	if evalErr := tab.Evaluate(`(document.getElementById("log") ?? document.body).innerText`, &log); evalErr != nil {
		log = evalErr
	}
	tab.Fatalf("%v; the page shows:\n%v", err, log)
}

// Call calls a method of the DevTools protocol for the page, and decodes its result into what result points to, unless that is nil.
func (tab *Tab) Call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(tab.ctx, waitTimeout)
	defer cancel()
	return tab.b.call(ctx, tab.session, method, params, result)
}

// Screenshot writes what the page shows to a file, as PNG, in the directory that $SCREENSHOTS names, for people to look at. It does
// nothing without.
func (tab *Tab) Screenshot(name string) {
	tab.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data []byte }
	tab.Must(tab.Call("Page.captureScreenshot", nil, &shot))
	tab.Must(os.WriteFile(filepath.Join(dir, name), shot.Data, 0o644))
}

// Evaluate runs an expression in the page, waits if it is a promise, and decodes its value.
func (tab *Tab) Evaluate(expression string, value any) error {
	var reply struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	err := tab.Call("Runtime.evaluate", Params{"expression": expression, "awaitPromise": true, "returnByValue": true}, &reply)
	if err != nil {
		return err
	}
	if reply.ExceptionDetails != nil {
		return errors.New(reply.ExceptionDetails.Exception.Description)
	}
	if value == nil || reply.Result.Value == nil {
		return nil
	}
	return json.Unmarshal(reply.Result.Value, value)
}

// Run runs an expression in the page.
func (tab *Tab) Run(format string, args ...any) {
	tab.Helper()
	tab.Must(tab.Evaluate(fmt.Sprintf(format, args...), nil))
}

// Set gives a field of the page a value.
func (tab *Tab) Set(id, value string) {
	tab.Helper()
	tab.Run(`document.getElementById(%q).value = %s`, id, JSString(value))
}

// Click clicks the first element that selector finds, as long as it is enabled.
func (tab *Tab) Click(selector string) {
	tab.Helper()
	tab.Run(`(e => { if (e.matches(":disabled")) throw new Error("disabled: " + e.outerHTML); e.click() })(document.querySelector(%s))`,
		JSString(selector))
}

// WaitFor waits until an expression is true. It is evaluated whenever the document changes.
func (tab *Tab) WaitFor(expression string) {
	tab.Helper()
	err := tab.Evaluate(`new Promise(resolve => {
		const check = () => { if (`+expression+`) { observer.disconnect(); resolve(true) } };
		const observer = new MutationObserver(check);
		observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
		check();
	})`, nil)
	if err != nil {
		tab.Must(fmt.Errorf("waiting for %s: %w", expression, err))
	}
}

// JSString returns s as a literal of JavaScript.
func JSString(s string) string {
	b, _ := json.Marshal(s) // a string always has one
	return string(b)
}
