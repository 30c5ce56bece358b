package compress

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// chatSize returns the bytes of payload that the chat corpus becomes.
func chatSize(o DeflaterOptions) (n int) {
	d := NewDeflater(o)
	for _, m := range corpus.Chat(corpus.Seed, 256) {
		if p, ok := d.Append(nil, m); ok {
			n += len(p)
		} else {
			n += len(m)
		}
	}
	return n
}

// The levels make payloads about as small as zlib's, of which bench/compress/yardstick tells the sizes.
func TestSize(t *testing.T) {
	for _, test := range []struct {
		o       DeflaterOptions
		zlib    int // bytes
		percent int // of them, at most
	}{
		{DeflaterOptions{Level: Fastest, Takeover: true}, 102014, 100},                  // level 1
		{DeflaterOptions{Level: Fastest}, 172235, 100},                                  // compress/flate's level 1
		{DeflaterOptions{Level: Balanced, Takeover: true}, 90909, 105},                  // level 6
		{DeflaterOptions{Level: Balanced, Takeover: true, WindowBits: 11}, 123857, 105}, // level 6
		{DeflaterOptions{Level: Balanced}, 168408, 105},                                 // level 6, without takeover
		{DeflaterOptions{Level: Smallest, Takeover: true}, 90197, 102},                  // level 9
	} {
		n := chatSize(test.o)
		t.Logf("%+v: %d bytes, zlib %d: %.3f", test.o, n, test.zlib, float64(n)/float64(test.zlib))
		if n*100 > test.zlib*test.percent {
			t.Errorf("%+v: %d bytes, over %d%% of zlib's %d", test.o, n, test.percent, test.zlib)
		}
	}
}
