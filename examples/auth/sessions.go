package main

// This file keeps sessions, and knows nothing of connections.

import (
	"crypto/rand"
	"crypto/subtle"
	"sync"
	"time"
)

// session is that of a user who has logged in.
type session struct {
	user    string
	token   string
	expires time.Time
}

// sessions are those that have not been ended. A service of more than one process keeps them in a database.
type sessions struct {
	lifetime time.Duration

	mu      sync.Mutex
	byToken map[string]*session
}

// passwords are those of the users. Other services keep them as hashes, in a database.
var passwords = map[string]string{"ada": "lovelace", "grace": "hopper"}

// begin returns a new session, or nil if the password is wrong.
func (s *sessions) begin(user, password string) *session {
	want := passwords[user]
	if want == "" || subtle.ConstantTimeCompare([]byte(password), []byte(want)) == 0 {
		return nil
	}
	who := &session{user: user, token: rand.Text(), expires: time.Now().Add(s.lifetime)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byToken[who.token] = who
	time.AfterFunc(s.lifetime, func() { s.end(who) })
	return who
}

// find returns the session of a token, or nil.
func (s *sessions) find(token string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if who := s.byToken[token]; who != nil && time.Now().Before(who.expires) {
		return who
	}
	return nil
}

// end ends a session.
func (s *sessions) end(who *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byToken, who.token)
}
