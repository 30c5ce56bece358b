package engineio

// This file tests that I/O that fails at whatever point leaves nothing: no session, no goroutine, each Open with its Close.

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
)

// TestFaults lets the n-th operation of the server's n-th connection fail, for every n, while a client polls, upgrades and talks.
func TestFaults(t *testing.T) {
	for at := int64(1); at <= 40; at++ {
		for which := 1; which <= 3; which++ {
			synctest.Test(t, func(t *testing.T) {
				conns := 0
				w := newWorld(t, testOptions(), func(c net.Conn) net.Conn {
					if conns++; conns != which {
						return c
					}
					return &faultconn.Conn{Conn: c, FailAt: at, Err: errors.New("on purpose")}
				})
				converse(w)
				w.end()
				w.notes.mu.Lock()
				defer w.notes.mu.Unlock()
				opened, closed := 0, 0
				for _, one := range w.notes.all {
					switch {
					case one == "open":
						opened++
					case strings.HasPrefix(one, "close"):
						closed++
					}
				}
				if opened != closed {
					t.Errorf("operation %d of connection %d: %q", at, which, w.notes.all)
				}
			})
		}
	}
}

// converse does what a client does, as far as it gets.
func converse(w *world) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	a, err := w.try(ctx, "GET", "EIO=4&transport=polling", "")
	if err != nil || a.status != 200 {
		return
	}
	q := "EIO=4&transport=polling&sid=" + w.parseOpening(a.body).SID
	w.try(ctx, "POST", q, "4one")
	w.try(ctx, "GET", q, "")
	pending := make(chan struct{})
	go func() {
		defer close(pending)
		w.try(ctx, "GET", q, "")
	}()
	synctest.Wait()
	p, _, err := w.dial(strings.Replace(q, "polling", "websocket", 1))
	if err == nil {
		defer p.CloseNow()
		for _, one := range []string{"2probe", "5", "4two", "4three"} {
			p.Write(ctx, websocket.OpText, []byte(one))
			p.Read(ctx)
		}
	}
	<-pending
}
