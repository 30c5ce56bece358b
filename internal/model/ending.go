package model

// This file holds how conversations end, and what each side has to be told then.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// endingPlan is how a conversation is to end.
type endingPlan struct {
	how    how
	side   int
	code   websocket.StatusCode
	reason string
	second bool // the other side closes at the same time
}

type how uint8

const (
	byClose how = iota
	byCloseNow
	byOwner // somebody closes the net.Conn outside of Conn
	byLimit // a message is over the read limit
	hows
)

func (e endingPlan) String() string {
	name := [...]string{"Close", "CloseNow", "its owner", "the read limit"}[e.how]
	return fmt.Sprintf("%s of side %d with %d %q (both: %v)", name, e.side, uint16(e.code), e.reason, e.second)
}

func drawEnding(r *rand.Rand, p *plan) endingPlan {
	e := endingPlan{side: r.IntN(2), second: r.IntN(8) == 0}
	e.how = []how{byClose, byClose, byClose, byCloseNow, byCloseNow, byOwner, byLimit}[r.IntN(7)]
	e.code = []websocket.StatusCode{1000, 1001, 1005, 1011, 3000, 4001}[r.IntN(6)]
	if e.code != 1005 {
		e.reason = []string{"", "bye", strings.Repeat("é", 61)}[r.IntN(3)]
	}
	if p.shape == streaming {
		e.how = []how{byClose, byCloseNow, byOwner}[r.IntN(3)]
	}
	return e
}

// event is something that ends a connection, or may. It is noted before it happens.
type event struct {
	kind   eventKind
	side   int // whose
	code   websocket.StatusCode
	reason string
	fault  fault
	at     time.Time
}

type eventKind uint8

const (
	closed      eventKind = iota // Close was called
	closedNow                    // CloseNow was called
	ownerClosed                  // the net.Conn was closed
	limited                      // a read limit was set below what the peer sends
	mayCut                       // a write larger than the buffer, or a streamed one, has a context that may end
	faulted                      // the transport broke, towards side
	scripted                     // the script has ended its stream, with its code or 1006
	silenced                     // the script has stopped to answer
	stalled                      // the peer has stopped to read: a write may time out
)

func (e event) String() string {
	names := [...]string{"Close", "CloseNow", "owner closes", "limit", "may be cut", "fault", "script ends", "silence", "stall"}
	return fmt.Sprintf("%s by/at %d (%d %q %v)", names[e.kind], e.side, uint16(e.code), e.reason, e.fault)
}

// event notes e.
func (t *talk) event(e event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.at = time.Now()
	if e.kind == mayCut || e.kind == stalled {
		if t.may[e.kind == stalled][e.side] {
			return
		}
		t.may[e.kind == stalled][e.side] = true
	}
	t.events = append(t.events, e)
	if e.kind != mayCut && e.kind != stalled && t.firstEvent.IsZero() {
		t.firstEvent = time.Now()
	}
}

// anyEvent reports whether anything has happened that can end a connection.
func (t *talk) anyEvent() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.events) > 0
}

// happened reports whether an event of this kind did, by or at a side.
func (t *talk) happened(k eventKind, side int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.events {
		if e.kind == k && e.side == side {
			return true
		}
	}
	return false
}

// broke reports whether the transport did.
func (t *talk) broke() bool {
	return t.happened(faulted, 0) || t.happened(faulted, 1) || t.happened(ownerClosed, 0) || t.happened(ownerClosed, 1)
}

// close calls Close.
func (s *side) close(code websocket.StatusCode, reason string) {
	s.t.event(event{kind: closed, side: s.n, code: code, reason: reason})
	s.endsBy(time.Now().Add(s.plan.closeBound()))
	known := s.ended.Load()
	ctx, cancel := context.WithTimeout(context.Background(), s.plan.closeBound())
	c := s.t.watch.begin(&call{name: "Close", s: s, ctx: ctx})
	err := s.conn.Close(code, reason)
	s.t.watch.done(c)
	cancel()
	s.judgeClose(known, code, reason, err)
}

// judgeClose judges what Close has returned.
func (s *side) judgeClose(known *websocket.CloseError, code websocket.StatusCode, reason string, err error) {
	var closed *websocket.CloseError
	switch {
	case err == nil && known == nil:
		return
	case known == nil && writeFailed(err): // the body of a loop runs, which does the rest
	case !errors.As(err, &closed):
		s.t.fail("same", "Close of the %v returned %q after %v", s, text(err), known)
	case known == nil && closed.Local && closed.Code == code && strings.Contains(text(err), "handshake was not completed"):
		s.unfinished.Store(true) // an error of Close's own
	default:
		s.judge("Close", nil, known, err)
	}
}

