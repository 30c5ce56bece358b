package cluster

// This file holds how a socket is given up whose client has come back to another server, because its old connection is lost and that has not been noticed.

import (
	"context"
	"time"
)

// yieldPatience is how long others are asked whether they have a socket: Node's servers do not answer, nor does one that was killed just now.
const yieldPatience = 2 * time.Second

// Yield asks the other servers to end the socket that has a secret, and reports whether there was one: then its session is saved.
func (n *Node) Yield(ctx context.Context, pid string) (had bool) {
	ctx, cancel := context.WithTimeout(ctx, min(yieldPatience, n.conf.RequestTimeout))
	defer cancel()
	n.ask(ctx, &Message{Kind: Yield, Rooms: []string{pid}}, func(m *Message) { // an error says that nobody has told of one
		if m.Clients > 0 {
			had = true
			cancel()
		}
	})
	return had
}

// yield ends a socket that another server asks for, and says so when its session is saved.
func (n *Node) yield(m *Message) {
	if len(m.Rooms) != 1 || n.conf.Saved == nil || !n.local.Yield(m.Rooms[0]) {
		n.answer(m, &Message{Kind: Yielded})
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isClosed {
		return
	}
	n.pending.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), n.conf.RequestTimeout)
		defer cancel()
		if err := n.conf.Saved(ctx); err != nil {
			n.conf.Logger.Warn("socketio: the session of a client that has come back elsewhere is not saved", "namespace", n.local.Namespace(), "error", err)
			return
		}
		n.answer(m, &Message{Kind: Yielded, Clients: 1})
	})
}
