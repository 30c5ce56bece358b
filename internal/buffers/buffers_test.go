package buffers

import "testing"

// TestSizes protects memory: a buffer is the least of the pooled sizes that has the room, 512 bytes among them for writers of
// small messages, and no more than what was asked for beyond the largest. Only such come back.
func TestSizes(t *testing.T) {
	for _, row := range [][2]int{
		{0, 256}, {1, 256}, {256, 256}, {257, 512}, {300, 512}, {512, 512}, {513, 1024}, {1025, 2048},
		{64 << 10, 64 << 10}, {64<<10 + 1, 128 << 10}, {Most, Most}, {Most + 1, Most + 1},
	} {
		b := Get(row[0])
		if len(b) != 0 || cap(b) != row[1] {
			t.Errorf("for %d bytes: %d of %d, want %d", row[0], len(b), cap(b), row[1])
		}
		Put(b)
	}
	for n := Least; n <= Most; n *= 2 {
		Put(make([]byte, 0, n+1)) // would be found below by the next row
		Put(make([]byte, 0, n-1))
	}
	for n := Least; n <= Most; n *= 2 {
		for range 3 {
			if b := Get(n); cap(b) != n {
				t.Errorf("%d bytes where %d were asked for", cap(b), n)
			}
		}
	}
}
