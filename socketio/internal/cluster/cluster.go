// Package cluster is what adapters for several servers have in common: the messages of servers to each other, what follows from
// them, and the answers that are waited for. What carries them is a Carrier.
package cluster

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// Errors.
var (
	// ErrTimeout: not all servers have answered in time.
	ErrTimeout = errors.New("socketio: other servers have not answered in time")
	// ErrServerLost: a server went away that was to answer.
	ErrServerLost = errors.New("socketio: a server went away before it answered")
	// ErrClosed: the adapter is closed.
	ErrClosed = errors.New("socketio: the adapter is closed")
)

// Carrier carries messages between the servers of a namespace.
type Carrier interface {
	// Send gives a message to all other servers, or, if it is an answer or has a To, to one. It does not block: what cannot be carried is an
	// error. The messages of one server arrive in order. Those that arrive are given to Node.Receive, one at a time.
	Send(m *Message) error

	// Servers returns how many servers there are, this one included. Where the Config has heartbeats, it is asked only if no other server is known, and only whether
	// others could be heard: the error is of interest.
	Servers(ctx context.Context) (int, error)

	// Gone returns which of some servers, which have answered before, are not there any more. It is not asked where the Config has heartbeats.
	Gone(ctx context.Context, servers []string) ([]string, error)

	// RoomOpened and RoomClosed are those of an adapter.Adapter.
	RoomOpened(room string)
	RoomClosed(room string)

	Close(ctx context.Context) error
}

// Config configures a Node.
type Config struct {
	ID             string        // of this server; empty means a random one
	RequestTimeout time.Duration // for the answers of other servers; 0 means 5 seconds

	// Heartbeat, if positive, is how often servers say that they are there: then the Carrier need not count them. One that has not been
	// heard for Silence, which is twice Heartbeat if 0, is gone.
	Heartbeat, Silence time.Duration

	// Saved waits until the sessions that were saved before can be taken by every server. nil means that none are kept.
	Saved func(ctx context.Context) error

	Logger *slog.Logger // nil means slog.Default
}

// recount is how often servers are counted while answers are waited for.
const recount = time.Second

// Node is an Adapter: a server among several.
type Node struct {
	local   adapter.Local
	carrier Carrier
	conf    Config
	closed  chan struct{}

	mu       sync.Mutex
	isClosed bool
	requests map[string]*request
	members  map[string]time.Time // when other servers were heard last, with heartbeats
	pending  sync.WaitGroup       // goroutines
}

var _ adapter.Adapter = (*Node)(nil)

// New returns a Node. Its Carrier may call Receive as soon as Start has been called.
func New(l adapter.Local, c Config) *Node {
	c.ID = cmp.Or(c.ID, RandomID())
	c.RequestTimeout = cmp.Or(max(c.RequestTimeout, 0), 5*time.Second)
	c.Silence = cmp.Or(c.Silence, 2*c.Heartbeat)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return &Node{local: l, conf: c, closed: make(chan struct{}), requests: make(map[string]*request), members: make(map[string]time.Time)}
}

// RandomID returns an identifier as the cluster adapters of Node have them.
func RandomID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Start lets messages be carried by c. It is called once, before any other method but ID and Namespace. listen, which may be nil, lets
// messages of others arrive, and is called before they are greeted: what comes at once can be answered, and what answers is heard.
func (n *Node) Start(c Carrier, listen func()) {
	n.carrier = c
	if listen != nil {
		listen()
	}
	if n.conf.Heartbeat > 0 {
		n.Greet()
		n.pending.Go(n.beat)
	}
}

// ID returns the identifier of this server.
func (n *Node) ID() string { return n.conf.ID }

// Local returns the namespace.
func (n *Node) Local() adapter.Local { return n.local }

// Logger returns the logger.
func (n *Node) Logger() *slog.Logger { return n.conf.Logger }

// RequestTimeout returns how long the answers of other servers are waited for.
func (n *Node) RequestTimeout() time.Duration { return n.conf.RequestTimeout }

// Greet tells other servers that this one is there, with heartbeats: after a time without a connection, they find each other by that.
func (n *Node) Greet() { n.tell(&Message{Kind: Hello}) }

// send sends a message of this server.
func (n *Node) send(m *Message) error {
	m.From, m.Namespace = n.conf.ID, n.local.Namespace()
	return n.carrier.Send(m)
}

// tell sends a message whose loss nobody waits for. It is logged.
func (n *Node) tell(m *Message) {
	if err := n.send(m); err != nil {
		n.conf.Logger.Warn("socketio: an answer to another server is lost", "namespace", n.local.Namespace(), "error", err)
	}
}

// Broadcast tells the other servers, and then the sockets of this one, whatever has become of the former.
func (n *Node) Broadcast(_ context.Context, p *adapter.Packet, t *adapter.Target) error {
	var err error
	if !t.Local {
		err = n.send(&Message{Kind: Broadcast, Packet: p, Target: *t})
	}
	n.local.Broadcast(p, t)
	return err
}

func (n *Node) Join(_ context.Context, t *adapter.Target, rooms []string) error {
	return n.order(&Message{Kind: Join, Target: *t, Rooms: rooms})
}

func (n *Node) Leave(_ context.Context, t *adapter.Target, rooms []string) error {
	return n.order(&Message{Kind: Leave, Target: *t, Rooms: rooms})
}

func (n *Node) Disconnect(_ context.Context, t *adapter.Target, close bool) error {
	return n.order(&Message{Kind: Disconnect, Target: *t, Close: close})
}

// order gives an order to the other servers, and follows it.
func (n *Node) order(m *Message) error {
	var err error
	if !m.Target.Local {
		err = n.send(m)
	}
	n.follow(m)
	return err
}

