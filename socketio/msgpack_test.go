package socketio

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket"
)

// TestMsgpack protects that packets are binary messages of MessagePack in both directions, attachments included.
func TestMsgpack(t *testing.T) {
	inWorld(t, func(o *Options) { o.Msgpack = true }, func(w *world) {
		w.noteEnds()
		w.io.OnConnect(func(s *Socket) {
			s.Handle("upload", func(f struct {
				Name string
				Data []byte
			}) (int, error) {
				w.io.Emit("preview", f.Name, f.Data)
				return len(f.Data), nil
			})
		})
		p := w.open()
		send := func(packed string) {
			if err := p.Write(context.Background(), websocket.OpBinary, []byte(packed)); err != nil {
				t.Error(err)
			}
		}
		expect := func(want string) {
			t.Helper()
			if m, err := p.Read(context.Background()); err != nil || m.Op != websocket.OpBinary || string(m.Data) != want {
				t.Errorf("got %v %q, %v, want %q", m.Op, m.Data, err, want)
			}
		}
		send("\x82\xa4type\x00\xa3nsp\xa1/")
		synctest.Wait()
		var id string
		for s := range w.io.Sockets() {
			id = s.ID()
		}
		expect("\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa3sid\xb4" + id)
		send("\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa6upload\x82\xa4name\xa1a\xa4data\xc4\x02\x01\x02\xa2id\x07")
		expect("\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x93\xa7preview\xa1a\xc4\x02\x01\x02")
		expect("\x84\xa4type\x03\xa3nsp\xa1/\xa2id\x07\xa4data\x91\x02")
		synctest.Wait()
		send("\x81\xa4type\x02")
		w.noted("parse error")
	})
	inWorld(t, func(o *Options) { o.Msgpack = true }, func(w *world) {
		p := w.open()
		p.send("0") // what is no MessagePack
		if m, err := p.Read(context.Background()); err == nil {
			t.Errorf("got %q", m.Data)
		}
	})
}
