package websocket

import "testing"

// TestSmallWriter protects the memory of connections that small messages are queued for.
func TestSmallWriter(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, _ := newPeer(t, client, nil)
		for range 3 {
			if _, err := c.Queue(OpText, make([]byte, 120)); err != nil {
				t.Fatal(err)
			}
		}
		if cap(c.out) != size512 {
			t.Errorf("a buffer of %d bytes for %d", cap(c.out), len(c.out))
		}
	})
}
