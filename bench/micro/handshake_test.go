package micro

import (
	"net/http"
	"testing"
)

// BenchmarkUpgradeBytes answers the opening handshake of a browser from its bytes.
func BenchmarkUpgradeBytes(b *testing.B) {
	for _, p := range peers {
		if p.upgradeBytes == nil {
			continue
		}
		b.Run("lib="+p.name, func(b *testing.B) {
			b.ReportAllocs()
			t := &transport{}
			for b.Loop() {
				t.head, t.written = request, 0
				if err := p.upgradeBytes(t); err != nil || t.written < 100 {
					b.Fatalf("%d bytes written: %v", t.written, err)
				}
			}
		})
	}
}

// BenchmarkUpgradeHTTP answers the same in a handler of net/http. What net/http itself does is not in it.
func BenchmarkUpgradeHTTP(b *testing.B) {
	for _, p := range peers {
		if p.upgradeHTTP == nil {
			continue
		}
		b.Run("lib="+p.name, func(b *testing.B) {
			b.ReportAllocs()
			t, r := &transport{}, parsed()
			w := newResponse(t)
			for b.Loop() {
				t.written = 0
				if err := p.upgradeHTTP(w, r); err != nil || t.written < 100 {
					b.Fatalf("%d bytes written: %v", t.written, err)
				}
			}
		})
	}
}

var _ http.Hijacker = (*response)(nil)
