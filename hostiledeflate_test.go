//go:build !js

package websocket

// This file holds the hostile peers that have negotiated compression: rows for the table of hostile_test.go, and bombs.

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// hostileDeflateRows returns rows with compression. What comes back is not compressed, to be told apart.
func hostileDeflateRows() []hostileRow {
	hello, again := "c107|f248cdc9c90700", "c105|f200110000"
	corrupt := "compressed message that cannot be inflated"
	bomb := deflatedFrames(deflated(make([]byte, 2<<20)), 1<<20)
	rows := []hostileRow{
		violation("deflate: RSV1 on a continuation", 1002, "reserved bit", "4103|f248cd", "c004|c9c90700"),
		violation("deflate: RSV1 on a ping", 1002, "reserved bit", "c900|"),
		violation("deflate: RSV1 on a close frame", 1002, "reserved bit", "c802|03e8"),
		violation("deflate: RSV2", 1002, "reserved bit", "a100|"),
		violation("deflate: reserved block type", 1007, corrupt, "c101|06"),
		violation("deflate: stops in a symbol", 1007, corrupt, "c105|f248cdc9c9"),
		ordinary("deflate: no payload", 1000, "", hello, "c100|", again, "4100|", "0000|", "8000|", again, "8802|03e8").
			echoing(`text "Hello"`, `text ""`, `text "Hello"`, `text ""`, `text "Hello"`),
		violation("deflate: distance before the first byte", 1007, corrupt, again),
		violation("deflate: corrupt after messages", 1007, corrupt, hello, again, "c101|06").echoing(`text "Hello"`, `text "Hello"`),
		violation("deflate: corrupt in the first fragment", 1007, corrupt, "4101|06"),
		violation("deflate: not UTF-8", 1007, "not valid UTF-8", "c107|000100feffff00"),
		violation("deflate: a byte over the limit", 1009, "message over the read limit", hello).limited(4),
		violation("deflate: 2 MiB in 2 KiB", 1009, "message over the read limit", bomb...),
		violation("deflate: 2 MiB in 2 KiB, after a message", 1009, "message over the read limit", append([]string{hello}, bomb...)...).echoing(`text "Hello"`),
		violation("deflate: 2^63-1 bytes announced", 1009, "more than twice the read limit on the wire", "c17f7fffffffffffffff|"),
		violation("deflate: empty blocks without end", 1009, "more than twice the read limit on the wire",
			append([]string{"4201|00"}, strings.Split(strings.Repeat("000a|0000ffff000000ffff00 ", 10_000), " ")[:10_000]...)...).limited(1000),
		ordinary("deflate: close after messages", 1000, "", hello, again, "8105|48656c6c6f", "8802|03e8").
			echoing(`text "Hello"`, `text "Hello"`, `text "Hello"`),
		ordinary("deflate: close in a message", 1000, "", "4103|f248cd", "8802|03e8"),
		vanished("deflate: FIN in a message", "FIN", "4103|f248cd"),
		vanished("deflate: FIN in a frame", "FIN", "c107|f248cd"),
	}
	for i := range rows {
		rows[i].compression = &compress.Options{MinSize: 1 << 30}
	}
	return rows
}

// TestHostileBombs protects memory from messages that inflate to a thousand times their size: the limit bounds it, and
// what is read is refused with 1009.
func TestHostileBombs(t *testing.T) {
	frames := deflatedFrames(deflated(make([]byte, 12<<20)), 1<<20)
	for name, frames := range map[string][]string{"whole": frames, "after messages": append([]string{"8105|48656c6c6f", "c107|f248cdc9c90700"}, frames...)} {
		t.Run(name, func(t *testing.T) {
			eachFlood(t, Options{Compression: &compress.Options{MinSize: 1 << 30}}, 8<<20, func(t *testing.T, peer *hostilePeer, prog *program, sample func()) {
				stream := wire(t, peer.server, frames...)
				sample()
				go peer.Write(stream)
				items, closed, err := peer.finish()
				if closed == nil || closed.code() != StatusMessageTooBig || err != nil || len(items) != len(frames)-1 {
					t.Errorf("the peer got %q, %+v, %v", items, closed, err)
				}
				sample()
				if err := prog.wait(t); !errors.Is(err, ErrMessageTooBig) {
					t.Error(err)
				}
				sample()
			})
		})
	}
}
