// Package rooms tests the examples with routers, all of which serve the same.
package rooms

import (
	"net/http"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
)

// Test protects what a router has to do with connections: its parameters last as long as they do, and what is no opening handshake
// is refused.
func Test(t *testing.T) {
	url := program.Start(t, "-addr", "localhost:0").URL()
	conn, _, err := websocket.Dial(t.Context(), url+"/rooms/kitchen")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		conn.Write(t.Context(), websocket.OpText, []byte("hello"))
		if m, err := conn.Read(t.Context()); string(m.Data) != "kitchen: hello" {
			t.Errorf("%q, %v", m.Data, err)
		}
	}
	conn.Close(websocket.StatusNormalClosure, "")

	resp, err := http.Get(url + "/rooms/kitchen")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Error(resp.Status)
	}
}
