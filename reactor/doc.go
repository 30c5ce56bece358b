// Package reactor serves WebSocket connections by a few event loops: for many connections that mostly wait, and for messages that cost
// little more than their system calls. A connection has no goroutine and, while nothing of it is under way, no buffer: it takes
// at most 144 bytes of the heap (TestMemory). A message costs no allocation.
//
//	s := reactor.Server{Handler: reactor.MessageFunc(func(c *reactor.Conn, op websocket.Opcode, p []byte) {
//		c.Write(context.Background(), op, p)
//	})}
//	ln, err := net.Listen("tcp", ":8080")
//	if err != nil {
//		return err
//	}
//	return s.Serve(ln)
//
// # Handlers
//
// A Handler is called by the loop of its connection: Open, then Message for each message, then Close. It must not wait, because a
// loop serves its other connections meanwhile: no locks that are held for long, no databases, no reading of files. What takes
// longer belongs to another goroutine, with a copy of the message, and Conn.PauseReading where order or memory wants it; or to Workers,
// which run the handlers in place of the loops, for some more of CPU. All methods of Conn may be called from everywhere, and
// none of them waits but Ping. A handler that keeps a loop waiting for more than a second is told of in the log, once, with its stack.
//
// What a handler writes for the messages that have come together leaves in one system call. What others write leaves at once; Queue and
// Send put together what belongs together.
//
// # Back pressure
//
// What waits to be sent is bounded by Options.WriteBuffer for each connection: Write says so, and does not wait. While more than half
// of that waits the peer is not read, so that a peer that sends and does not read is held up by itself, in the middle of what has
// come at once, too, and a handler that answers each message with one never sees websocket.ErrBackpressure.
//
// # Topics
//
// Conn.Subscribe, Conn.Publish and Server.Publish send one message to many connections: it is encoded once, and what is published at once
// leaves each connection in one system call. PublishPrepared does so for messages of a websocket.Broadcaster. A subscriber without room for it loses the message or the connection: Server.WhenFull.
//
// # Connections of every kind
//
// On Linux, TCP and Unix sockets are served as described. Every other net.Conn, such as one of TLS, and all of them on other systems, are
// served by the same loops through two goroutines each, which take some 10 KB: it works, and costs what it would elsewhere.
//
// Server.HTTP makes connections of requests to an http.Server, beside its others; Adopt takes those whose opening handshake was done
// elsewhere.
//
// # Compression
//
// With context takeover a connection keeps its compressors, as a websocket.Conn does. Without it, in both directions, it keeps nothing: all
// connections with the same terms share them. Options.Compression asks for that.
//
// # macOS and the BSDs
//
// There is a poller for kqueue, with the build tag kqueue. It is compiled and vetted for darwin, freebsd, netbsd, openbsd and dragonfly, and
// its logic is tested over a simulated kernel, but it has not run on any of them: without the tag, connections are served by
// goroutines there.
package reactor
