package cluster

// This file holds requests to the other servers, and the answers that are waited for.

import (
	"context"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// request is what answers are waited for. Those that have answered are known by name only where the format has names.
type request struct {
	own     string           // the identifier of the server that asks
	servers int              // how many there were, if they are counted
	each    func(m *Message) // is called with every answer, one at a time

	mu      sync.Mutex
	asked   map[string]bool // servers that have not answered, with heartbeats
	left    int             // servers that have not answered
	heard   int             // other servers that have
	owed    map[string]int  // acknowledgements of clients that servers owe, or, below 0, have given before they said how many there are
	debtors int             // servers that owe some, or have given too many
	lost    bool
	over    bool
	done    chan struct{}
}

// newRequest returns a request to servers, whose names are known with heartbeats.
func (n *Node) newRequest(ctx context.Context, each func(*Message)) (*request, error) {
	r := &request{own: n.conf.ID, each: each, owed: make(map[string]int), done: make(chan struct{})}
	if n.conf.Heartbeat > 0 {
		n.mu.Lock()
		r.asked = make(map[string]bool)
		for id := range n.members {
			r.asked[id] = true
		}
		r.left = len(r.asked)
		n.mu.Unlock()
		return r, n.closedOr(n.checkAlone(ctx, r.left))
	}
	servers, err := n.carrier.Servers(ctx)
	r.left, r.servers = max(servers-1, 0), servers
	return r, n.closedOr(err)
}

// closedOr returns err, or ErrClosed in place of what has become of the Carrier behind Close.
func (n *Node) closedOr(err error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil && n.isClosed {
		return ErrClosed
	}
	return err
}

// ask sends a request to all other servers, and calls each with every answer until all have answered, but no longer than RequestTimeout.
func (n *Node) ask(ctx context.Context, m *Message, each func(*Message)) error {
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, n.conf.RequestTimeout)
	defer cancel()
	r, err := n.newRequest(ctx, each)
	if err != nil || r.left == 0 {
		return err
	}
	return n.perform(ctx, outer, r, m)
}

// BroadcastWithAck calls ack for each client of all servers.
func (n *Node) BroadcastWithAck(ctx context.Context, p *adapter.Packet, t *adapter.Target, ack func(adapter.Answer)) error {
	if t.Local {
		return adapter.Gather(ctx, n.local, p, t, ack)
	}
	counting, cancel := context.WithTimeout(ctx, n.conf.RequestTimeout)
	defer cancel()
	r, err := n.newRequest(counting, func(m *Message) { ack(m.Answer) })
	if err != nil {
		if e := adapter.Gather(ctx, n.local, p, t, ack); e != nil {
			err = e
		}
		return err
	}
	m := &Message{Kind: Broadcast, Packet: p, Target: *t, Losses: true}
	if until, ok := ctx.Deadline(); ok {
		m.Timeout = time.Until(until)
	}
	r.left++ // this server
	if r.asked != nil {
		r.asked[n.conf.ID] = true
	}
	return n.perform(ctx, ctx, r, m)
}

// perform sends a request and waits. Where it wants acknowledgements, the clients of this server are asked, too.
func (n *Node) perform(ctx, outer context.Context, r *request, m *Message) error {
	m.Request = RandomID()
	if err := n.begin(m.Request, r); err != nil {
		return err
	}
	defer n.end(m.Request, r)
	err := n.send(m)
	if err != nil {
		r.giveUp()
	}
	if m.Kind == Broadcast {
		own := n.conf.ID
		clients, cancel := n.local.BroadcastWithAck(m.Packet, &m.Target, func(a adapter.Answer) {
			r.answer(&Message{Kind: ClientAck, From: own, Answer: a})
		})
		defer cancel()
		r.answer(&Message{Kind: ClientCount, From: own, Clients: clients})
	} else if err != nil {
		return err
	}
	if e := n.wait(ctx, outer, r); e != nil && err == nil {
		err = e
	}
	return err
}

