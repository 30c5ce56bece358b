package cluster

// This file holds the messages of servers to each other. How they are written is in format.go, and in packages that have formats of their own.

import (
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// Kind is what a message is for.
type Kind int

// The kinds, with the numbers that the cluster adapters of Node give them.
const (
	Hello             Kind = 1  // a server is there now; the others answer with Heartbeat
	Heartbeat         Kind = 2  // a server is still there
	Broadcast         Kind = 3  // Packet to Target; with Request, acknowledgements are wanted
	Join              Kind = 4  // Target joins Rooms
	Leave             Kind = 5  // Target leaves Rooms
	Disconnect        Kind = 6  // Target is disconnected
	FetchSockets      Kind = 7  // answered with FetchedSockets
	FetchedSockets    Kind = 8  // Sockets
	ServerSideEmit    Kind = 9  // Packet to the servers; with Request, acknowledgements are wanted
	ServerSideEmitted Kind = 10 // Answer
	ClientCount       Kind = 11 // Clients have got a Broadcast
	ClientAck         Kind = 12 // Answer of one of them
	Goodbye           Kind = 13 // a server goes

	// Those that only the older format has.
	FetchIDs    Kind = 101 // answered with FetchedIDs
	FetchedIDs  Kind = 102 // Rooms: the identifiers of sockets
	FetchRooms  Kind = 103 // answered with FetchedRooms
	FetchedRoom Kind = 104 // Rooms
	Done        Kind = 105 // answers Join, Leave and Disconnect with Request

	// Those that only we have.
	Yield   Kind = 201 // Rooms: the secret of a socket whose client has come back; answered with Yielded
	Yielded Kind = 202 // Clients: 1 if there was one, and its session is saved
	Probe   Kind = 203 // answered with Probed
	Probed  Kind = 204
)

// Message is a message of a server to others. It is not changed once it has been given away.
type Message struct {
	Kind      Kind
	From      string // the identifier of a server; may be empty in an answer, where the format has none
	To        string // in an answer, and in a Heartbeat that answers Hello
	Namespace string
	Request   string // the identifier of the request that is made, or answered; empty if no answer is wanted

	Packet  *adapter.Packet
	Target  adapter.Target
	Timeout time.Duration // how long acknowledgements are waited for; 0 if that is not known
	Losses  bool          // the one who asks wants to know of clients that will not acknowledge, too
	More    bool          // the same server answers with more sockets

	Rooms   []string
	Close   bool
	Sockets []adapter.Socket
	Clients int
	Answer  adapter.Answer
}

// IsAnswer reports whether a message is for one server.
func (m *Message) IsAnswer() bool {
	switch m.Kind {
	case FetchedSockets, ServerSideEmitted, ClientCount, ClientAck, FetchedIDs, FetchedRoom, Done, Yielded, Probed:
		return true
	}
	return false
}

// Attachments returns the binary values of a message.
func (m *Message) Attachments() [][]byte {
	if m.Packet != nil {
		return m.Packet.Attachments
	}
	return m.Answer.Attachments
}
