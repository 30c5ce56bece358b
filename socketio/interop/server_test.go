package interop

// This file holds the server that the clients talk to.

import (
	"context"
	"encoding/json/jsontext"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio"
)

// server is a server with what the scenarios ask for.
type server struct {
	io      *socketio.Server
	http    *httptest.Server
	streams atomic.Int32 // WebSocket connections over HTTP/2 that were asked for
	others  atomic.Int32 // ... and over HTTP/1.1

	mu    sync.Mutex
	ended map[string]chan socketio.Reason // by the ids of sockets
}

// file is what is uploaded.
type file struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// stored is what an upload is acknowledged with.
type stored struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
}

// startServer starts a server, which ends with the test.
func startServer(t *testing.T, o *socketio.Options) *server { return startServerOver(t, o, false) }

// startServerOver is startServer that may speak HTTP/2, over TLS.
func startServerOver(t *testing.T, o *socketio.Options, http2 bool) *server {
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	o.PingInterval, o.PingTimeout = 2*time.Second, 5*time.Second
	s := &server{io: socketio.NewServer(o), ended: make(map[string]chan socketio.Reason)}
	s.io.OnConnect(s.connected)
	s.io.OnDisconnect(func(k *socketio.Socket, reason socketio.Reason) { s.end(k.ID()) <- reason })
	s.echo(s.io.Namespace)
	s.echo(s.io.Of("/plain"))
	s.echo(s.io.Of("/custom"))
	s.echo(s.io.OfFunc(func(name string, _ *socketio.Handshake) bool { return strings.HasPrefix(name, "/dynamic-") }))
	s.admin(s.io.Of("/admin"))
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if websocket.IsUpgrade(r) {
			if r.ProtoMajor == 2 {
				s.streams.Add(1)
			} else {
				s.others.Add(1)
			}
		}
		s.io.ServeHTTP(w, r)
	}))
	if s.http.EnableHTTP2 = http2; http2 {
		s.http.Config.ErrorLog = slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug) // of browsers that leave
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.io.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		s.http.CloseClientConnections()
		s.http.Close()
		if n := s.io.Engine().Len(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
	return s
}

// end returns where the reason of a socket's end will be.
func (s *server) end(id string) chan socketio.Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended[id] == nil {
		s.ended[id] = make(chan socketio.Reason, 9) // a socket that recovers ends several times
	}
	return s.ended[id]
}

// echo registers what every namespace has.
func (s *server) echo(n *socketio.Namespace) {
	n.OnEvent("echo", func(k *socketio.Socket, e *socketio.Event) { k.Emit("echo", e.Args()) })
	n.OnEvent("ack", func(_ *socketio.Socket, e *socketio.Event) { e.Ack()(e.Args()) })
	n.On("where", func(k *socketio.Socket, _ struct{}) { k.Emit("here", k.Namespace().Name()) })
	n.On("cut", func(k *socketio.Socket, _ struct{}) { k.Session().Close() })
	n.On("never", func(*socketio.Socket, struct{}) {})
}

// connected registers what the main namespace has.
func (s *server) connected(k *socketio.Socket) {
	k.Handle("sum", func(in struct{ A, B int }) (int, error) { return in.A + in.B, nil })
	k.Handle("refuse", func(int) (int, error) {
		return 0, &socketio.Error{Message: "not today", Data: map[string]int{"code": 7}}
	})
	k.Handle("upload", func(f file) (stored, error) { return stored{f.Name, len(f.Data)}, nil })
	k.OnEvent("question me", func(e *socketio.Event) {
		var text string
		e.Args().Bind(&text)
		ctx, cancel := context.WithTimeout(k.Context(), 5*time.Second)
		defer cancel()
		got, err := k.EmitWithAck[struct {
			Answer string
			Data   []byte
		}](ctx, "question", text)
		if err == nil {
			e.Ack()(got.Answer, len(got.Data))
		}
	})
	k.Handle("join", func(room string) (struct{}, error) { k.Join(room); return struct{}{}, nil })
	k.Handle("leave", func(room string) (struct{}, error) { k.Leave(room); return struct{}{}, nil })
	k.Handle("say", func(m struct{ Room, Text string }) (struct{}, error) {
		return struct{}{}, k.To(m.Room).Emit("said", m.Text)
	})
	k.Handle("say to all", func(m struct{ Room, Text string }) (struct{}, error) {
		return struct{}{}, s.io.To(m.Room).Emit("said", m.Text)
	})
	k.On("send me away", func(struct{}) { k.Disconnect() })
	k.Handle("ended", func(id string) (socketio.Reason, error) {
		select {
		case reason := <-s.end(id):
			return reason, nil
		case <-time.After(5 * time.Second):
			return "not ended", nil
		}
	})
}

// admin registers a namespace that not everybody may join.
func (s *server) admin(n *socketio.Namespace) {
	n.Use(func(k *socketio.Socket) error {
		auth, err := k.Auth[struct{ Token string }]()
		if err != nil || auth.Token != "secret" {
			return &socketio.Error{Message: "unauthorized", Data: map[string]int{"code": 401}}
		}
		return nil
	})
	n.Handle("auth", func(k *socketio.Socket, _ struct{}) (jsontext.Value, error) { return k.Auth[jsontext.Value]() })
}
