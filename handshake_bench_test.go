package websocket

import (
	"context"
	"testing"
)

// BenchmarkUpgradeConn measures a handshake from the bytes of the request to those of the response, without the
// network. "conn" is what making and tracking the Conn takes of that.
func BenchmarkUpgradeConn(b *testing.B) {
	u := &Upgrader{Subprotocols: []string{"chat"}, Origins: []string{"*.example.org"}}
	for name, request := range map[string]string{"minimal": minimalRequest, "browser": browserRequest} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			nc := &scriptConn{}
			for b.Loop() {
				nc.input = request
				c, err := u.UpgradeConn(context.Background(), nc, nil)
				if err != nil {
					b.Fatal(err)
				}
				c.tracker.remove(c)
			}
		})
	}
	b.Run("conn", func(b *testing.B) {
		b.ReportAllocs()
		nc := &scriptConn{}
		for b.Loop() {
			c, _ := u.open(context.Background(), nc, Agreement{}, nil)
			c.tracker.remove(c)
		}
	})
}

// BenchmarkAcceptKey measures the hash in every handshake, its floor.
func BenchmarkAcceptKey(b *testing.B) {
	buf := make([]byte, 0, acceptSize)
	for b.Loop() {
		buf = appendAcceptKey(buf[:0], rfcKey)
	}
}
