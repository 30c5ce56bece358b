package engineio

// This file holds the ways in for WebSocket, and the loop that drives a session, or a probe, from a connection.

import (
	"context"
	"net"
	"net/http"

	"github.com/seed-d69ae1b7/websocket"
)

// serveWebSocket upgrades a request that has been admitted, for a new session or for one on polling. The root package answers what
// is no proper opening handshake.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request, q query, session *Session) {
	if q.sid == "" && s.opts.Cookie != nil {
		http.SetCookie(w, s.cookie(session.id))
	}
	if s.onLoop(r) {
		s.serveLoop(w, r, q, session)
		return
	}
	again, base64 := q.sid != "", q.base64
	s.upgrader.DetachedHandler(driver(func(c *websocket.Conn, r *http.Request) driven {
		if !again {
			session.values = r.Context() // costs nothing beside the connection, unlike net/http's
		}
		return session.attachElsewhere(c, r, again, base64)
	})).ServeHTTP(w, r)
}

// serveConn is ServeConn while the server is not shut down.
func (s *Server) serveConn(ctx context.Context, nc net.Conn) error {
	var session *Session
	var q query
	var r *http.Request
	c, err := s.upgrader.UpgradeConn(ctx, nc, func(hr *websocket.Request) (err error) {
		r = hr.HTTPRequest()
		session, q, err = s.admitConn(hr, r)
		return err
	})
	if err != nil {
		return err
	}
	d := session.attach(c, r, q.sid != "", q.base64)
	go driver(attached(d))(c, nil)
	return nil
}

// admitConn is admit for a request that UpgradeConn has read.
func (s *Server) admitConn(hr *websocket.Request, r *http.Request) (*Session, query, error) {
	if !s.origins.AllowsOrigin(r) {
		return nil, query{}, refuse(Forbidden, errOrigin).handshakeError()
	}
	q, refused := s.parseQuery(r)
	if refused != nil {
		return nil, q, refused.handshakeError()
	}
	session, refused := s.admit(r, q)
	if refused != nil {
		return nil, q, refused.handshakeError()
	}
	if q.sid == "" && s.opts.Cookie != nil {
		hr.AddResponseHeader("Set-Cookie", s.cookie(session.id).String())
	}
	return session, q, nil
}

// attach gives a connection to a session, which begins with it or exists. It returns who takes its messages, or nil.
func (s *Session) attach(c link, r *http.Request, again, base64 bool) driven {
	if !again {
		if !s.begin(c) {
			return nil
		}
		return s
	}
	p := s.tryUpgrade(c, base64)
	if p == nil { // the Node implementation closes the connection, too, instead of refusing it
		s.srv.tellRefused(r, refuse(BadRequest, errSecond))
		return nil
	}
	return p
}

// attachElsewhere is attach on a goroutine of its own: what the Handler's Open needs of a stack does not stay with the connection.
//
//go:noinline
func (s *Session) attachElsewhere(c *websocket.Conn, r *http.Request, again, base64 bool) driven {
	taken := make(chan driven, 1)
	go func() {
		defer close(taken) // nobody takes it where a function of the application has ended the goroutine
		taken <- s.attach(c, r, again, base64)
	}()
	return <-taken
}

// begin opens a session on WebSocket. It returns false after Shutdown.
func (s *Session) begin(c link) bool {
	opened := s.srv.clock.now()
	s.link = c
	if !s.srv.remember(s) {
		return false
	}
	c.Queue(websocket.OpText, appendOpen(nil, s.id, false, &s.srv.opts))
	s.startBeat(opened)
	s.open()
	c.Send()
	return true
}

// driver returns what reads a connection for the session or the probe that attach returns, until it has ended, and ends the connection. It
// reads nothing for nobody. The stack of an idle client stays as large as it has become, so the Handler runs neither inside of the
// wait nor in the body of a loop of Conn's, and this is one function, that of a DetachedHandler: with a few frames more, a client takes 2 KiB
// more (TestIdleStack of package socketio).
func driver(attach func(*websocket.Conn, *http.Request) driven) func(*websocket.Conn, *http.Request) {
	return func(c *websocket.Conn, r *http.Request) {
		d := attach(c, r)
		if d == nil {
			c.Close(websocket.StatusNormalClosure, "")
			return
		}
		for d != nil {
			m, err := c.Read(context.Background())
			if err != nil {
				d.ended(err)
				break
			}
			if d = d.receive(m.Op, m.Data); d != nil {
				d.awaitReading()
			}
		}
		c.Close(websocket.StatusNormalClosure, "")
	}
}

// attached is what driver wants, where a connection has been attached already.
func attached(d driven) func(*websocket.Conn, *http.Request) driven {
	return func(*websocket.Conn, *http.Request) driven { return d }
}

// drive reads a connection that has been attached.
func drive(c *websocket.Conn, d driven) { driver(attached(d))(c, nil) }
