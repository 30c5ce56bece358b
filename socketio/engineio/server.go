package engineio

// This file holds the Server: its sessions, and which request is for whom. Whether a request may be served at all is in admit.go.

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

// Server is an http.Handler that accepts sessions. Its methods may be called by several goroutines at once.
type Server struct {
	handler  Handler
	opts     Options
	upgrader *websocket.Upgrader // upgrades what has been admitted
	origins  websocket.Upgrader  // knows the rule about origins, for both transports
	loops    *reactor.Server     // serves WebSocket; nil without Options.Loops
	clock    clock
	sids     sids
	graves   graves

	mu       sync.Mutex
	sessions map[string]*Session
	closed   bool
	busy     int           // requests that are being served, and sessions whose last call has not returned
	quiet    chan struct{} // closed when busy is 0; nil until Shutdown
}

// NewServer returns a Server that tells h of its sessions. o may be nil.
func NewServer(h Handler, o *Options) *Server {
	s := &Server{handler: h, opts: o.withDefaults(), sessions: make(map[string]*Session)}
	s.clock = clock{interval: s.opts.PingInterval, timeout: s.opts.PingTimeout, epoch: time.Now()}
	s.upgrader, s.loops = s.newUpgrader(), s.newLoops()
	s.setOrigins()
	return s
}

// newUpgrader returns what upgrades requests that have been admitted.
func (s *Server) newUpgrader() *websocket.Upgrader {
	return &websocket.Upgrader{
		Options: websocket.Options{
			ReadLimit: s.opts.MaxPayload, WriteBuffer: s.opts.WriteBuffer, Compression: s.opts.Compression,
		},
		InsecureSkipOriginCheck: true, // admit has checked it
		OnRefuse:                s.notUpgraded,
	}
}

// ServeHTTP serves polling requests, WebSocket opening handshakes and preflight requests.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		q, refused := s.parseQuery(r)
		if refused != nil || !s.crossOrigin(w, r) || !s.sayFarewell(w, r, q) {
			s.refuse(w, r, &refusal{http.StatusServiceUnavailable, nil, errShutdown})
		}
		return
	}
	defer s.leave()
	if !s.crossOrigin(w, r) {
		s.refuse(w, r, refuse(Forbidden, errOrigin))
		return
	}
	if r.Method == http.MethodOptions {
		s.preflight(w, r)
		return
	}
	if refused := s.serve(w, r); refused != nil {
		s.refuse(w, r, refused)
	}
}

// serve serves a request of an origin that is allowed.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) *refusal {
	q, refused := s.parseQuery(r)
	if refused != nil {
		return refused
	}
	if s.sayFarewell(w, r, q) {
		return nil
	}
	session, refused := s.admit(r, q)
	switch {
	case refused != nil:
		return refused
	case q.transport == WebSocket:
		s.serveWebSocket(w, r, q, session)
		return nil
	case q.sid == "":
		return s.openPolling(w, r, session)
	}
	return session.poll(w, r)
}

// sayFarewell answers a poll with what its session, which has ended, has left for it, and reports whether it has. It is done after Shutdown,
// too: a client may have been between two polls.
func (s *Server) sayFarewell(w http.ResponseWriter, r *http.Request, q query) bool {
	if q.sid == "" || q.transport != Polling || r.Method != http.MethodGet {
		return false
	}
	one := s.graves.take(q.sid)
	if one == nil {
		return false
	}
	defer s.graves.written(one)
	writePayload(w, r, one.farewell, s.opts.HTTPCompression)
	http.NewResponseController(w).Flush() // who waits for it may end the process
	return true
}

// poll serves a polling request of a session.
func (s *Session) poll(w http.ResponseWriter, r *http.Request) *refusal {
	s.mu.Lock()
	p := s.polling
	s.mu.Unlock()
	switch {
	case p == nil:
		return refuse(BadRequest, errMismatch)
	case r.Method == http.MethodGet:
		return s.get(w, r, p)
	case r.Method == http.MethodPost:
		return s.post(w, r, p)
	}
	return refuse(BadHandshakeMethod, nil)
}

// openPolling opens a session on polling.
func (s *Server) openPolling(w http.ResponseWriter, r *http.Request, session *Session) *refusal {
	opened := s.clock.now()
	session.polling = newPolling()
	if !s.remember(session) {
		return &refusal{http.StatusServiceUnavailable, nil, errShutdown}
	}
	session.open()
	if s.opts.Cookie != nil {
		http.SetCookie(w, s.cookie(session.id))
	}
	session.startBeat(opened)
	body := appendOpen(nil, session.id, s.opts.offers(WebSocket), &s.opts)
	if err := session.respond(w, r, body); err != nil {
		session.stop(TransportError, err, byLoss)
	}
	return nil
}

// cookie returns Options.Cookie with its value.
func (s *Server) cookie(sid string) *http.Cookie {
	c := *s.opts.Cookie
	c.Value = sid
	return &c
}

// Len returns the number of open sessions.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// lookup returns the session with an identifier, or nil.
func (s *Server) lookup(sid string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[sid]
}

// remember adds a session that begins. It returns false after Shutdown.
func (s *Server) remember(one *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.sessions[one.id] = one
	s.busy++
	return true
}

// forget removes a session that has ended.
func (s *Server) forget(one *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, one.id)
}

// gone is called when a session's last call has returned.
func (s *Server) gone() { s.leave() }

// enter begins to serve a request. It returns false after Shutdown.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.busy++
	return true
}

// leave ends what enter or remember began.
func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	if s.busy == 0 && s.quiet != nil {
		close(s.quiet)
		s.quiet = nil
	}
}

// Shutdown closes all sessions with ServerShutdown and refuses new ones with 503. Polls that are pending are answered at once, and so is the
// next of a client that is between two polls: Shutdown waits for it, a second at most, so that http.Server.Shutdown, which
// takes no more requests, can follow. It returns
// when the sessions are gone, or cuts those that remain when ctx ends, and returns the context's error then. It must not be called by a
// Handler.
func (s *Server) Shutdown(ctx context.Context) error {
	s.graves.close()
	quiet := s.close()
	err := s.upgrader.ShutdownWith(ctx, websocket.StatusGoingAway, "")
	if s.loops != nil {
		err = cmp.Or(err, s.loops.Shutdown(ctx))
	}
	select {
	case <-quiet:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.graves.await(ctx)
	return err
}

// close ends all sessions, and returns what is closed when they are gone.
func (s *Server) close() <-chan struct{} {
	s.mu.Lock()
	s.closed = true
	all := make([]*Session, 0, len(s.sessions))
	for _, one := range s.sessions {
		all = append(all, one)
	}
	quiet := s.quiet
	switch {
	case s.busy == 0:
		quiet = make(chan struct{})
		close(quiet)
	case quiet == nil:
		quiet = make(chan struct{})
		s.quiet = quiet
	}
	s.mu.Unlock()
	for _, one := range all {
		one.stop(ServerShutdown, nil, byServer)
	}
	return quiet
}

// ServeConn serves the one request that a client sends over nc, which must be a WebSocket opening handshake, and the session that
// begins, or moves, with it, without net/http. It returns when the session has been opened, or with the error of a request that was
// refused. nc may be a *tls.Conn, and is the Server's from the call on. The values of ctx are the session's; its end ends the
// handshake only.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) error {
	if !s.enter() {
		nc.Close()
		return errShutdown
	}
	defer s.leave()
	return s.serveConn(ctx, nc)
}
