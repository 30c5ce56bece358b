package adapter

// This file holds the adapter of a server that is alone and keeps what clients miss that have lost their connection.

import (
	"context"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
)

// MemoryOptions configure Memory.
type MemoryOptions struct {
	// Keep is how long events are kept. 0 means 2 minutes.
	Keep time.Duration
	// MaxBytes bounds the bytes of the events that are kept, with 256 more for each: the oldest go first, and clients that have missed
	// them are not recovered. 0 means 64 MiB.
	MaxBytes int
}

// Memory returns what makes the adapter of a server that is alone. It is a Store, within the memory of the process.
//
// The events of a namespace have offsets that grow, and go to the sockets in that order: while one is given to them, others wait.
func Memory(o MemoryOptions) New {
	if o.Keep <= 0 {
		o.Keep = 2 * time.Minute
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	return func(l Local) (Adapter, error) {
		return &memory{local: l, opts: o, sessions: make(map[string]*saved)}, nil
	}
}

// memory is an Adapter. Its mu is held while the Local is told of an event, so that order is kept.
type memory struct {
	local Local
	opts  MemoryOptions

	mu       sync.Mutex
	last     uint64 // the offset of the last event
	dropped  uint64 // the offset of the last event that is not kept any more
	log      []logged
	bytes    int
	sessions map[string]*saved
}

// logged is an event that is kept.
type logged struct {
	offset        uint64
	at            time.Time
	packet        *Packet
	rooms, except []string
	size          int
}

// saved is a session that is kept.
type saved struct {
	*Session
	timer *time.Timer
}

var _ Store = (*memory)(nil)

func (m *memory) Broadcast(_ context.Context, p *Packet, t *Target) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	own := *p
	own.Offset = formatOffset(m.last)
	if t.Volatile { // it has an offset, because clients take the last argument for one, but nobody gets it later
		m.local.Broadcast(&own, t)
		return nil
	}
	m.keep(&own, t)
	m.local.Broadcast(&own, t)
	return nil
}

// eventOverhead is what an event that is kept counts for beside its data: about what it takes.
const eventOverhead = 256

// keep adds an event to those that are kept. mu is held.
func (m *memory) keep(p *Packet, t *Target) {
	p.Args = slices.Clone(p.Args)
	size := eventOverhead + len(p.Args)
	p.Attachments = slices.Clone(p.Attachments)
	for i, a := range p.Attachments {
		p.Attachments[i] = slices.Clone(a)
		size += len(a)
	}
	now := time.Now()
	m.log = append(m.log, logged{m.last, now, p, slices.Clone(t.Rooms), slices.Clone(t.Except), size})
	m.bytes += size
	n := 0
	for n < len(m.log) && (m.bytes > m.opts.MaxBytes || now.Sub(m.log[n].at) > m.opts.Keep) {
		m.bytes -= m.log[n].size
		m.dropped = m.log[n].offset
		m.log[n] = logged{}
		n++
	}
	m.log = m.log[n:]
}

// formatOffset returns an offset as clients have it.
func formatOffset(n uint64) string { return strconv.FormatUint(n, 36) }

func (m *memory) Save(_ context.Context, s *Session, keep time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[s.PID] = &saved{s, time.AfterFunc(keep, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.sessions, s.PID)
	})}
	return nil
}

// Take calls resume with mu held: no event comes between.
func (m *memory) Take(_ context.Context, pid, offset string, resume Resume) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[pid]
	if s == nil {
		resume(nil, nil, formatOffset(m.last))
		return nil
	}
	s.timer.Stop()
	delete(m.sessions, pid)
	if offset == "" { // the client has had no event yet
		offset = s.Since
	}
	n, err := strconv.ParseUint(offset, 36, 64)
	if err != nil || n < m.dropped || n > m.last || formatOffset(n) != offset {
		resume(nil, nil, formatOffset(m.last))
		return nil
	}
	resume(s.Session, m.missed(s.Session, n), formatOffset(m.last))
	return nil
}

// missed returns the events behind an offset that were meant for a session.
func (m *memory) missed(s *Session, offset uint64) []*Packet {
	stays := staysOf(s)
	var all []*Packet
	for _, one := range m.log {
		wasIn := func(room string) bool { return stays.contain(room, one.offset) }
		if one.offset > offset && (len(one.rooms) == 0 || slices.ContainsFunc(one.rooms, wasIn)) && !slices.ContainsFunc(one.except, wasIn) {
			all = append(all, one.packet)
		}
	}
	return all
}

// stays are the times in rooms, by offsets: behind the first, up to the second.
type stays map[string][][2]uint64

// staysOf returns those of a session. It was in its own room all the time.
func staysOf(s *Session) stays {
	all := stays{s.SID: {{0, math.MaxUint64}}}
	for _, one := range s.Memberships {
		from, _ := strconv.ParseUint(one.From, 36, 64) // an empty one is the beginning
		to := uint64(math.MaxUint64)
		if one.To != "" {
			to, _ = strconv.ParseUint(one.To, 36, 64)
		}
		all[one.Room] = append(all[one.Room], [2]uint64{from, to})
	}
	return all
}

// contain reports whether an event was emitted during a stay in a room.
func (all stays) contain(room string, offset uint64) bool {
	for _, one := range all[room] {
		if one[0] < offset && offset <= one[1] {
			return true
		}
	}
	return false
}

// BroadcastWithAck waits for all answers.
func (m *memory) BroadcastWithAck(ctx context.Context, p *Packet, t *Target, ack func(Answer)) error {
	return Gather(ctx, m.local, p, t, ack)
}

func (m *memory) Join(_ context.Context, t *Target, rooms []string) error {
	m.local.Join(t, rooms)
	return nil
}

func (m *memory) Leave(_ context.Context, t *Target, rooms []string) error {
	m.local.Leave(t, rooms)
	return nil
}

func (m *memory) Disconnect(_ context.Context, t *Target, close bool) error {
	m.local.Disconnect(t, close)
	return nil
}

func (m *memory) Sockets(_ context.Context, t *Target) ([]Socket, error) {
	return m.local.Sockets(t), nil
}

// ServerSideEmit has nobody to tell.
func (m *memory) ServerSideEmit(context.Context, *Packet, func(Answer)) error { return nil }

func (m *memory) Servers(context.Context) (int, error) { return 1, nil }
func (m *memory) RoomOpened(string)                    {}
func (m *memory) RoomClosed(string)                    {}

// Close forgets everything.
func (m *memory) Close(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sessions {
		s.timer.Stop()
	}
	clear(m.sessions)
	m.log, m.bytes, m.dropped = nil, 0, m.last
	return nil
}

// Gather calls ack, one call at a time, for each client of l that is meant, and returns when all have answered, or the context's error.
func Gather(ctx context.Context, l Local, p *Packet, t *Target, ack func(Answer)) error {
	var mu sync.Mutex
	left, over := 0, false // left is below 0 for answers that come before their number is known
	done := make(chan struct{})
	clients, cancel := l.BroadcastWithAck(p, t, func(a Answer) {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		ack(a)
		if left--; left == 0 {
			over = true
			close(done)
		}
	})
	defer cancel()
	mu.Lock()
	left += clients
	if left == 0 { // also where there is none
		over = true
		mu.Unlock()
		return nil
	}
	mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		mu.Lock()
		over = true
		mu.Unlock()
		return context.Cause(ctx)
	}
}
