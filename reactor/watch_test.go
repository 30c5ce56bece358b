package reactor

import (
	"context"
	"log"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
	"github.com/seed-d69ae1b7/websocket/internal/testlog"
)

// dawdle is in the stacks of handlers that take their time.
func dawdle(d time.Duration) { time.Sleep(d) }

// TestLongTurn protects that a handler that keeps a loop waiting for more than a second is told of in the log, once, with its stack; and
// that neither shorter ones, nor many in a row, nor a loop that waits, nor workers are.
func TestLongTurn(t *testing.T) {
	for _, tc := range []struct {
		name    string
		workers int
		takes   []time.Duration // a handler, message by message
		logged  int
	}{
		{"long", 0, []time.Duration{0, 2100 * time.Millisecond, 5 * time.Second}, 1},
		{"long behind short", 0, []time.Duration{900 * time.Millisecond, 900 * time.Millisecond, 3 * time.Second}, 1},
		{"short", 0, []time.Duration{900 * time.Millisecond, 900 * time.Millisecond, 900 * time.Millisecond, 0}, 0},
		{"workers", 1, []time.Duration{5 * time.Second}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var logged testlog.Buffer
			synctest.Test(t, func(t *testing.T) {
				opened := make(chan struct{})
				s := &Server{Workers: tc.workers, Upgrader: &websocket.Upgrader{ErrorLog: log.New(&logged, "", 0)}}
				takes := tc.takes
				s.Handler = &funcs{open: func(*Conn) { close(opened) }, close: echo.Close, message: func(*Conn, websocket.Opcode, []byte) {
					d := takes[0]
					takes = takes[1:]
					dawdle(d)
				}}
				a, b := netpipe.New(1000)
				if err := s.Adopt(b, websocket.Agreement{}, nil, nil); err != nil {
					t.Fatal(err)
				}
				<-opened
				c := newClient()
				for _, d := range tc.takes {
					a.Write(c.message(websocket.OpText, ""))
					time.Sleep(d + time.Millisecond) // so that no turn has two
				}
				time.Sleep(time.Minute) // and nothing happens
				a.Close()
				s.Shutdown(context.Background())
				if len(takes) > 0 {
					t.Errorf("%d messages were not delivered", len(takes))
				}
			})
			if n := strings.Count(logged.String(), "a loop has been at one thing"); n != tc.logged || n > 0 && strings.Count(logged.String(), "reactor.dawdle(") != 1 {
				t.Errorf("logged %d times, want %d: %s", n, tc.logged, logged.String())
			}
		})
	}
}
