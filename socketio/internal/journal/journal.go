// Package journal is what adapters have in common whose events and orders stand in a log: every server reads all of them, in one order, and
// what a client has missed can be found there. What the log is, is an adapter's own (Log).
//
// With connection state recovery, an event must have its place in the log before a client gets it, and all clients get events in that order. So a
// server gives its own events to its sockets when it reads them back. Until then they are pending. Some things do not wait for that: a socket that
// leaves a room or the server gets before what was emitted before; and while the log does not answer, local delivery goes on. Then what is pending is
// given to the sockets at once, with the last place that is known (flush), and ignored when it is read back.
package journal

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// Log is what all servers write to, and read from in one order. What is read is given to Journal.Read by a goroutine of the Log's.
type Log interface {
	// Append lets a message stand in the log, with its number if that is not 0. It does not block. If it returns nil, failed is called if it becomes known
	// that the message does not stand there, or if that will not be known.
	Append(m *cluster.Message, number uint64, failed func()) error

	// Holds reports whether everything behind a place that a client tells is there.
	Holds(ctx context.Context, p Place) (bool, error)

	// Range calls f for everything that stands behind a place, up to the end that it returns.
	Range(ctx context.Context, behind Place, f func(Entry)) (Place, error)

	// Save keeps a session under a name. It does not wait.
	Save(pid string, session []byte, keep time.Duration) error

	// Saved waits until what was saved before can be taken by every server.
	Saved(ctx context.Context) error

	// Forget has no session kept under a name. It does not wait.
	Forget(pid string) error

	// Take returns a session that was kept, once, and nil if there is none. What this server has saved before is there.
	Take(ctx context.Context, pid string) ([]byte, error)

	// Await waits until what stands in the log from now on will be read.
	Await(ctx context.Context) error
}

// Entry is what stands at a place in a Log.
type Entry struct {
	Place   Place
	Message *cluster.Message
	Number  uint64 // of an event of the server that wrote it; 0 if it has none
}

// Journal is an adapter.Store over a Log. Broadcasts without acknowledgement and orders stand in it; all else goes through the Node's Carrier.
type Journal struct {
	*cluster.Node
	log     Log
	timeout time.Duration // for what the Log is asked

	mu        sync.Mutex // is held while the sockets are told of an event
	recovers  bool       // there is connection state recovery
	begun     bool       // position is known
	position  Place      // of the last event that the sockets have been told of
	number    uint64     // of the last event of this server
	delivered uint64     // the number of the last event of this server that the sockets have been told of
	pending   []own
	timer     *time.Timer // stalls
	stalled   bool        // the log is slow: what is emitted is flushed at once
}

// own is an event of this server that has not been read back.
type own struct {
	number uint64
	packet *adapter.Packet
	target adapter.Target
}

var (
	_ adapter.Keeper  = (*Journal)(nil)
	_ adapter.Waiter  = (*Journal)(nil)
	_ adapter.Flusher = (*Journal)(nil)
)

// New returns a Journal. Its Node is not started.
func New(l adapter.Local, c cluster.Config, log Log) *Journal {
	c.Saved = log.Saved
	n := cluster.New(l, c)
	return &Journal{Node: n, log: log, timeout: n.RequestTimeout()}
}

// slow is how long the sockets of this server wait for the log to say where an event stands.
const slow = time.Second

// IsLogged reports whether a message stands in the log.
func IsLogged(m *cluster.Message) bool {
	switch m.Kind {
	case cluster.Join, cluster.Leave, cluster.Disconnect:
		return true
	case cluster.Broadcast:
		return m.Request == ""
	}
	return false
}

// Broadcast lets the event stand in the log. With connection state recovery, the sockets of this server are told when it has been read back.
func (j *Journal) Broadcast(ctx context.Context, p *adapter.Packet, t *adapter.Target) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.recovers {
		return j.Node.Broadcast(ctx, p, t)
	}
	if t.Local {
		j.flush()
		j.Local().Broadcast(placed(p, j.here()), t)
		return nil
	}
	j.number++
	number := j.number
	m := &cluster.Message{Kind: cluster.Broadcast, From: j.ID(), Namespace: j.Local().Namespace(), Packet: p, Target: *t}
	err := j.log.Append(m, number, func() { j.failed(number) })
	if err != nil {
		j.flush()
		j.Local().Broadcast(placed(p, j.here()), t)
		j.delivered = number
		return err
	}
	j.pending = append(j.pending, own{number, keep(p), adapter.Target{
		Rooms: slices.Clone(t.Rooms), Except: slices.Clone(t.Except), Volatile: t.Volatile,
	}})
	if j.stalled {
		j.flush()
	} else {
		j.watch()
	}
	return nil
}

