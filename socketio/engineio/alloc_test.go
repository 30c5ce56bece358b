package engineio

// This file asserts what sessions cost: their size, and what is allocated for a message.

import (
	"math"
	"testing"
	"unsafe"

	"github.com/seed-d69ae1b7/websocket"
)

// sink is a link that takes everything.
type sink struct{ queued int }

func (s *sink) Queue(websocket.Opcode, []byte) (bool, error) { s.queued++; return true, nil }
func (s *sink) QueuePrepared(*websocket.PreparedMessage) (bool, error) {
	s.queued++
	return true, nil
}
func (s *sink) Send()                                    {}
func (s *sink) Buffered() int                            { return 0 }
func (s *sink) Stats() websocket.Stats                   { return websocket.Stats{} }
func (s *sink) Close(websocket.StatusCode, string) error { return nil }
func (s *sink) CloseNow() error                          { return nil }

// quiet is a Handler that does nothing.
type quiet struct{}

func (quiet) Open(*Session)                              {}
func (quiet) Message(*Session, websocket.Opcode, []byte) {}
func (quiet) Close(*Session, Reason, error)              {}

func TestSessionSize(t *testing.T) {
	if n := unsafe.Sizeof(Session{}); n > 256 {
		t.Errorf("a Session takes %d bytes", n)
	}
}

// TestAllocations protects that messages cost none, in both directions, nor does a broadcast for each session, nor a pong.
func TestAllocations(t *testing.T) {
	srv := NewServer(quiet{}, nil)
	l := new(sink)
	s := &Session{srv: srv, id: srv.sids.next()}
	if !s.begin(l) {
		t.Fatal("refused")
	}
	defer s.Close()
	text, binary, pong := []byte("4hello"), []byte{1, 2, 3}, []byte("3")
	prepared, err := Prepare(websocket.Message{Op: websocket.OpText, Data: text})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func(){
		"receive text":   func() { s.receive(websocket.OpText, text) },
		"receive binary": func() { s.receive(websocket.OpBinary, binary) },
		"receive pong":   func() { s.receive(websocket.OpText, pong) },
		"send text":      func() { s.Send(websocket.OpText, text) },
		"send binary":    func() { s.Send(websocket.OpBinary, binary) },
		"queue":          func() { s.Queue(websocket.OpText, text); s.Flush() },
		"queue prepared": func() { s.QueuePrepared(prepared); s.Flush() },
		"send prepared":  func() { s.SendPrepared(prepared) },
		"ping and pong": func() {
			s.mu.Lock()
			s.ping(srv.clock.now() + srv.clock.timeout)
			s.pong()
		},
	} {
		n := math.Inf(1)
		for range 10 { // what others allocate meanwhile, and pools that were emptied, only add to it
			n = min(n, testing.AllocsPerRun(100, f))
		}
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
