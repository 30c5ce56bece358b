package interop

// This file runs engine.io-client, which the official clients stand on, with package engineio alone.

import (
	"context"
	"encoding/json/v2"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// engineEcho echoes, and notes how sessions end.
type engineEcho struct {
	mu      sync.Mutex
	open    int
	last    bool // "last" has come
	reasons []engineio.Reason
}

func (e *engineEcho) Open(*engineio.Session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open++
}

func (e *engineEcho) Message(s *engineio.Session, op websocket.Opcode, data []byte) {
	switch string(data) {
	case "close":
		s.Send(websocket.OpText, []byte("bye"))
		s.Close()
	case "last":
		e.mu.Lock()
		e.last = true
		e.mu.Unlock()
	default:
		s.Send(op, data)
	}
}

func (e *engineEcho) Close(_ *engineio.Session, reason engineio.Reason, _ error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open--
	e.reasons = append(e.reasons, reason)
}

func TestEngine(t *testing.T) {
	for _, test := range clients {
		if test.Msgpack {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := new(engineEcho)
			srv := engineio.NewServer(e, &engineio.Options{
				PingInterval: 100 * time.Millisecond, PingTimeout: 5 * time.Second, WriteBuffer: 4 << 20,
				Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
			})
			h := httptest.NewServer(srv)
			defer h.Close()
			c := test.client
			c.URL = h.URL
			argument, err := json.Marshal(&c)
			if err != nil {
				t.Fatal(err)
			}
			runClient(t, "node", "node/engine.js", string(argument))
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := srv.Shutdown(ctx); err != nil {
				t.Error(err)
			}
			h.CloseClientConnections()
			e.mu.Lock()
			defer e.mu.Unlock()
			// The scenarios open five sessions. Nobody is left, what was sent before a goodbye has come, and nobody was taken for dead.
			if e.open != 0 || !e.last || len(e.reasons) != 5 || slices.Contains(e.reasons, engineio.PingTimeout) ||
				!slices.Contains(e.reasons, engineio.ForcedClose) || !slices.Contains(e.reasons, engineio.TransportError) {
				t.Errorf("%d open, last: %v, ends: %q", e.open, e.last, e.reasons)
			}
		})
	}
}