// closeNow calls CloseNow.
func (s *side) closeNow() {
	s.t.event(event{kind: closedNow, side: s.n})
	s.endsBy(time.Now().Add(s.plan.closeBound()))
	known := s.ended.Load()
	c := s.t.watch.begin(&call{name: "CloseNow", s: s, atOnce: true})
	err := s.conn.CloseNow()
	s.t.watch.done(c)
	if err != nil || known != nil {
		s.judge("CloseNow", nil, known, err)
	}
}

// end lets the conversation end as planned.
func (t *talk) end() {
	e := t.plan.ending
	s := t.sides[e.side]
	if s.conn == nil {
		s = s.peer
	}
	var wg sync.WaitGroup
	if o := t.sides[1-s.n]; e.second && o.conn != nil {
		wg.Go(func() { o.guard(func() { o.close(4002, "second") }) })
	}
	wg.Go(func() { s.guard(func() { s.endAs(e) }) })
	wg.Wait()
}

func (s *side) endAs(e endingPlan) {
	switch e.how {
	case byClose:
		s.close(e.code, e.reason)
	case byCloseNow:
		s.closeNow()
	case byOwner:
		s.t.event(event{kind: ownerClosed, side: s.n})
		s.t.wire.outer[s.n].Close()
	case byLimit:
		s.t.event(event{kind: limited, side: s.n})
		s.conn.SetReadLimit(1)
	}
}

// explain returns how the end of s does not fit what happened, or "".
func (s *side) explain() string {
	e := s.ended.Load()
	switch {
	case e == nil:
		return "no call has told how it ended"
	case errors.Is(e, io.EOF) != (!e.Local && (e.Code == 1000 || e.Code == 1001 || e.Code == 1005)):
		return "io.EOF stands for a clean end by the peer, and for nothing else"
	case e.Local:
		return s.explainLocal(e)
	}
	return s.explainRemote(e)
}

// explainLocal is explain for an end that s claims to have made.
func (s *side) explainLocal(e *websocket.CloseError) string {
	t := s.t
	t.mu.Lock()
	defer t.mu.Unlock()
	application := errors.Is(e, net.ErrClosed)
	for _, ev := range t.events {
		if ev.side != s.n {
			if ev.kind == silenced && e.Code == 1006 && errors.Is(e, os.ErrDeadlineExceeded) && !application {
				return ""
			}
			if ev.kind == stalled && e.Code == 1006 && errors.Is(e, os.ErrDeadlineExceeded) && !application {
				return ""
			}
			continue
		}
		switch {
		case ev.kind == closed && e.Code == ev.code && e.Reason == ev.reason && e.Err == nil && application,
			ev.kind == closedNow && e.Code == 1006 && e.Err == nil && application,
			ev.kind == limited && e.Code == 1009 && errors.Is(e, websocket.ErrMessageTooBig) && !application,
			ev.kind == mayCut && (e.Code == 1006 || e.Code == 1011) && isContext(e),
			ev.kind == ownerClosed && e.Code == 1006:
			return ""
		}
	}
	return "this side claims an end that it has not made"
}

// isContext reports whether err is that of a context.
func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// explainRemote is explain for an end that s claims the peer, or the transport, has made.
func (s *side) explainRemote(e *websocket.CloseError) string {
	t := s.t
	if errors.Is(e, net.ErrClosed) && !t.happened(ownerClosed, s.n) {
		return "net.ErrClosed, although the application of this side has not ended it"
	}
	var other *websocket.CloseError
	if s.peer != nil {
		other = s.peer.ended.Load()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	cut := false
	for _, ev := range t.events {
		switch ev.kind {
		case faulted, ownerClosed:
			cut = true
		case closedNow, stalled, silenced:
			cut = cut || ev.side != s.n
		case mayCut:
			// An end of this side's own, which today does not say so.
			if ev.side == s.n && e.Code == 1006 && isContext(e) {
				return ""
			}
			cut = cut || ev.side != s.n && other != nil && isContext(other)
		case closed:
			if ev.side != s.n && e.Code == ev.code && e.Reason == ev.reason && e.Err == nil {
				return ""
			}
			// A Close while the body of a loop runs returns nil before it knows whether its time suffices.
			cut = cut || ev.side != s.n && time.Since(ev.at) >= s.peer.plan.closeTimeout()
		case limited:
			if ev.side != s.n && e.Code == 1009 {
				return ""
			}
		case scripted:
			if e.Code == ev.code && e.Reason == ev.reason {
				return ""
			}
		}
	}
	switch {
	case e.Code == 1006 && cut:
		return ""
	case e.Code == 1011 && other != nil && other.Local && other.Code == 1011:
		return ""
	case e.Code == 1006 && s.peer != nil && s.peer.unfinished.Load():
		return "" // it had no more time
	}
	return "the peer has not ended it so"
}
