package reactor

// This file holds topics: messages for all connections that have subscribed to a name. Each loop knows the subscribers among its
// own connections, and only it changes them or writes to them; everybody else posts what is to be done. A loop deals with
// all that was posted before it sends, so that messages that are published at once leave each connection in one system call.

import (
	"slices"

	"github.com/seed-d69ae1b7/websocket"
)

// FullPolicy says what becomes of a subscriber that has no room for a message (see Conn.Write).
type FullPolicy uint8

const (
	DropMessage FullPolicy = iota // it does not get that message, and Server.Dropped counts it
	CloseConn                     // it is closed at once, as by a timeout, with an error that wraps websocket.ErrBackpressure
)

// Subscribe has c get what is published to topic from now on: whatever the same goroutine publishes afterwards, too. It does nothing if
// c has subscribed already, or has ended. The end of a connection ends its subscriptions.
func (c *Conn) Subscribe(topic string) {
	c.loop.post(mail{conn: c, order: &order{kind: subscribe, topic: topic}})
}

// Unsubscribe ends what Subscribe began. What was published before still comes.
func (c *Conn) Unsubscribe(topic string) {
	c.loop.post(mail{conn: c, order: &order{kind: unsubscribe, topic: topic}})
}

// Publish sends a message to all subscribers of topic but c, on all loops of its server. See Server.Publish.
func (c *Conn) Publish(topic string, op websocket.Opcode, p []byte) error {
	return c.loop.server.publish(c, topic, op, p)
}

// Publish sends a message to all subscribers of topic: OpText, whose p must be UTF-8, or OpBinary. p is copied. It never waits: the
// loops write it when they have done what they are at, behind everything that this goroutine has published before, and behind
// what it has written. What happens where a subscriber has no room, WhenFull says. The error is that of a wrong opcode or of
// text that is not UTF-8, or ErrServerClosed.
func (s *Server) Publish(topic string, op websocket.Opcode, p []byte) error {
	return s.publish(nil, topic, op, p)
}

// publish is Publish to all but one.
func (s *Server) publish(but *Conn, topic string, op websocket.Opcode, p []byte) error {
	m, err := websocket.NewPreparedMessage(op, p)
	if err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	o := &order{kind: publish, topic: topic, message: m}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrServerClosed
	}
	for _, l := range s.loops {
		l.post(mail{conn: but, order: o})
	}
	if s.other != nil {
		s.other.post(mail{conn: but, order: o})
	}
	return nil
}

// Subscribers returns how many connections have subscribed to topic, as far as their loops know.
func (s *Server) Subscribers(topic string) int {
	s.topics.Lock()
	defer s.topics.Unlock()
	return s.topics.subscribers[topic]
}

// Dropped returns how many messages subscribers did not get because they had no room.
func (s *Server) Dropped() uint64 { return s.dropped.Load() }

// order is what a loop is told to do about a topic. It is not changed: all loops may have the same.
type order struct {
	kind    orderKind
	topic   string
	message *websocket.PreparedMessage // to publish
}

type orderKind uint8

const (
	subscribe orderKind = iota
	unsubscribe
	publish
)

// topic is one of a loop.
type topic struct {
	name    string
	members []uint32 // slots
}

// subscription is a connection's place among the members of a topic. Its loop's own.
type subscription struct {
	topic *topic
	at    int // index of members
}

// obey does what an order says. conn is the connection that it is about or, to publish, that it is not for.
func (l *loop) obey(conn *Conn, o *order) {
	switch {
	case o.kind == publish:
		l.publish(conn, o)
	case conn.has(over): // it has ended, or will not get anything
	case o.kind == subscribe:
		l.subscribe(conn, o.topic)
	default:
		l.unsubscribe(conn, o.topic)
	}
}

func (l *loop) subscribe(c *Conn, name string) {
	t := l.topics[name]
	if t == nil {
		if l.topics == nil {
			l.topics = make(map[string]*topic)
		}
		t = &topic{name: name}
		l.topics[name] = t
	}
	c.mu.Lock()
	x := c.more() // whose subscriptions are the loop's own
	c.mu.Unlock()
	if x.find(t) < 0 {
		x.topics = append(x.topics, subscription{t, len(t.members)})
		t.members = append(t.members, c.slot)
		l.server.count(name, 1)
	}
}

// find returns the index of the subscription to t, or -1.
func (x *extra) find(t *topic) int {
	return slices.IndexFunc(x.topics, func(s subscription) bool { return s.topic == t })
}

func (l *loop) unsubscribe(c *Conn, name string) {
	c.mu.Lock()
	x := c.ext
	c.mu.Unlock()
	if t := l.topics[name]; t != nil && x != nil {
		if i := x.find(t); i >= 0 {
			l.leaveTopic(x, i)
		}
	}
}

// unsubscribeAll ends the subscriptions of a connection that has ended.
func (l *loop) unsubscribeAll(c *Conn) {
	c.mu.Lock()
	x := c.ext
	c.mu.Unlock()
	for x != nil && len(x.topics) > 0 {
		l.leaveTopic(x, len(x.topics)-1)
	}
}

// leaveTopic ends the subscription i of x. The last member takes the place that becomes free.
func (l *loop) leaveTopic(x *extra, i int) {
	t, at := x.topics[i].topic, x.topics[i].at
	x.topics = slices.Delete(x.topics, i, i+1)
	last := len(t.members) - 1
	if at < last {
		slot := t.members[last]
		t.members[at] = slot
		moved := l.conns[slot].ext
		moved.topics[moved.find(t)].at = at
	}
	t.members = t.members[:last]
	if last == 0 {
		delete(l.topics, t.name)
	}
	l.server.count(t.name, -1)
}

// count notes that a topic has more or fewer subscribers.
func (s *Server) count(topic string, change int) {
	s.topics.Lock()
	defer s.topics.Unlock()
	if s.topics.subscribers == nil {
		s.topics.subscribers = make(map[string]int)
	}
	if s.topics.subscribers[topic] += change; s.topics.subscribers[topic] == 0 {
		delete(s.topics.subscribers, topic)
	}
}

// publish puts a message behind what waits for each subscriber. It is sent when all mail has been read.
func (l *loop) publish(but *Conn, o *order) {
	t := l.topics[o.topic]
	if t == nil {
		return
	}
	for _, slot := range t.members {
		if c := l.conns[slot]; c != but {
			l.publishTo(c, o.message)
		}
	}
}

// publishTo is publish for one subscriber.
func (l *loop) publishTo(c *Conn, m *websocket.PreparedMessage) {
	first, err := c.QueuePrepared(m)
	switch {
	case err == websocket.ErrBackpressure && l.server.WhenFull == CloseConn:
		l.full = append(l.full, c)
	case err == websocket.ErrBackpressure:
		l.server.dropped.Add(1)
	case first && err == nil:
		l.published = append(l.published, c)
	}
}

// sendPublished sends what was published.
func (l *loop) sendPublished() {
	for _, c := range l.published {
		c.Send()
	}
	clear(l.published)
	l.published = l.published[:0]
	for n := len(l.full); n > 0; n = len(l.full) {
		c := l.full[n-1]
		l.full = l.full[:n-1]
		if !c.has(over) {
			l.abort(c, websocket.ErrBackpressure)
		}
	}
}
