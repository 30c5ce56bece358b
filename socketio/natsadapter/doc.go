// Package natsadapter connects servers through NATS. Core needs a NATS server only; JetStream lets events and orders stand in a stream, and supports
// connection state recovery.
//
//	io := socketio.NewServer(&socketio.Options{Adapter: natsadapter.Core("nats://localhost:4222", nil)})
//
// # While NATS is away
//
// What is emitted goes to the sockets of the server at once, whatever becomes of NATS. What is for other servers waits in a queue of at most
// Options.MaxQueued bytes, and leaves in order when NATS is back; what does not fit is dropped, which Emit returns as ErrBehind and Options.OnError is
// told. What other servers emit while a server's own connection is away does not reach its sockets with Core; with JetStream it does later. Requests
// fail with an error and what is known. A server may start before NATS does.
//
// # Subjects
//
// Below Options.Prefix, which is "socketio": all.NAMESPACE, node.NAMESPACE.SERVER, room.NAMESPACE.ROOM, and of JetStream log.NAMESPACE and session.PID. Names
// are tokens: letters, digits, - and _ stand for themselves, and each other byte is = and two hexadecimal digits ("/" is =2f).
// The messages are those of the cluster adapters of Node, JSON or MessagePack; there is no official adapter for NATS.
package natsadapter
