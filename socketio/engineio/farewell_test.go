package engineio

// This file tests what a client learns of Shutdown that is between two polls when it comes.

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// TestShutdownAwaitsPolls protects that a client between two polls gets what was sent, and its farewell, also when http.Server.Shutdown, which
// closes the listener and what is idle, follows at once.
func TestShutdownAwaitsPolls(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		w.session().Send(websocket.OpText, []byte("last"))
		done := make(chan error)
		go func() {
			done <- errors.Join(w.srv.Shutdown(context.Background()), w.http.Shutdown(context.Background()))
		}()
		time.Sleep(keepForShutdown / 2)
		w.got(w.do("GET", q, ""), 200, "4last\x1e1")
		start := time.Now()
		if err := <-done; err != nil || time.Since(start) != 0 {
			t.Error(err, time.Since(start))
		}
		w.expect(t, "open", "close: server shutting down")
	})
}

// TestShutdownWithoutPolls protects that Shutdown waits for a poll that does not come for a moment only, that its context ends that
// wait, too, and that farewells of sessions that had ended before are not waited for, nor those of which a poll was pending.
func TestShutdownWithoutPolls(t *testing.T) {
	shutdown := func(w *world, ctx context.Context, want time.Duration) {
		t.Helper()
		start := time.Now()
		if err := w.srv.Shutdown(ctx); err != nil || time.Since(start) != want {
			t.Error(err, time.Since(start))
		}
	}
	inWorld(t, nil, func(w *world) {
		w.polling()
		shutdown(w, context.Background(), keepForShutdown)
	})
	inWorld(t, nil, func(w *world) {
		w.polling()
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		shutdown(w, ctx, time.Millisecond) // all sessions have ended
	})
	inWorld(t, nil, func(w *world) {
		w.polling()
		w.session().Close()
		poll := w.later("GET", w.polling(), "")
		synctest.Wait()
		shutdown(w, context.Background(), 0)
		w.got(<-poll, 200, "1")
	})
}
