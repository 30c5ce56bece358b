package reactor

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// TestRest protects that connections which have said nothing for CompressionOptions.IdleAfter to twice as long hold little, by the
// heap, and that what they say then arrives.
func TestRest(t *testing.T) {
	const conns, idleAfter = 32, 5 * time.Minute
	params := websocket.CompressionParams{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}
	agreed := websocket.Agreement{Compression: &params}
	chat := corpus.Chat(corpus.Seed, 60)
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Upgrader: &websocket.Upgrader{Options: websocket.Options{
			Compression: &websocket.CompressionOptions{IdleAfter: idleAfter},
		}}, Handler: MessageFunc(func(c *Conn, op websocket.Opcode, p []byte) { c.Write(context.Background(), op, p) })}
		if err := s.begin(); err != nil {
			t.Fatal(err)
		}
		var clients []*websocket.Conn
		for range conns {
			a, b := netpipe.New(1 << 14)
			if err := s.Adopt(b, agreed, nil, nil); err != nil {
				t.Fatal(err)
			}
			clients = append(clients, websocket.ClientConn(a, nil, agreed, nil))
		}
		say := func() {
			for _, c := range clients {
				for _, m := range chat {
					if err := c.Write(t.Context(), websocket.OpText, m); err != nil {
						t.Fatal(err)
					}
					if got, err := c.Read(t.Context()); err != nil || !bytes.Equal(got.Data, m) {
						t.Fatal(len(got.Data), err)
					}
				}
			}
		}
		say()
		busy := heap()
		time.Sleep(2*idleAfter + time.Second)
		synctest.Wait()
		idle := heap()
		// What the deflater held, 40 and 48 KiB, and of the inflater's 32 all but 12.
		if gave := (busy - idle) / conns; gave < 100<<10 {
			t.Errorf("%d bytes a connection were given back, want 108 KiB", gave)
		}
		say()
		for _, c := range clients {
			c.CloseNow()
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// heap returns how many bytes are in use.
func heap() int {
	var m runtime.MemStats
	for range 3 { // pools let go of what they hold in two
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
