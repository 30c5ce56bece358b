package reactor

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// dial fails: the Dialer of a browser knows no network.
func dial(t testing.TB, _ string, _ websocket.Options) *websocket.Conn {
	t.Helper()
	t.Fatal("no client under js")
	return nil
}
