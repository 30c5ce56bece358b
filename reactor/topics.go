package reactor

// This file holds topics: messages for all connections that have subscribed to a name. Each loop knows the subscribers among its
// own connections, and only it changes them or writes to them; everybody else posts what is to be done. A loop deals with
// all that was posted before it sends, so that messages that are published at once leave each connection in one system call.

import "github.com/seed-d69ae1b7/websocket"

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
	return c.loop.server.publishMessage(c, topic, op, p)
}

// PublishPrepared is Publish for what is prepared. See Server.PublishPrepared.
func (c *Conn) PublishPrepared(topic string, m *websocket.PreparedMessage) error {
	return c.loop.server.publish(c, topic, m)
}

// Publish sends a message to all subscribers of topic: OpText, whose p must be UTF-8, or OpBinary. p is copied. It never waits: the
// loops write it when they have done what they are at, behind everything that this goroutine has published before, and behind
// what it has written. What happens where a subscriber has no room, WhenFull says. The error is that of a wrong opcode or of
// text that is not UTF-8, or ErrServerClosed.
func (s *Server) Publish(topic string, op websocket.Opcode, p []byte) error {
	return s.publishMessage(nil, topic, op, p)
}

// PublishPrepared is Publish for a prepared message, or several, of which each subscriber gets all or none. Where compression with context
// takeover was negotiated, the messages of a websocket.Broadcaster for this topic take about half the bytes of others.
func (s *Server) PublishPrepared(topic string, m *websocket.PreparedMessage) error {
	return s.publish(nil, topic, m)
}

// publishMessage is Publish to all but one.
func (s *Server) publishMessage(but *Conn, topic string, op websocket.Opcode, p []byte) error {
	m, err := websocket.NewPreparedMessage(op, p)
	if err != nil {
		return err
	}
	return s.publish(but, topic, m)
}

// publish is PublishPrepared to all but one.
func (s *Server) publish(but *Conn, topic string, m *websocket.PreparedMessage) error {
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

// topics are those of a loop, and who has subscribed to them. All of that is numbers: pointers of a million subscribers are work for the
// garbage collector, and a subscription is to cost an idle connection little: 24 bytes.
type topics struct {
	numbers map[string]uint32 // of topics, by name
	list    []topic
	unused  []uint32 // of list
	subs    []subscription
	spare   []uint32 // of subs
	first   []uint32 // by slot: the first subscription of a connection; 0 is none's
}

// topic has those who get what is published to it.
type topic struct {
	name    string
	members []uint32 // subscriptions
}

// subscription says that a connection gets what is published to a topic.
type subscription struct {
	slot  uint32
	topic uint32
	at    uint32 // index of the topic's members
	next  uint32 // of the same connection, or 0
}

// obey does what an order says. conn is the connection that it is about or, to publish, that it is not for.
func (l *loop) obey(conn *Conn, o *order) {
	switch {
	case o.kind == publish:
		l.publish(conn, o)
	case conn.has(over): // it has ended, or will not get anything
	case o.kind == subscribe:
		if l.topics.add(conn.slot, o.topic) {
			l.server.count(o.topic, 1)
		}
	default:
		if l.topics.remove(conn.slot, o.topic) {
			l.server.count(o.topic, -1)
		}
	}
}

// number returns that of a topic, which is made if need be.
func (t *topics) number(name string) uint32 {
	if n, ok := t.numbers[name]; ok {
		return n
	}
	if t.numbers == nil {
		t.numbers = make(map[string]uint32)
	}
	n := uint32(len(t.list))
	if last := len(t.unused) - 1; last >= 0 {
		n, t.unused = t.unused[last], t.unused[:last]
	} else {
		t.list = append(t.list, topic{})
	}
	t.list[n].name = name
	t.numbers[name] = n
	return n
}

// add subscribes a connection. It is false if that was done before.
func (t *topics) add(slot uint32, name string) bool {
	n := t.number(name)
	for int(slot) >= len(t.first) {
		t.first = append(t.first, 0)
	}
	for sub := t.first[slot]; sub != 0; sub = t.subs[sub].next {
		if t.subs[sub].topic == n {
			return false
		}
	}
	if len(t.subs) == 0 {
		t.subs = make([]subscription, 1)
	}
	sub := uint32(len(t.subs))
	if last := len(t.spare) - 1; last >= 0 {
		sub, t.spare = t.spare[last], t.spare[:last]
	} else {
		t.subs = append(t.subs, subscription{})
	}
	members := &t.list[n].members
	t.subs[sub] = subscription{slot: slot, topic: n, at: uint32(len(*members)), next: t.first[slot]}
	*members = append(*members, sub)
	t.first[slot] = sub
	return true
}

// remove ends a subscription. It is false if there is none.
func (t *topics) remove(slot uint32, name string) bool {
	n, ok := t.numbers[name]
	if !ok || int(slot) >= len(t.first) {
		return false
	}
	for at := &t.first[slot]; *at != 0; at = &t.subs[*at].next {
		if sub := *at; t.subs[sub].topic == n {
			*at = t.subs[sub].next
			t.leave(sub)
			return true
		}
	}
	return false
}

// leave takes a subscription, which no connection has any more, out of its topic. The last member takes its place.
func (t *topics) leave(sub uint32) {
	was := t.subs[sub]
	to := &t.list[was.topic]
	last := len(to.members) - 1
	moved := to.members[last]
	to.members[was.at] = moved
	t.subs[moved].at = was.at
	to.members = to.members[:last]
	t.spare = append(t.spare, sub)
	if last == 0 {
		delete(t.numbers, to.name)
		*to = topic{}
		t.unused = append(t.unused, was.topic)
	}
}

// unsubscribeAll ends the subscriptions of a connection that has ended.
func (l *loop) unsubscribeAll(slot uint32) {
	t := &l.topics
	if int(slot) >= len(t.first) {
		return
	}
	for sub := t.first[slot]; sub != 0; sub = t.first[slot] {
		t.first[slot] = t.subs[sub].next
		l.server.count(t.list[t.subs[sub].topic].name, -1)
		t.leave(sub)
	}
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
	n, ok := l.topics.numbers[o.topic]
	if !ok {
		return
	}
	for _, sub := range l.topics.list[n].members {
		if c := l.conns[l.topics.subs[sub].slot]; c != but {
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
		l.server.dropped.Add(uint64(m.Len()))
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
