// Package redisadapter connects servers through Redis, in the formats of the official Node packages, so that servers of both
// kinds serve the clients of one application: PubSub is @socket.io/redis-adapter 8, Sharded its createShardedAdapter, Streams
// @socket.io/redis-streams-adapter 0.3, and Emitter @socket.io/redis-emitter 5.
//
//	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
//	io := socketio.NewServer(&socketio.Options{Adapter: redisadapter.PubSub(client, nil)})
//
// # While Redis is away
//
// What is emitted goes to the sockets of the server at once, whatever becomes of Redis. What is for other servers waits in a queue of
// at most Options.MaxQueued bytes, and leaves in order when Redis is back; what does not fit is dropped, which Emit returns as ErrBehind
// and Options.OnError is told. What other servers emit while a server's own connection is away does not reach its sockets, except with
// Streams. Requests fail with an error and what is known.
package redisadapter
