package redisadapter

// This file holds connection state recovery with Streams: sessions are values of Redis that end by themselves, and what was missed stands in the stream.

import (
	"context"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/msgpack"
)

// session is how a session is written. Node has the first four, and its rooms have the own among them.
type session struct {
	SID         string         `json:"sid"`
	PID         string         `json:"pid"`
	Rooms       []cluster.Text `json:"rooms"`
	Data        jsontext.Value `json:"data,omitzero"`
	Since       string         `json:"since,omitzero"`
	Memberships []membership   `json:"memberships,omitzero"`
}

type membership struct {
	Room string `json:"room"`
	From string `json:"from"`
	To   string `json:"to,omitzero"`
}

// Save keeps a session. It does not wait.
func (s *streams) Save(_ context.Context, one *adapter.Session, keep time.Duration) error {
	w := session{SID: one.SID, PID: one.PID, Rooms: cluster.Texts(append([]string{one.SID}, one.Rooms...)), Data: one.Data, Since: one.Since}
	for _, m := range one.Memberships {
		w.Memberships = append(w.Memberships, membership(m))
	}
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	packed, err := msgpack.Append(nil, text, nil)
	if err != nil {
		return err
	}
	key, value := s.hub.opts.SessionPrefix+one.PID, base64.StdEncoding.EncodeToString(packed)
	return s.link.pub.put(item{
		size: len(key) + len(value),
		add:  func(p redis.Pipeliner) redis.Cmder { return p.Set(context.Background(), key, value, keep) },
	})
}

// Take gives a session back, and what was missed.
func (s *streams) Take(ctx context.Context, pid, offset string, resume adapter.Resume) error {
	ctx, cancel := context.WithTimeout(ctx, s.hub.opts.RequestTimeout)
	defer cancel()
	s.mu.Lock()
	s.recovers = true
	s.mu.Unlock()
	var one *adapter.Session
	var err error
	if pid != "" {
		one, err = s.take(ctx, pid)
	}
	if err != nil {
		return err
	}
	if one == nil {
		return s.refuse(resume)
	}
	if offset == "" { // the client has had no event yet
		offset = one.Since
	}
	known, err := s.isKnown(ctx, offset)
	switch {
	case err != nil:
		return err
	case !known:
		return s.refuse(resume)
	}
	return s.catchUp(ctx, one, offset, resume)
}

// refuse lets a new socket take part.
func (s *streams) refuse(resume adapter.Resume) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
	resume(nil, nil, s.position)
	return nil
}

// take takes a session out of Redis, behind what this server has saved there. It is nil if there is none.
func (s *streams) take(ctx context.Context, pid string) (*adapter.Session, error) {
	c, err := s.link.pub.ask(ctx, func(p redis.Pipeliner) redis.Cmder { return p.GetDel(ctx, s.hub.opts.SessionPrefix+pid) })
	if err == nil {
		err = c.Err()
	}
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeSession(c.(*redis.StringCmd).Val())
}

