package main

// This file finds out who a client is, in each of the ways, and ends the connections of those whose session has ended.

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// unauthorized is the code of connections whose session has ended, or never began. Codes from 4000 on are the application's.
const unauthorized websocket.StatusCode = 4401

// sessionKey is the key of the session in the context of a request.
type sessionKey struct{}

// authenticated lets requests through whose session is known, and answers the others in JSON.
func (s *service) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := s.sessions.find(token(r))
		if who == nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			answer(w, http.StatusUnauthorized, map[string]string{"error": "log in first"})
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, who)))
	})
}

// token returns the token of a request: by header, by subprotocol, or by cookie.
func token(r *http.Request) string {
	// Programs can set it, pages cannot.
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return t
	}
	// new WebSocket(url, ["example.v1", "token." + token])
	for _, p := range websocket.Subprotocols(r) {
		if t, ok := strings.CutPrefix(p, "token."); ok {
			return t
		}
	}
	// A browser sends it by itself, for every page on the web: the Upgrader's check of origins is what protects the user.
	if c, err := r.Cookie("session"); err == nil {
		return c.Value
	}
	return ""
}

// byFirstMessage waits ten seconds for a token: whoever it is has a connection already, but not more than that.
func (s *service) byFirstMessage(conn *websocket.Conn, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	conn.SetReadLimit(1 << 10)
	msg, err := conn.Read(ctx)
	who := s.sessions.find(string(msg.Data))
	if err != nil || who == nil {
		conn.Close(unauthorized, "log in first")
		return
	}
	conn.SetReadLimit(0) // the default again
	s.serve(conn, who)
}

// bind ties a connection to a session: it ends when that expires, or when the user logs out. It reports false if that has
// happened already.
func (s *service) bind(conn *websocket.Conn, who *session) bool {
	conn.SetValue(who)
	// Behind SetValue, or a logout between the two would be missed.
	if s.sessions.find(who.token) == nil {
		conn.Close(unauthorized, "the session has ended")
		return false
	}
	timer := time.AfterFunc(time.Until(who.expires), func() { conn.Close(unauthorized, "the session has expired") })
	context.AfterFunc(conn.Context(), func() { timer.Stop() })
	return true
}

// login begins a session. The token is in the answer and in a cookie.
func (s *service) login(w http.ResponseWriter, r *http.Request) {
	who := s.sessions.begin(r.PostFormValue("name"), r.PostFormValue("password"))
	if who == nil {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "wrong name or password"})
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: "session", Value: who.token, Path: "/", Expires: who.expires,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	answer(w, http.StatusOK, map[string]string{"token": who.token})
}

// logout ends a session and all of its connections.
func (s *service) logout(w http.ResponseWriter, r *http.Request) {
	who := s.sessions.find(token(r))
	if who == nil {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "log in first"})
		return
	}
	s.sessions.end(who)
	for conn := range s.up.All() {
		if conn.Value() == who {
			go conn.Close(unauthorized, "logged out")
		}
	}
	answer(w, http.StatusOK, map[string]string{})
}

// refuseInJSON is for what the Upgrader refuses itself, such as pages of other origins.
func refuseInJSON(_ *http.Request, err *websocket.HandshakeError) {
	err.Header = http.Header{"Content-Type": {"application/json"}}
	err.Body, _ = json.Marshal(map[string]string{"error": err.Reason}) // a string always has JSON
}

// answer sends JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // fails only if the client has gone
}