// begin registers a request.
func (n *Node) begin(id string, r *request) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isClosed {
		return ErrClosed
	}
	n.requests[id] = r
	for one := range r.asked { // those that went meanwhile
		if _, ok := n.members[one]; !ok && one != r.own {
			r.lose(one)
		}
	}
	return nil
}

// end forgets it. No answer is told afterwards.
func (n *Node) end(id string, r *request) {
	n.mu.Lock()
	delete(n.requests, id)
	n.mu.Unlock()
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
}

// wait waits for the end of a request.
func (n *Node) wait(ctx, outer context.Context, r *request) error {
	ticks := time.NewTicker(recount)
	defer ticks.Stop()
	for {
		select {
		case <-r.done:
			if r.hasLost() {
				return ErrServerLost
			}
			return nil
		case <-ctx.Done():
			return n.failed(ctx, outer)
		case <-n.closed:
			return ErrClosed
		case <-ticks.C:
			n.recount(ctx, r)
		}
	}
}

// recount notices that there are fewer servers than were asked.
func (n *Node) recount(ctx context.Context, r *request) {
	if n.conf.Heartbeat > 0 {
		return
	}
	servers, err := n.carrier.Servers(ctx)
	if err != nil || servers <= 0 {
		return
	}
	r.recounted(servers)
	if all := r.indebted(); len(all) > 0 && servers < r.servers {
		gone, _ := n.carrier.Gone(ctx, all) // without an answer, they are thought to be there
		for _, one := range gone {
			r.lose(one)
		}
	}
}

// indebted returns the other servers, as far as they are known by name, whose clients owe acknowledgements.
func (r *request) indebted() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for server, clients := range r.owed {
		if clients > 0 && server != "" && server != r.own {
			all = append(all, server)
		}
	}
	return all
}

// answered deals with an answer.
func (n *Node) answered(m *Message) {
	n.mu.Lock()
	r := n.requests[m.Request]
	n.mu.Unlock()
	if r != nil {
		r.answer(m)
	}
}

// answer deals with an answer. That of this server is one, too.
func (r *request) answer(m *Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	switch m.Kind {
	case ClientAck:
		r.owe(m.From, -1)
		r.each(m)
	case ClientCount:
		r.owe(m.From, m.Clients)
		r.hear(m.From)
	case FetchedSockets, ServerSideEmitted, Yielded, Probed:
		r.each(m)
		if !m.More {
			r.hear(m.From)
		}
	}
	r.check()
}

// owe notes acknowledgements that a server owes. mu is held.
func (r *request) owe(server string, clients int) {
	was := r.owed[server]
	r.owed[server] = was + clients
	switch {
	case was == 0 && clients != 0:
		r.debtors++
	case was != 0 && was+clients == 0:
		r.debtors--
	}
}

// hear notes that a server has answered. mu is held.
func (r *request) hear(server string) {
	if server != r.own {
		r.heard++
	}
	if r.asked == nil || r.asked[server] {
		delete(r.asked, server)
		r.left--
	}
}

// lose notes that a server has gone.
func (r *request) lose(server string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	if r.asked[server] {
		delete(r.asked, server)
		r.left--
		r.lost = true
	}
	if owed := r.owed[server]; owed != 0 {
		r.owe(server, -owed)
		r.lost = true
	}
	r.check()
}

// recounted notes that there are that many servers.
func (r *request) recounted(servers int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over && r.left > 0 && r.heard >= servers-1 { // whoever is there has answered
		r.left, r.lost = 0, true
	}
	r.check()
}

// giveUp waits for this server only.
func (r *request) giveUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked, r.left = nil, 1
}

// check ends the request if everything has come. mu is held.
func (r *request) check() {
	if !r.over && r.left <= 0 && r.debtors == 0 {
		r.over = true
		close(r.done)
	}
}

// hasLost reports whether a server went away that was to answer.
func (r *request) hasLost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}
