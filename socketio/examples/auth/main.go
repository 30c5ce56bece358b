// Command auth lets in whoever has a session cookie of the site, and administrators with a token into a namespace of their own.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

type user struct {
	Name  string
	Admin bool
}

type credentials struct{ Token string }

// userKey is the key of the user in the context of a request.
type userKey struct{}

// signedIn is middleware of the site: it puts the user into the request's context.
func signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("session"); err == nil {
			r = r.WithContext(context.WithValue(r.Context(), userKey{}, &user{Name: c.Value}))
		}
		next.ServeHTTP(w, r)
	})
}

// lookup returns the user that a token belongs to.
func lookup(token string) (*user, error) {
	if token != "secret" {
		return nil, errors.New("unknown token")
	}
	return &user{"root", true}, nil
}

func main() {
	o := &socketio.Options{}
	o.Accept = func(r *http.Request) (any, error) { // within the request: frameworks reuse its context afterwards
		u, ok := r.Context().Value(userKey{}).(*user)
		if !ok {
			return nil, errors.New("not signed in")
		}
		return u, nil
	}
	io := socketio.NewServer(o)
	io.OnConnect(func(s *socketio.Socket) {
		u := s.Session().Value().(*user)
		s.Join("user:" + u.Name) // io.To("user:...").Emit reaches all of the user's tabs
	})

	admin := io.Of("/admin")
	admin.Use(func(s *socketio.Socket) error {
		c, err := s.Auth[credentials]()
		if err != nil {
			return err // its text stays in the log
		}
		u, err := lookup(c.Token)
		if err != nil || !u.Admin {
			return &socketio.Error{Message: "unauthorized", Data: map[string]int{"code": 401}}
		}
		s.SetData(u)
		return nil
	})
	admin.UseEvent(func(s *socketio.Socket, e *socketio.Event) error {
		if e.Name() == "kick" && s.Data().(*user).Name == "guest" {
			return &socketio.Error{Message: "not you"}
		}
		return nil
	})
	admin.On("kick", func(_ *socketio.Socket, name string) { io.To("user:" + name).DisconnectSockets(true) })

	http.Handle("/socket.io/", signedIn(io))
	log.Fatal(http.ListenAndServe("localhost:3000", nil))
}