// keep returns a packet that may be kept: attachments belong to whoever emits them.
func keep(p *adapter.Packet) *adapter.Packet {
	if len(p.Attachments) == 0 {
		return p
	}
	q := *p
	q.Attachments = make([][]byte, len(p.Attachments))
	for i, a := range p.Attachments {
		q.Attachments[i] = slices.Clone(a)
	}
	return &q
}

// placed returns an event with a place.
func placed(p *adapter.Packet, at string) *adapter.Packet {
	q := *p
	q.Offset = at
	return &q
}

// here returns the place of the last event that the sockets have been told of, or "" while nothing is known of the log. mu is held.
func (j *Journal) here() string {
	if !j.begun {
		return ""
	}
	return j.position.String()
}

// watch lets what is pending be flushed if the log is slow. mu is held.
func (j *Journal) watch() {
	if j.timer == nil {
		j.timer = time.AfterFunc(slow, j.stall)
	} else if len(j.pending) == 1 {
		j.timer.Reset(slow)
	}
}

// stall lets the sockets of this server wait no longer, until something is read back.
func (j *Journal) stall() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stalled = true
	j.flush()
}

// Flush tells the sockets of this server of its events that have not been read back.
func (j *Journal) Flush() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
}

// flush is Flush with mu held.
func (j *Journal) flush() {
	for i := j.untold(); i < len(j.pending); i++ {
		one := &j.pending[i]
		j.delivered = one.number
		j.Local().Broadcast(placed(one.packet, j.here()), &one.target)
	}
}

// untold returns where in pending the events begin that the sockets have not been told of: they stand in order. mu is held.
func (j *Journal) untold() int {
	i, _ := slices.BinarySearchFunc(j.pending, j.delivered+1, func(one own, number uint64) int { return cmp.Compare(one.number, number) })
	return i
}

// failed notes that it is not known whether an event of this server stands in the log.
func (j *Journal) failed(number uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
	j.forget(number)
}

// forget removes events up to a number from those that are pending. mu is held.
func (j *Journal) forget(number uint64) {
	n := 0
	for n < len(j.pending) && j.pending[n].number <= number {
		j.pending[n] = own{}
		n++
	}
	j.pending = j.pending[n:]
	if j.timer != nil && n > 0 {
		j.timer.Stop()
		if len(j.pending) > 0 {
			j.timer.Reset(slow)
		}
	}
}

// Begin notes the end of the log, behind which it will be read, if nothing has been read yet.
func (j *Journal) Begin(end Place) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.begun {
		j.begun, j.position = true, end
	}
}

// Read deals with what has been read from the log.
func (j *Journal) Read(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.begun, j.position = true, e.Place
	m := e.Message
	if m.From != j.ID() {
		if m.Packet != nil && j.recovers {
			m.Packet.Offset = e.Place.String()
		}
		j.Receive(m)
		return
	}
	if e.Number == 0 {
		return
	}
	for i := j.untold(); i < len(j.pending) && j.pending[i].number <= e.Number; i++ {
		one := &j.pending[i]
		j.delivered = one.number
		j.Local().Broadcast(placed(one.packet, e.Place.String()), &one.target)
	}
	j.stalled = false
	j.forget(e.Number)
}

// BroadcastWithAck tells the sockets of what was emitted before, first.
func (j *Journal) BroadcastWithAck(ctx context.Context, p *adapter.Packet, t *adapter.Target, ack func(adapter.Answer)) error {
	j.Flush()
	return j.Node.BroadcastWithAck(ctx, p, t, ack)
}

func (j *Journal) Join(ctx context.Context, t *adapter.Target, rooms []string) error {
	j.Flush()
	return j.Node.Join(ctx, t, rooms)
}

func (j *Journal) Leave(ctx context.Context, t *adapter.Target, rooms []string) error {
	j.Flush()
	return j.Node.Leave(ctx, t, rooms)
}

func (j *Journal) Disconnect(ctx context.Context, t *adapter.Target, close bool) error {
	j.Flush()
	return j.Node.Disconnect(ctx, t, close)
}

// Await waits until what other servers emit reaches this one.
func (j *Journal) Await(ctx context.Context, _ ...string) error {
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	return j.log.Await(ctx)
}

// Close ends the Node, and what waits for the log.
func (j *Journal) Close(ctx context.Context) error {
	err := j.Node.Close(ctx)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.timer != nil {
		j.timer.Stop()
	}
	return err
}
