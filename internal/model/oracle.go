package model

// This file holds what is judged when a conversation is over.

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/errno"
)

// left returns how much is buffered when the transport must have been closed: the end, which everybody has been told, leaves what
// was accepted the time of the closing handshake to go out.
func (s *side) left() (n int) {
	for last := time.Now().Add(s.plan.closeBound() + s.t.run.Slack); ; time.Sleep(time.Millisecond) {
		if n = s.conn.Buffered(); n == 0 || time.Now().After(last) {
			return n
		}
	}
}

// afterwards makes each call once more: all must return the same.
func (s *side) afterwards() {
	background := context.Background()
	for name, f := range map[string]func() error{
		"Read":       func() error { _, _, err := read(background, s.conn); return err },
		"AppendRead": func() error { _, _, err := appendRead(background, s.conn, nil); return err },
		"Reader":     func() error { _, _, err := s.conn.Reader(background); return err },
		"Messages": func() (last error) {
			for _, err := range messages(background, s.conn, false) {
				last = err
			}
			return last
		},
		"Write":       func() error { return s.conn.Write(background, websocket.OpText, []byte("x")) },
		"large Write": func() error { return s.conn.Write(background, websocket.OpBinary, noise[:2<<20]) },
		"Writer":      func() error { _, err := s.conn.Writer(background, websocket.OpText); return err },
		"Ping":        func() error { _, err := s.conn.Ping(background); return err },
		"Flush":       func() error { return flush(background, s.conn) },
		"CloseNow":    s.conn.CloseNow,
		"Context": func() error {
			ctx := s.conn.Context()
			<-ctx.Done()
			return context.Cause(ctx)
		},
	} {
		s.do(name, nil, true, f)
	}
	s.conn.Stats()
	if n := s.left(); n != 0 && !s.t.run.Without["buffered"] {
		s.t.fail("leak", "%d bytes are buffered after the end of the %v", n, s)
	}
}

// varying is what differs in the text of errors from one conversation to the next.
var varying = regexp.MustCompile(`@?->\S+|\d+(\.\d+)*(:\d+)?|model-\S+`)

// endOrNil returns how the connection has ended, as far as calls have told.
func (s *side) endOrNil() error {
	if e := s.ended.Load(); e != nil {
		return e
	}
	return nil
}

// judge judges a conversation that is over.
func (t *talk) judge() {
	for _, s := range t.sides {
		if s.conn == nil {
			continue
		}
		if why := s.explain(); why != "" {
			t.failAs("outcome", why+": "+varying.ReplaceAllString(text(s.endOrNil()), "N"), "", "the end of the %v is not right: %s", s, why)
		}
	}
	for _, s := range t.sides {
		if s.peer == nil || s.peer.conn == nil || s.peer.discards.Load() {
			continue
		}
		if example := s.out.refusedCame(); example != "" {
			t.fail("refused", "a message that a write of the %v refused has arrived: %s", s, example)
		}
		before, all, example := s.missing()
		switch {
		case before > 0:
			t.fail("lost", "%d messages of the %v are missing before others that came: %s", before, s, example)
		case all > 0 && s.whole():
			t.fail("lost", "%d messages that writes of the %v had taken did not arrive: %s", all, s, example)
		}
	}
}

// whole reports whether all that s has sent must have arrived: s has ended the connection, and nothing else has.
func (s *side) whole() bool {
	t, p := s.t, s.peer
	if s.conn == nil {
		e := p.ended.Load()
		return !t.script.dead && t.happened(scripted, s.n) && p.plan.readers > 0 && e != nil && !e.Local
	}
	if t.broke() || !p.plan.reads() || p.plan.readers == 0 || p.plan.pause != 0 || s.plan.pause != 0 || s.unfinished.Load() ||
		s.cut.Load() {
		return false
	}
	e, other := s.ended.Load(), p.ended.Load()
	if e == nil || other == nil || !e.Local || other.Local || errors.Is(e, context.Canceled) || errors.Is(e, context.DeadlineExceeded) {
		return false
	}
	if t.happened(closed, p.n) && time.Duration(p.endedAt.Load()) == 0 {
		return false
	}
	// A slow relay, or a busy reader, may need longer than the second that CloseNow grants. Then all of it has passed.
	took := time.Unix(0, p.endedAt.Load()).Sub(t.firstEventAt())
	if took >= s.plan.closeTimeout() {
		return false // nor does Close grant more
	}
	if t.plan.transport.wrap && (errors.Is(other, errno.ConnReset) || errors.Is(other, errno.Pipe)) {
		return false // it cannot end its stream but by closing, and unread input makes that a reset: CloseNow says so
	}
	return e.Code != websocket.StatusAbnormalClosure || took < lastChance*9/10 && !t.plan.transport.slow()
}

// lastChance is what CloseNow grants to what was accepted.
const lastChance = time.Second
