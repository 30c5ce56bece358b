//go:build !js

package reactor

import (
	"context"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// dial connects a client of this library.
func dial(t testing.TB, addr string, o websocket.Options) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	d := websocket.Dialer{Options: o}
	c, _, err := d.Dial(ctx, "ws://"+addr+"/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}
