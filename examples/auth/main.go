// A server that knows its users, in four ways: by a cookie, by a header, by a subprotocol, and by the first message. Those who are
// not known get 401 and JSON, before any connection is made; connections end with their sessions.
//
//	go run ./auth
//	curl -i -d name=ada -d password=lovelace http://localhost:8080/login
//	go run ../cmd/ws dial -H 'Authorization: Bearer TOKEN' ws://localhost:8080/ws
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	lifetime := flag.Duration("lifetime", time.Hour, "how long a session lasts")
	flag.Parse()

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", l.Addr())
	server := &http.Server{Handler: newService(*lifetime).routes(), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

// service is what the users of the server share.
type service struct {
	sessions sessions
	up       websocket.Upgrader
}

// newService returns a service whose sessions last so long.
func newService(lifetime time.Duration) *service {
	return &service{
		sessions: sessions{lifetime: lifetime, byToken: make(map[string]*session)},
		up: websocket.Upgrader{
			// The one that is chosen: a token that stands among those asked for is not sent back.
			Subprotocols: []string{"example.v1"},
			Options:      websocket.Options{PingInterval: 40 * time.Second},
			OnRefuse:     refuseInJSON,
		},
	}
}

// routes has the addresses of the service.
func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.Handle("/ws", s.authenticated(s.up.Handler(func(conn *websocket.Conn, r *http.Request) {
		s.serve(conn, r.Context().Value(sessionKey{}).(*session))
	})))
	mux.Handle("/ws/first", s.up.Handler(s.byFirstMessage))
	return mux
}

// serve greets a user, and echoes until the connection or the session ends.
func (s *service) serve(conn *websocket.Conn, who *session) {
	if !s.bind(conn, who) {
		return
	}
	conn.Write(conn.Context(), websocket.OpText, []byte("hello, "+who.user))
	for msg, err := range conn.Messages(conn.Context()) {
		if err != nil {
			return
		}
		conn.Write(conn.Context(), msg.Op, msg.Data)
	}
}
