package natsadapter

// This file holds the adapter over core NATS: each room that is no socket's own has a subject, which only servers subscribe to where somebody is in it.

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// Core is the adapter over core NATS. servers are URLs as nats.Connect has them, with commas between; o may be nil.
//
// What is emitted to one room goes only to the servers where somebody is in it. In a NATS cluster, whoever opens a room by Join asks the other servers for an answer, so that their NATS servers know
// of it when Join returns.
func Core(servers string, o *Options) adapter.New {
	h := &hub{url: servers, opts: o.withDefaults()}
	return func(l adapter.Local) (adapter.Adapter, error) {
		if err := h.opts.check(servers); err != nil {
			return nil, err
		}
		c := &core{carrier: carrier{hub: h, subjects: subjectsOf(h.opts.Prefix, l.Namespace())}, joined: cluster.NewJoined(h.opts.RequestTimeout)}
		c.link = h.enter(nil)
		c.node = cluster.New(l, h.config())
		c.node.Start(c, c.open)
		c.spread = cluster.NewSpread(c.node)
		return &waiter{c.node, c}, nil
	}
}

// core is a Carrier.
type core struct {
	carrier
	joined *cluster.Joined
	spread *cluster.Spread
}

// Send publishes a message.
func (c *core) Send(m *cluster.Message) error {
	if room, ok := c.joined.RoomOf(m); ok {
		return c.sendTo(c.room(room), m)
	}
	return c.carrier.Send(m)
}

func (c *core) RoomOpened(room string) {
	if cluster.IsPublic(room) {
		c.link.want(c.room(room), c.receive)
		c.spread.Count()
	}
}

func (c *core) RoomClosed(room string) {
	if cluster.IsPublic(room) {
		c.link.drop(c.room(room))
	}
}

// waiter is a cluster.Node whose Carrier needs time before what other servers emit reaches it.
type waiter struct {
	*cluster.Node
	core *core
}

var _ adapter.Waiter = (*waiter)(nil)

// Await waits until what other servers emit reaches this one, no longer than RequestTimeout, and not at all while NATS is away. Where NATS is a cluster, the servers that this
// one knows of are asked: what they say has passed theirs.
func (w *waiter) Await(ctx context.Context, _ ...string) error {
	ctx, cancel := context.WithTimeout(ctx, w.RequestTimeout())
	defer cancel()
	if err := w.core.link.await(ctx); err != nil || !w.core.link.isClustered() {
		return err
	}
	return w.core.spread.Await(ctx)
}

// carrier is what goes to all servers, and to one.
type carrier struct {
	subjects
	hub  *hub
	link *link
	node *cluster.Node
}

// open subscribes.
func (c *carrier) open() {
	c.link.want(c.all(), c.receive)
	c.link.want(c.subjects.node(c.node.ID()), c.receive)
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	c.link.nodes[c.node] = true
}

// Send publishes a message to all servers, or to one. While NATS is away, nobody is asked.
func (c *carrier) Send(m *cluster.Message) error {
	switch {
	case m.To != "":
		return c.sendTo(c.subjects.node(m.To), m)
	case m.Request != "":
		if err := c.link.isDown(); err != nil {
			return err
		}
	}
	return c.sendTo(c.all(), m)
}

// sendTo publishes a message. The sockets of an answer that is too large are halved.
func (c *carrier) sendTo(subject string, m *cluster.Message) error {
	data, err := cluster.Encode(m, false)
	if err != nil {
		return err
	}
	err = c.link.publish(outgoing{subject: subject, data: data})
	if n := len(m.Sockets); err != nil && n > 1 && errors.Is(err, ErrTooLarge) {
		first, rest := *m, *m
		first.Sockets, first.More, rest.Sockets = m.Sockets[:n/2], true, m.Sockets[n/2:]
		if err := c.sendTo(subject, &first); err != nil {
			return err
		}
		return c.sendTo(subject, &rest)
	}
	return err
}

// receive deals with what comes.
func (c *carrier) receive(data []byte) {
	m, err := cluster.Decode(data)
	if err != nil {
		c.hub.opts.OnError(err)
		return
	}
	c.node.Receive(m)
}

// Servers says whether NATS answers: who is there is known by heartbeats.
func (c *carrier) Servers(ctx context.Context) (int, error) { return 1, c.link.mark(ctx) }

// Gone is not asked: there are heartbeats.
func (c *carrier) Gone(context.Context, []string) ([]string, error) { return nil, nil }

// Close ends the subscriptions.
func (c *carrier) Close(ctx context.Context) error {
	c.link.drop(c.all())
	c.link.drop(c.subjects.node(c.node.ID()))
	c.link.mu.Lock()
	delete(c.link.nodes, c.node)
	c.link.mu.Unlock()
	return c.hub.leave(ctx)
}

// hub is what the namespaces of one server share: a connection, which is there as long as a namespace is.
type hub struct {
	url  string
	opts Options

	links cluster.Shared[*link]
}

// enter makes the connection, if there is none.
func (h *hub) enter(prepare func(context.Context, *nats.Conn) error) *link {
	return h.links.Enter(func() *link { return newLink(h.url, &h.opts, prepare) })
}

// leave ends the connection, if nobody uses it any more. What waits is sent before, until ctx ends or NATS is away.
func (h *hub) leave(ctx context.Context) error {
	l, last := h.links.Leave()
	if !last {
		return nil
	}
	return l.close(ctx)
}

// config returns the configuration of a cluster.Node.
func (h *hub) config() cluster.Config {
	return cluster.Config{RequestTimeout: h.opts.RequestTimeout, Heartbeat: h.opts.Heartbeat}
}
