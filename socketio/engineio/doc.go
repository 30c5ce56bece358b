// Package engineio implements Engine.IO, protocol revision 4: sessions of messages over HTTP long-polling and WebSocket,
// that begin on the one and move to the other. Package socketio stands on it; it can be used by itself.
//
//	type echo struct{}
//
//	func (echo) Open(*engineio.Session) {}
//	func (echo) Message(s *engineio.Session, op websocket.Opcode, data []byte) { s.Send(op, data) }
//	func (echo) Close(*engineio.Session, engineio.Reason, error) {}
//
//	http.Handle("/engine.io/", engineio.NewServer(echo{}, nil))
//
// A session is secret: whoever knows its identifier can take part in it.
package engineio

// Protocol is the revision of the protocol, the value of the query parameter EIO.
const Protocol = 4

// Transport is a way for packets to travel.
type Transport string

// The transports, as the query parameter transport has them.
const (
	Polling   Transport = "polling"
	WebSocket Transport = "websocket"
)