// follow follows an order.
func (n *Node) follow(m *Message) {
	switch m.Kind {
	case Join:
		n.local.Join(&m.Target, m.Rooms)
	case Leave:
		n.local.Leave(&m.Target, m.Rooms)
	case Disconnect:
		n.local.Disconnect(&m.Target, m.Close)
	}
}

// Sockets asks all servers. With an error, it returns those that are known.
func (n *Node) Sockets(ctx context.Context, t *adapter.Target) ([]adapter.Socket, error) {
	all := n.local.Sockets(t)
	if t.Local {
		return all, nil
	}
	err := n.ask(ctx, &Message{Kind: FetchSockets, Target: *t}, func(m *Message) { all = append(all, m.Sockets...) })
	return all, err
}

// ServerSideEmit tells the other servers, and waits for their answers if ack is not nil.
func (n *Node) ServerSideEmit(ctx context.Context, p *adapter.Packet, ack func(adapter.Answer)) error {
	m := &Message{Kind: ServerSideEmit, Packet: p}
	if ack == nil {
		return n.send(m)
	}
	return n.ask(ctx, m, func(m *Message) { ack(m.Answer) })
}

// Servers returns how many servers there are. It waits no longer than RequestTimeout.
func (n *Node) Servers(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, n.conf.RequestTimeout)
	defer cancel()
	if n.conf.Heartbeat <= 0 {
		return n.carrier.Servers(ctx)
	}
	n.mu.Lock()
	others := len(n.members)
	n.mu.Unlock()
	return 1 + others, n.checkAlone(ctx, others)
}

func (n *Node) RoomOpened(room string) { n.carrier.RoomOpened(room) }
func (n *Node) RoomClosed(room string) { n.carrier.RoomClosed(room) }

// Close takes leave of the other servers. Whoever waits for answers gets ErrClosed.
func (n *Node) Close(ctx context.Context) error {
	n.mu.Lock()
	if n.isClosed {
		n.mu.Unlock()
		return nil
	}
	n.isClosed = true
	n.mu.Unlock()
	if n.conf.Heartbeat > 0 {
		n.tell(&Message{Kind: Goodbye})
	}
	close(n.closed)
	err := n.carrier.Close(ctx)
	n.pending.Wait()
	return err
}

// Receive deals with a message of another server. One that is this server's own is ignored. Calls come one at a time.
func (n *Node) Receive(m *Message) {
	if m.From == n.conf.ID || m.Namespace != n.local.Namespace() || m.IsAnswer() && m.To != "" && m.To != n.conf.ID {
		return
	}
	n.heard(m)
	switch m.Kind {
	case Broadcast:
		if m.Request == "" {
			n.local.Broadcast(m.Packet, &m.Target)
		} else {
			n.acknowledge(m)
		}
	case Join, Leave, Disconnect:
		n.follow(m)
		if m.Request != "" {
			n.answer(m, &Message{Kind: Done})
		}
	case FetchSockets:
		n.answer(m, &Message{Kind: FetchedSockets, Sockets: n.local.Sockets(&m.Target)})
	case FetchIDs:
		var ids []string
		for _, s := range n.local.Sockets(&m.Target) {
			ids = append(ids, s.ID)
		}
		n.answer(m, &Message{Kind: FetchedIDs, Rooms: ids})
	case FetchRooms:
		n.answer(m, &Message{Kind: FetchedRoom, Rooms: n.allRooms()})
	case ServerSideEmit:
		n.serverSideEmit(m)
	case Yield:
		n.yield(m)
	case Probe:
		n.answer(m, &Message{Kind: Probed})
	default:
		n.answered(m)
	}
}

// allRooms returns the rooms of this server as Node has them: with those of sockets.
func (n *Node) allRooms() []string {
	all := n.local.Rooms()
	for _, s := range n.local.Sockets(&adapter.Target{}) {
		all = append(all, s.ID)
	}
	return all
}

// answer answers a request.
func (n *Node) answer(to, m *Message) {
	m.To, m.Request = to.From, to.Request
	n.tell(m)
}

// serverSideEmit gives an event of another server to the application.
func (n *Node) serverSideEmit(m *Message) {
	if m.Request == "" {
		n.local.ServerSideEmit(m.Packet, nil)
		return
	}
	n.local.ServerSideEmit(m.Packet, func(a adapter.Answer) {
		if a.Err != nil { // which Node does not know of
			a = adapter.Answer{Args: jsontext.Value("[null]")}
		}
		n.answer(m, &Message{Kind: ServerSideEmitted, Answer: a})
	})
}

// acknowledge gives an event to the sockets of this server, and passes on what they answer, for as long as it is waited for.
func (n *Node) acknowledge(m *Message) {
	clients, cancel := n.local.BroadcastWithAck(m.Packet, &m.Target, func(a adapter.Answer) {
		if a.Err == nil || m.Losses {
			n.answer(m, &Message{Kind: ClientAck, Answer: a})
		}
	})
	n.answer(m, &Message{Kind: ClientCount, Clients: clients})
	if clients > 0 && m.Timeout > 0 {
		n.after(m.Timeout, cancel)
	}
}

// after calls f after d, or when the Node is closed.
func (n *Node) after(d time.Duration, f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isClosed {
		return
	}
	n.pending.Go(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-n.closed:
		}
		f()
	})
}

// failed says why a wait has ended before its answers came.
func (n *Node) failed(ctx, outer context.Context) error {
	switch {
	case outer.Err() != nil:
		return context.Cause(outer)
	case ctx.Err() != nil:
		return fmt.Errorf("%w (%v)", ErrTimeout, n.conf.RequestTimeout)
	}
	return ErrClosed
}
