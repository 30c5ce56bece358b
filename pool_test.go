package websocket

import "testing"

// TestBufferSizes protects memory: a buffer is the least of the pooled sizes that has the room, 512 bytes among them for
// writers of small messages, and no more than what was asked for beyond the largest. Only such come back.
func TestBufferSizes(t *testing.T) {
	for _, row := range [][2]int{
		{0, 256}, {1, 256}, {256, 256}, {257, 512}, {300, 512}, {512, 512}, {513, 1024}, {1025, 2048},
		{size64K, size64K}, {size64K + 1, size128K}, {size1M, size1M}, {size1M + 1, size1M + 1},
	} {
		b := getBuffer(row[0])
		if len(b) != 0 || cap(b) != row[1] {
			t.Errorf("for %d bytes: %d of %d, want %d", row[0], len(b), cap(b), row[1])
		}
		putBuffer(b)
	}
	for n := leastSize; n <= mostSize; n *= 2 {
		putBuffer(make([]byte, 0, n+1)) // would be found below by the next row
		putBuffer(make([]byte, 0, n-1))
	}
	for n := leastSize; n <= mostSize; n *= 2 {
		for range 3 {
			if b := getBuffer(n); cap(b) != n {
				t.Errorf("%d bytes where %d were asked for", cap(b), n)
			}
		}
	}
}

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
