package socketio

// This file holds what adapters ask of a namespace.

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"slices"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// local is a Namespace as adapters see it.
type local struct{ n *Namespace }

var _ adapter.Local = local{}

func (l local) Namespace() string { return l.n.name }

// selectionOf returns a choice as rooms have it.
func selectionOf(t *adapter.Target) *selection { return &selection{rooms: t.Rooms, except: t.Except} }

func (l local) Broadcast(p *adapter.Packet, t *adapter.Target) {
	sel := selectionOf(t)
	if p.Offset != "" {
		sel.offset = &p.Offset
	}
	if err := l.n.deliver(p.Event, l.n.packetOf(p), p.Attachments, sel, t.Volatile); err != nil {
		l.n.srv.opts.logger().Error("socketio: broadcast", "namespace", l.n.name, "error", err)
	}
}

// BroadcastWithAck registers whoever answers before anything is sent.
func (l local) BroadcastWithAck(p *adapter.Packet, t *adapter.Target, ack func(adapter.Answer)) (int, func()) {
	id := l.n.nextID()
	q := l.n.packetOf(p)
	q.HasID, q.ID = true, id
	out, err := l.n.srv.encodePacket(q, p.Attachments, true)
	defer out.release()
	if err != nil {
		l.n.srv.opts.logger().Error("socketio: broadcast", "namespace", l.n.name, "error", err)
		return 0, func() {}
	}
	crowd := slices.DeleteFunc(l.n.chosen(selectionOf(t), nil), func(s *Socket) bool { return !s.isReady() || !s.expect(id, ack) })
	cancel, sent := func() {
		for _, s := range crowd {
			s.forget(id)
		}
	}, false
	defer func() {
		if !sent { // OnAnyOutgoing has panicked
			cancel()
		}
	}()
	f := beginFlushing()
	defer f.end()
	for _, s := range crowd {
		s.tellOutgoing(p.Event, q.Data, p.Attachments)
		first, _ := out.queueFor(s.Session()) // its end answers
		f.add(s.Session(), first)
	}
	sent = true
	return len(crowd), cancel
}

func (l local) Join(t *adapter.Target, rooms []string) {
	for _, s := range l.n.chosen(selectionOf(t), nil) {
		l.n.join(s, rooms)
	}
}

func (l local) Leave(t *adapter.Target, rooms []string) {
	for _, s := range l.n.chosen(selectionOf(t), nil) {
		l.n.leave(s, rooms)
	}
}

func (l local) Disconnect(t *adapter.Target, close bool) {
	for _, s := range l.n.chosen(selectionOf(t), nil) {
		if close {
			s.closeConn()
		} else {
			s.disconnect(&DisconnectError{Reason: ServerNamespaceDisconnect})
		}
	}
}

func (l local) Sockets(t *adapter.Target) []adapter.Socket {
	var all []adapter.Socket
	for _, s := range l.n.chosen(selectionOf(t), nil) {
		all = append(all, adapter.Socket{ID: s.id, Rooms: s.Rooms(), Handshake: s.Handshake().forServers(), Data: s.dataJSON()})
	}
	return all
}

func (l local) Rooms() []string {
	var all []string
	for room := range l.n.Rooms() {
		all = append(all, room)
	}
	return all
}

func (l local) ServerSideEmit(p *adapter.Packet, ack func(adapter.Answer)) {
	go l.n.fromServer(p, ack) // a handler may block
}

func (l local) Yield(pid string) bool {
	_, had := l.n.giveUp(pid)
	return had
}

// dataJSON returns Data as JSON: null where it cannot be.
func (s *Socket) dataJSON() (all jsontext.Value) {
	data := s.Data()
	if data == nil {
		return nil
	}
	defer func() { // of a marshaler: whoever has called, all of the namespace's servers perhaps, must not suffer from it
		if v := recover(); v != nil {
			s.seat.failed("SetData", nil, v)
		}
	}()
	b, err := json.Marshal(data, lenient)
	if err != nil {
		s.namespace.srv.opts.logger().Warn("socketio: Data is no JSON", "socket", s.id, "error", err)
		return nil
	}
	return b
}

// forServers returns a handshake in the form of the Node implementation.
func (h *Handshake) forServers() adapter.Handshake {
	out := adapter.Handshake{Auth: h.Auth, Headers: map[string]string{}, Query: map[string]string{}}
	if h.Request == nil {
		return out
	}
	for name, values := range h.Headers() {
		out.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	u := h.URL()
	for name, values := range u.Query() {
		out.Query[name] = values[0]
	}
	at := h.Time()
	out.Address, out.URL, out.Secure = h.RemoteAddr(), u.RequestURI(), h.TLS()
	out.Time, out.Issued = at.UTC().Format(time.RFC1123), at.UnixMilli()
	out.XDomain = h.Header("Origin") != ""
	return out
}
