//go:build unix

// Package firefox drives headless Firefox by WebDriver BiDi, which is JSON over WebSocket, for our tests of pages.
package firefox

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/browser"
)

// Page is the page of a running Firefox, which accepts any certificate. Use it from one goroutine at a time.
type Page struct {
	ctx     context.Context
	conn    *websocket.Conn
	lastID  int
	context string // of browsing
}

// waitTimeout bounds each call.
const waitTimeout = 60 * time.Second

// Open starts Firefox, which ends with ctx, or when the test does, and opens a page in it.
func Open(ctx context.Context, t testing.TB, url string) *Page {
	t.Helper()
	name := os.Getenv("FIREFOX")
	if name == "" {
		name = "firefox-esr"
	}
	p := &Page{ctx: ctx, conn: browser.Start(ctx, t, "WebDriver BiDi listening on ", "/session", name,
		"--headless", "--no-remote", "--profile", t.TempDir(), "--remote-debugging-port", "0")}
	var tree struct{ Contexts []struct{ Context string } }
	for _, err := range []error{
		p.call("session.new", params{"capabilities": params{"alwaysMatch": params{"acceptInsecureCerts": true}}}, nil),
		p.call("browsingContext.getTree", params{}, &tree),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	p.context = tree.Contexts[0].Context
	if err := p.call("browsingContext.navigate", params{"context": p.context, "url": url, "wait": "complete"}, nil); err != nil {
		t.Fatal(err)
	}
	return p
}

// params is an object of WebDriver BiDi.
type params map[string]any

// call calls a method and decodes its result into what result points to, unless that is nil.
func (p *Page) call(method string, arguments params, result any) error {
	ctx, cancel := context.WithTimeout(p.ctx, waitTimeout)
	defer cancel()
	p.lastID++
	request, err := json.Marshal(params{"id": p.lastID, "method": method, "params": arguments})
	if err != nil {
		return err
	}
	if err := p.conn.Write(ctx, websocket.OpText, request); err != nil {
		return err
	}
	for {
		var reply struct {
			ID             int
			Type           string
			Result         json.RawMessage
			Error, Message string
		}
		m, err := p.conn.Read(ctx)
		if err == nil {
			err = json.Unmarshal(m.Data, &reply)
		}
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", method, err)
		case reply.ID != p.lastID: // an event, or the answer to a call that was given up
		case reply.Type == "error":
			return fmt.Errorf("%s: %s: %s", method, reply.Error, reply.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(reply.Result, result)
		}
	}
}

// Evaluate runs an expression in the page, waits if it is a promise, and decodes its value, which must be one that JSON has.
func (p *Page) Evaluate(expression string, value any) error {
	var reply struct {
		Type             string
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	err := p.call("script.evaluate", params{
		"expression":   "(async () => JSON.stringify(await (" + expression + ")) ?? 'null')()",
		"target":       params{"context": p.context},
		"awaitPromise": true,
	}, &reply)
	if err != nil {
		return err
	}
	if reply.Type != "success" {
		return fmt.Errorf("in the page: %s", reply.ExceptionDetails.Text)
	}
	if value == nil {
		return nil
	}
	return json.Unmarshal([]byte(reply.Result.Value), value)
}
