// Package websocket implements the WebSocket protocol, RFC 6455, with per-message compression, RFC 7692, for servers
// and clients.
//
// # A server
//
// An Upgrader makes connections. Its zero value is safe: it lets in clients that are no browsers, and pages of the
// server's own origin.
//
//	var up websocket.Upgrader
//	http.Handle("/echo", up.Handler(func(conn *websocket.Conn, r *http.Request) {
//		for msg, err := range conn.Messages(conn.Context()) {
//			if err != nil {
//				return
//			}
//			conn.Write(conn.Context(), msg.Op, msg.Data)
//		}
//	}))
//
// Handler runs the function on a goroutine of its own, and closes the connection when it returns. Upgrade leaves that
// to the caller; UpgradeConn does without net/http.
//
// # A client
//
//	conn, _, err := websocket.Dial(ctx, "wss://example.com/chat")
//	if err != nil {
//		return err
//	}
//	defer conn.Close(websocket.StatusNormalClosure, "")
//	err = conn.Write(ctx, websocket.OpText, []byte("hello"))
//	op, reply, err := conn.Read(ctx)
//
// # Concurrency
//
// One goroutine at a time reads; a second one gets ErrReadInProgress and does no harm. Everything else may be called
// by any goroutine at any time. Writers do not queue for the network: their frames collect in one bounded buffer,
// which one of them, or a goroutine that lives for it, sends in as few system calls as possible.
//
// Somebody must read, also on a connection that is only written to: pings are answered, and the peer's close frame is
// noticed, by whoever reads. CloseRead does it in the background.
//
// # Contexts and errors
//
// A context ends a wait and nothing else. A read that was cancelled can be repeated and goes on where it stopped, in
// the middle of a frame, too; a write that was cancelled has sent nothing. The one exception is a message larger than
// the write buffer that was cut in the middle: it ends the connection, and the error says so.
//
// Once a connection has ended, every call returns an error that wraps the same *CloseError: who ended it, with what
// code and reason, and why. errors.Is(err, io.EOF) holds when the peer has closed in an ordinary way, and errors.Is(err,
// net.ErrClosed) when this side has. A *ProtocolError inside says which rule the peer broke.
//
// # Reading and writing, from simple to fast
//
// Read returns a message to keep, at the price of one allocation. AppendRead appends it to a slice of the caller's.
// Messages is a loop over messages in a buffer that is used again, and is the fastest. Reader and Writer stream a
// message that is too large to be held. WritePrepared sends one message to many connections and encodes it once.
//
// What is written while messages that arrived together are still being read is held back for them, at most for a
// millisecond, and leaves in one system call: see Options.NoBatching and Conn.Flush.
//
// # Limits
//
// Messages are limited to a mebibyte after inflation unless Options.ReadLimit says otherwise, and memory grows with
// what has arrived, never with what was announced. Handshakes, writes, pings and the closing handshake are bounded in
// time. See Options.
//
// # Building on it
//
// Receiver and Sender are the protocol without I/O: bytes to messages and back, with every rule, for those who have an
// event loop or a transport of their own. ServerConn and ClientConn make a Conn over a net.Conn whose opening
// handshake was done elsewhere. Package wstest has connected pairs in memory for tests, wsjson reads and writes JSON,
// compress is the compression by itself, and autobahn tests implementations in any language.
package websocket