// decodeSession returns a session.
func decodeSession(value string) (*adapter.Session, error) {
	packed, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	text, _, err := msgpack.AppendJSON(nil, packed, nil, maxAttachments)
	var w session
	if err == nil {
		err = cluster.Unmarshal(text, &w)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	one := &adapter.Session{SID: w.SID, PID: w.PID, Data: w.Data, Since: w.Since}
	one.Rooms = slices.DeleteFunc(cluster.Strings(w.Rooms), func(room string) bool { return room == w.SID })
	for _, m := range w.Memberships {
		one.Memberships = append(one.Memberships, adapter.Membership(m))
	}
	if w.Since == "" { // Node's, which does not say since when: always
		for _, room := range one.Rooms {
			one.Memberships = append(one.Memberships, adapter.Membership{Room: room})
		}
	}
	return one, nil
}

// isPlace says what a place in a stream looks like.
var isPlace = regexp.MustCompile(`^[0-9]{1,20}-[0-9]{1,20}$`)

// isKnown reports whether everything behind a place is there.
func (s *streams) isKnown(ctx context.Context, offset string) (bool, error) {
	if !isPlace.MatchString(offset) {
		return false, nil
	}
	if offset != "0-0" {
		at, err := s.link.client.XRange(ctx, s.stream, offset, offset).Result()
		return len(at) > 0, err
	}
	info, err := s.link.client.XInfoStream(ctx, s.stream).Result()
	if err != nil && strings.Contains(err.Error(), "no such key") {
		return true, nil
	}
	return err == nil && info.EntriesAdded == info.Length, err
}

// catchUp reads what was missed and resumes, with nothing between.
func (s *streams) catchUp(ctx context.Context, one *adapter.Session, offset string, resume adapter.Resume) error {
	stays := staysOf(one)
	var missed []*adapter.Packet
	last := placeOf(offset)
	for {
		entries, err := s.link.client.XRangeN(ctx, s.stream, "("+last.String(), "+", 1000).Result()
		if err != nil {
			return err
		}
		for _, entry := range entries {
			last = placeOf(entry.ID)
			if p := s.missed(entry, stays); p != nil {
				missed = append(missed, p)
			}
		}
		if len(entries) == 0 && s.resume(one, missed, last, stays, resume) {
			return nil
		}
	}
}

// missed returns the event that stands in an entry, if it was meant for a session.
func (s *streams) missed(entry redis.XMessage, stays stays) *adapter.Packet {
	if text(entry, "nsp") != s.Local().Namespace() || text(entry, "type") != strconv.Itoa(int(cluster.Broadcast)) {
		return nil
	}
	m, err := messageOf(entry)
	if err != nil || m.Target.Volatile || !stays.areMeant(&m.Target, placeOf(entry.ID)) {
		return nil
	}
	m.Packet.Offset = entry.ID
	return m.Packet
}

// resume resumes, unless this server has read further in the stream than the place up to which it is known what was missed. What it has not read yet, the socket
// will get as others do.
func (s *streams) resume(one *adapter.Session, missed []*adapter.Packet, upTo place, stays stays, resume adapter.Resume) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
	here := placeOf(s.position)
	if upTo.before(here) {
		return false
	}
	missed = slices.DeleteFunc(missed, func(p *adapter.Packet) bool { return here.before(placeOf(p.Offset)) })
	for _, own := range s.pending { // the sockets have been told of these already
		if own.number <= s.delivered && !own.target.Volatile && stays.areMeant(&own.target, maxPlace) {
			missed = append(missed, s.placed(own.packet, s.position))
		}
	}
	resume(one, missed, s.position)
	return true
}

// place is a place in a stream.
type place struct{ ms, n uint64 }

var maxPlace = place{^uint64(0), ^uint64(0)}

// placeOf returns a place. What is none is the beginning.
func placeOf(s string) place {
	ms, n, _ := strings.Cut(s, "-")
	var p place
	p.ms, _ = strconv.ParseUint(ms, 10, 64)
	p.n, _ = strconv.ParseUint(n, 10, 64)
	return p
}

func (p place) String() string { return fmt.Sprintf("%d-%d", p.ms, p.n) }

func (p place) before(q place) bool { return p.ms < q.ms || p.ms == q.ms && p.n < q.n }

// stays are the times in rooms: behind the first place, up to the second.
type stays map[string][][2]place

// staysOf returns those of a session. It was in its own room all the time.
func staysOf(s *adapter.Session) stays {
	all := stays{s.SID: {{place{}, maxPlace}}}
	for _, one := range s.Memberships {
		to := maxPlace
		if one.To != "" {
			to = placeOf(one.To)
		}
		all[one.Room] = append(all[one.Room], [2]place{placeOf(one.From), to})
	}
	return all
}

// areMeant reports whether an event that stands at a place was meant.
func (all stays) areMeant(t *adapter.Target, at place) bool {
	wasIn := func(room string) bool {
		return slices.ContainsFunc(all[room], func(stay [2]place) bool { return stay[0].before(at) && !stay[1].before(at) })
	}
	return (len(t.Rooms) == 0 || slices.ContainsFunc(t.Rooms, wasIn)) && !slices.ContainsFunc(t.Except, wasIn)
}
