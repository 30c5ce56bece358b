package cluster

// This file holds who is there, in formats with heartbeats: each server says so again and again, and one that is silent for too long is gone.

import (
	"context"
	"time"
)

// beat says that this server is there, and looks for others that are silent, until the Node is closed.
func (n *Node) beat() {
	ticks := time.NewTicker(n.conf.Heartbeat)
	defer ticks.Stop()
	for {
		select {
		case <-n.closed:
			return
		case <-ticks.C:
			n.tell(&Message{Kind: Heartbeat})
			n.bury()
		}
	}
}

// heard notes that another server is there, or goes.
func (n *Node) heard(m *Message) {
	if n.conf.Heartbeat <= 0 || m.From == "" {
		return
	}
	if m.Kind == Goodbye {
		n.lose(m.From)
		return
	}
	n.mu.Lock()
	n.members[m.From] = time.Now()
	n.mu.Unlock()
	if m.Kind == Hello {
		n.tell(&Message{Kind: Heartbeat, To: m.From}) // others know
	}
}

// bury forgets servers that are silent.
func (n *Node) bury() {
	n.mu.Lock()
	var silent []string
	for id, at := range n.members {
		if time.Since(at) > n.conf.Silence {
			silent = append(silent, id)
		}
	}
	n.mu.Unlock()
	for _, id := range silent {
		n.lose(id)
	}
}

// lose forgets a server. Nobody waits for its answers any more.
func (n *Node) lose(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.members, id)
	for _, r := range n.requests {
		r.lose(id)
	}
}

// checkAlone returns an error where no other server is known because none can be heard.
func (n *Node) checkAlone(ctx context.Context, others int) error {
	if others > 0 {
		return nil
	}
	_, err := n.carrier.Servers(ctx)
	return err
}
