package websocket

import "testing"

// BenchmarkWhole measures what Whole saves where messages come as whole frames: 16 of 125 bytes at once, by the message.
func BenchmarkWhole(b *testing.B) {
	var burst []byte
	sender := Sender{client: true}
	for range 16 {
		burst, _ = sender.AppendMessage(burst, OpBinary, make([]byte, 125))
	}
	src := make([]byte, len(burst))
	for _, whole := range []bool{false, true} {
		name := "Next"
		if whole {
			name = "Whole"
		}
		b.Run(name, func(b *testing.B) {
			r := newReceiver(false, 1<<20)
			for range b.N / 16 {
				for rest := src[:copy(src, burst)]; len(rest) > 0; {
					n := 0
					if whole {
						_, _, n = r.Whole(rest)
					} else {
						_, _, n, _ = r.Next(nil, rest)
					}
					rest = rest[n:]
				}
			}
		})
	}
}
