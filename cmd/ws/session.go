package main

// This file holds the session of ws dial: what is sent from the console and shown on it, over one connection or, with -reconnect,
// several.

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
)

// session is a person, or a program, that talks to a server.
type session struct {
	url       string
	dialer    *websocket.Dialer
	follow    bool // redirects
	reconnect bool
	count     int           // of messages after which it ends; 0 for any number
	wait      time.Duration // behind the end of the input; negative: until the server ends it
	code      websocket.StatusCode
	reason    string
	wire      *wire // shows what passes, or nil
	*console

	// What follows belongs to the goroutine of run, but for shown, which belongs to that of show.
	inputs   <-chan input // what the user does; nil once that has ended
	pending  action       // one that a lost connection has not done
	inputErr error        // why the input ended, unless that was its end
	shown    int          // messages
}

// input is what the user does next, or why there is nothing more.
type input struct {
	act action
	err error
}

// action is something that the user does with a connection: it sends a message, or what a command says.
type action func(ctx context.Context, conn *websocket.Conn) error

// run is the session. The error says how its last connection ended, unless that was in an ordinary way, and why the input did.
func (s *session) run(ctx context.Context) error {
	s.readInputs()
	err := s.connections(ctx)
	var end *websocket.CloseError
	if errors.As(err, &end) && closeStatus(end) == exitOrdinary {
		err = nil
	}
	return errors.Join(err, s.inputErr)
}

// connections makes one connection, or as many as it takes, and returns how the last one ended.
func (s *session) connections(ctx context.Context) error {
	for failures := 0; ; failures++ {
		began := time.Now()
		err := s.once(ctx)
		if !s.reconnect || ctx.Err() != nil || s.over() || !worthAnother(err) {
			return err
		}
		if time.Since(began) > time.Minute {
			failures = 0
		}
		pause := delay(failures)
		s.remark("%v; dialing again in %v", err, pause.Round(time.Millisecond))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// readInputs starts to read what the user does.
func (s *session) readInputs() {
	inputs := make(chan input)
	s.inputs = inputs
	go func() {
		for {
			act, err := s.next()
			inputs <- input{act, err}
			if err != nil {
				return
			}
		}
	}()
}

// over reports whether nothing more is to be done: the input has ended, and what comes is not waited for.
func (s *session) over() bool { return s.inputs == nil && s.pending == nil && s.wait >= 0 }

// once makes one connection and talks over it.
func (s *session) once(ctx context.Context) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	ended := make(chan error, 1)
	go func() { ended <- s.showAll(conn) }()
	return s.send(ctx, conn, ended)
}

// connect makes a connection.
func (s *session) connect(ctx context.Context) (*websocket.Conn, error) {
	dial := s.dialer.Dial
	if s.follow {
		dial = func(ctx context.Context, url string) (*websocket.Conn, *http.Response, error) {
			return dialFollowing(ctx, s.dialer, url, func(to string) { s.remark("redirected to %s", to) })
		}
	}
	conn, resp, err := dial(ctx, s.url)
	if s.wire != nil {
		s.wire.opening(conn, resp)
	}
	if err != nil {
		return nil, dialError(err, resp)
	}
	if p := conn.Subprotocol(); p != "" && s.wire == nil {
		s.remark("subprotocol %s", p)
	}
	return conn, nil
}

// send does what the user does until the connection ends, and returns how it did.
func (s *session) send(ctx context.Context, conn *websocket.Conn, ended <-chan error) error {
	finish, stop := context.WithCancel(ctx)
	defer stop()
	if s.inputs == nil && s.pending == nil {
		go s.finish(finish, conn)
	}
	interrupted := ctx.Done()
	for {
		if s.pending != nil && s.do(ctx, conn) {
			return s.closed(<-ended) // it has ended, or is ending
		}
		select {
		case <-interrupted:
			interrupted = nil
			go conn.Close(websocket.StatusGoingAway, "")
		case err := <-ended:
			return s.closed(err)
		case in := <-s.inputs:
			if s.pending = in.act; in.err != nil {
				s.endInput(in.err)
				go s.finish(finish, conn)
			}
		}
	}
}

// do does the pending action. What a connection that was lost has not taken stays pending, and true is returned.
func (s *session) do(ctx context.Context, conn *websocket.Conn) (lost bool) {
	err := s.pending(ctx, conn)
	if err != nil && (errors.As(err, new(*websocket.CloseError)) || errors.Is(err, websocket.ErrWriteFailed)) {
		return true
	}
	s.pending = nil
	if err == nil {
		return false
	}
	if s.interactive || ctx.Err() != nil {
		s.remark("%s", strings.TrimPrefix(err.Error(), "websocket: "))
		return false
	}
	// Nobody is there to correct it, and what follows may depend on it.
	s.endInput(err)
	go s.finish(ctx, conn)
	return false
}

// endInput ends what the user does.
func (s *session) endInput(err error) {
	s.inputs = nil
	if err != io.EOF {
		s.inputErr = err
	}
}

// finish ends the connection when the input has ended. A server that answers messages in their order answers a ping behind them,
// so that the pong tells that the answers have come.
func (s *session) finish(ctx context.Context, conn *websocket.Conn) {
	if s.wait < 0 {
		return
	}
	if _, err := conn.Ping(ctx); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return // the connection has ended, or ctx has
	}
	select {
	case <-time.After(s.wait):
		conn.Close(s.code, s.reason)
	case <-ctx.Done():
	case <-conn.Context().Done():
	}
}

// showAll shows messages until the connection ends, and returns how it did.
func (s *session) showAll(conn *websocket.Conn) error {
	for msg, err := range conn.MessagesInPlace(context.Background()) {
		if err != nil {
			return err
		}
		if s.count > 0 && s.shown == s.count {
			continue // it is closing
		}
		if err := s.show(msg); err != nil {
			return err
		}
		if s.shown++; s.shown == s.count {
			conn.Close(s.code, s.reason)
		}
	}
	return nil
}

// closed says how the connection ended, and returns err.
func (s *session) closed(err error) error {
	var end *websocket.CloseError
	if !errors.As(err, &end) || end.Err != nil {
		return err
	}
	by := "the server"
	if end.Local {
		by = "us"
	}
	s.remark("%s", strings.TrimSpace(fmt.Sprintf("closed by %s: %v %s", by, end.Code, harmless.Line(end.Reason))))
	return err
}

// worthAnother reports whether it makes sense to dial again after an error, as docs/reconnecting.md has it.
func worthAnother(err error) bool {
	if code := websocket.CloseStatus(err); code != 0 { // there was a connection, and it has ended
		return !errors.Is(err, net.ErrClosed) && (code == websocket.StatusGoingAway || code == websocket.StatusAbnormalClosure ||
			code >= websocket.StatusInternalError && code <= websocket.StatusBadGateway)
	}
	var refused *websocket.HandshakeError
	if errors.As(err, &refused) { // of the server, or of a proxy
		switch refused.Status {
		case 0, 408, 425, 429, 500, 502, 503, 504:
			return true
		}
		return false
	}
	var certificate *tls.CertificateVerificationError
	return errors.As(err, new(unreachable)) && !errors.As(err, &certificate)
}

// delay is random, so that the clients of a server that restarts do not come all at once, and grows: at most 1, 2, 4, … 60 s.
func delay(failures int) time.Duration {
	most := min(time.Minute, time.Second<<min(failures, 6))
	return rand.N(most)
}
