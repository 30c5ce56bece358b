// Package adapter is the seam between socketio and what spreads events over several servers, or keeps them for clients that come
// back.
//
// A namespace of a server is a Local. What is emitted to it goes to its Adapter, which calls the Local for the sockets of this process,
// and tells other servers, which do the same. A server without an Adapter calls its Local itself.
package adapter

import (
	"context"
	"encoding/json/jsontext"
	"errors"
	"time"
)

// Packet is an event on its way to sockets. It is not changed once it has been given away. Its attachments belong to whoever emits it: an
// Adapter that keeps them longer than the call copies them.
type Packet struct {
	Event       string         // its name, which Args has as well
	Args        jsontext.Value // the JSON array of the event and its arguments, with placeholders
	Attachments [][]byte       // what the placeholders stand for, in their order

	// Offset, if not empty, is the place of the event among all, which clients send back to get what came after it. An Adapter that is a
	// Store sets it, before Local.Broadcast.
	Offset string
}

// Target says which sockets are meant: those in any of Rooms, or all if there are none, that are in none of Except. The identifier of
// a socket is a room that it alone is in, unless others have joined it.
type Target struct {
	Rooms, Except []string

	Volatile bool // what cannot be sent at once may be dropped
	Local    bool // only sockets of this server
}

// ErrDisconnected is the error of an Answer where the socket has been disconnected.
var ErrDisconnected = errors.New("socketio: disconnected")

// Answer is an acknowledgement, or says that there will be none.
type Answer struct {
	Args        jsontext.Value // an array, with placeholders
	Attachments [][]byte       // what the placeholders stand for, in their order
	Err         error          // why there will be none
}

// Local is the part of a namespace that lives in this process. socketio implements it; adapters call it. Its methods do
// not block, but take the time to tell every socket that is meant.
type Local interface {
	// Namespace returns the name of the namespace, such as "/".
	Namespace() string

	// Broadcast sends p to the sockets that are meant.
	Broadcast(p *Packet, t *Target)

	// BroadcastWithAck calls ack once for each of the clients whose number it returns, perhaps before it returns, until cancel is called.
	BroadcastWithAck(p *Packet, t *Target, ack func(Answer)) (clients int, cancel func())

	// Join and Leave let the sockets that are meant join or leave rooms. Disconnect takes them out of the namespace, and with close
	// ends their connections. Sockets returns them.
	Join(t *Target, rooms []string)
	Leave(t *Target, rooms []string)
	Disconnect(t *Target, close bool)
	Sockets(t *Target) []Socket

	// Rooms returns the rooms that sockets of this process are in.
	Rooms() []string

	// ServerSideEmit is called with what another server has emitted to this one. ack, which may be nil, is called at most once, perhaps later.
	ServerSideEmit(p *Packet, ack func(Answer))

	// Yield ends the socket of this process that has a secret (Session.PID), because its client has come back to another server: the connection
	// is lost, which has not been noticed yet. Its session has been given to Store.Save when Yield returns. It reports whether there was one.
	Yield(pid string) bool
}

// Adapter spreads what Local does over all servers. All methods may be called by several goroutines at once. None keeps a Target.
type Adapter interface {
	// Broadcast sends p to the sockets of all servers that are meant. It does not wait until they have it.
	Broadcast(ctx context.Context, p *Packet, t *Target) error

	// BroadcastWithAck calls ack, one call at a time, for each client of all servers, and returns when all have answered, or the
	// context's error.
	BroadcastWithAck(ctx context.Context, p *Packet, t *Target, ack func(Answer)) error

	// Join, Leave, Disconnect and Sockets are those of Local, on all servers.
	Join(ctx context.Context, t *Target, rooms []string) error
	Leave(ctx context.Context, t *Target, rooms []string) error
	Disconnect(ctx context.Context, t *Target, close bool) error
	Sockets(ctx context.Context, t *Target) ([]Socket, error)

	// ServerSideEmit tells the other servers. With ack, which may be nil, it waits until all of them have answered, or for the end of ctx.
	ServerSideEmit(ctx context.Context, p *Packet, ack func(Answer)) error

	// Servers returns how many servers there are, this one included.
	Servers(ctx context.Context) (int, error)

	// RoomOpened and RoomClosed tell that the first socket of this server has joined a room, or the last has left. They are called
	// in that order, with locks held: they must neither block nor call the Local.
	RoomOpened(room string)
	RoomClosed(room string)

	// Close ends what the adapter has started. ctx bounds the wait.
	Close(ctx context.Context) error
}

// Waiter is an Adapter that needs time before what other servers emit reaches this one.
type Waiter interface {
	Adapter

	// Await waits until what other servers emit to rooms that are open here, and to all sockets, reaches this one. It waits for a time that is bounded, and not
	// at all while there is no connection to other servers: the error says so.
	Await(ctx context.Context, rooms ...string) error
}

// Flusher is an Adapter that gives events to the Local later than Broadcast returns.
type Flusher interface {
	Adapter

	// Flush gives the Local the events that are on their way to it, because something follows that must not overtake them.
	Flush()
}

// Store is an Adapter that keeps events and sessions for connection state recovery.
type Store interface {
	Adapter

	// Save keeps a session that has lost its connection.
	Save(ctx context.Context, s *Session, keep time.Duration) error

	// Take gives a session that was kept, and the events behind offset that were meant for it, to resume, which lets a socket take part: no
	// event is given to the Local between those and what resume does. position is that of the last event. A session is given once. An
	// unknown one, and one of which not all events are known, is nil: then resume lets a new socket take part, or does nothing.
	Take(ctx context.Context, pid, offset string, resume Resume) error
}

// Keeper is a Store whose sessions outlive the process: those of sockets that are connected can be saved there, too (Session.Live).
type Keeper interface {
	Store

	// Forget forgets a session whose client does not come back.
	Forget(ctx context.Context, pid string) error
}

// Resume is what Store.Take calls, once.
type Resume func(s *Session, missed []*Packet, position string)

// New makes the adapter of a namespace. It is called once for each, with no lock held: it may take its time, and call the Server, but not
// ask it for that namespace. Who wants the namespace meanwhile waits.
type New func(l Local) (Adapter, error)

// Socket is a socket as other servers see it.
type Socket struct {
	ID        string         // its public identifier
	Rooms     []string       // with the own
	Handshake Handshake      // the one that it has connected with
	Data      jsontext.Value // what the application keeps with it
}

// Handshake is a handshake in the form of the Node implementation: URL and Query, and the Address of the client, are those of the
// request, and Auth is what the client has sent to log in. Time is Issued as a text. Secure says that there was TLS, and XDomain that
// there was an Origin.
type Handshake struct {
	Headers map[string]string // names in lower case
	Query   map[string]string
	Auth    jsontext.Value
	Address string
	URL     string
	Time    string
	Issued  int64 // milliseconds since 1970
	Secure  bool
	XDomain bool
}

// Session is what connection state recovery keeps.
type Session struct {
	SID, PID string         // its identifiers: the public one, and the one that only the client knows
	Rooms    []string       // without the own
	Data     jsontext.Value // what the application keeps with it
	Value    any            // what became Data, for a Store within the process; others leave it out
	Since    string         // the position when it began
	Live     bool           // its socket is connected, and may be asked for (Local.Yield): it is kept for the case that its server is killed

	// Memberships tell which events were meant for it by a room other than its own, also one that it has left.
	Memberships []Membership
}

// Membership is that a socket was in Room for the events behind the offset From, up to To. An empty To means that it is still there.
type Membership struct{ Room, From, To string }
