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
// Handler returns when the function has, and closes the connection then: middleware, and contexts of routers, last as
// long. DetachedHandler is for many idle connections: it returns at once, which takes some 9 kB less for each. Upgrade
// leaves the end to the caller; UpgradeConn does without net/http, and Handshake without any I/O.
//
// They are handlers like others: who the user is, middleware finds out, or a handler that calls this one. Which pages may
// connect, Upgrader.Origins and CheckOrigin say.
//
// Upgrader.Shutdown ends all connections and waits for the functions; http.Server.Shutdown knows nothing of either.
// Call both.
//
// # A client
//
//	conn, _, err := websocket.Dial(ctx, "wss://example.com/chat")
//	if err != nil {
//		return err
//	}
//	defer conn.Close(websocket.StatusNormalClosure, "")
//	err = conn.Write(ctx, websocket.OpText, []byte("hello"))
//	reply, err := conn.Read(ctx)
//
// Under GOOS=js Dial goes over the WebSocket of the browser, with a Dialer that has what browsers allow.
//
// # TLS
//
// A Dialer's wss needs nothing. A server that speaks TLS itself puts Listener below it, as the innermost listener:
//
//	ln, err := net.Listen("tcp", ":443")
//	…
//	err = srv.ServeTLS(websocket.Listener(ln), certFile, keyFile)
//
// It works without, and a server behind a proxy that ends TLS needs none; with it, TLS costs a connection little more than crypto/tls
// itself takes. Conn.OnSocket tells which it is.
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
// the middle of a frame, too; a write that was cancelled has sent nothing. The exceptions end the connection, and the
// error says so: a message that was cut in the middle, which only one larger than the write buffer or one from Writer can
// be, and a read on a transport without deadlines.
//
// Errors that are no *CloseError leave the connection as it was: that of a context, ErrReadInProgress,
// ErrWriteInProgress, ErrBackpressure, and those of wrong arguments. The exception is ErrWriteFailed: nothing can be sent
// any more, but what the peer had sent is still read, and the end of its stream, which is waited for, says how the
// connection ended.
//
// Once a connection has ended, every call returns an error that wraps the same *CloseError: who ended it, with what
// code and reason, and why. A *ProtocolError inside says which rule the peer broke.
//
// # How a connection ends
//
// CloseError.Local tells that this side decided to end it: the application, or a rule, a limit or a timeout that this side
// keeps. Only what the application ended is net.ErrClosed, and only what the peer has closed in order is io.EOF, so that
// io.Copy over a Stream ends without an error there. CloseStatus(err) is the code.
//
//	                                              code  Local  EOF  ErrClosed  reconnect?
//	Close(1000, "")                               1000  yes    no   yes        no
//	Close(1000, ""), and the peer does not answer 1000  yes    no   yes        no
//	CloseNow()                                    1006  yes    no   yes        no
//	Shutdown                                      1001  yes    no   yes        no
//	Shutdown, cut by its context                  1001  yes    no   yes        no
//	the net.Conn was closed under it              1006  yes    no   yes        no
//	peer closes with 1000 (normal closure)        1000  no     yes  no         no
//	peer closes with 1001 (going away)            1001  no     yes  no         yes
//	peer closes without a code: close()           1005  no     yes  no         no
//	peer closes with 1002 (protocol error)        1002  no     no   no         no
//	peer closes with 1008 (policy violation)      1008  no     no   no         no
//	peer closes with 1009 (message too big)       1009  no     no   no         no
//	peer closes with 1011 (internal error)        1011  no     no   no         yes
//	peer closes with 1012 (service restart)       1012  no     no   no         yes
//	peer closes with a code of the application    4000  no     no   no         by code
//	peer's stream ends without a close frame      1006  no     no   no         yes
//	the connection is reset                       1006  no     no   no         yes
//	a write fails                                 1006  no     no   no         yes
//	peer breaks the protocol                      1002  yes    no   no         no
//	peer's text is not UTF-8                      1007  yes    no   no         no
//	peer's message is over the read limit         1009  yes    no   no         no
//	peer sends a flood of empty fragments         1008  yes    no   no         no
//	a Stream gets a message of the other kind     1003  yes    no   no         no
//	write timeout                                 1006  yes    no   no         yes
//	pong timeout                                  1006  yes    no   no         yes
//	a context cuts a large Write in the middle    1006  yes    no   no         yes
//	peer updates keys of TLS, takes no answers    1006  yes    no   no         yes
//	a Writer's message cannot be finished         1011  yes    no   no         yes
//	the body of a Messages loop panics            1011  yes    no   no         yes
//	a context ends a read that has no deadline    1006  yes    no   no         yes
//
// So a client that wants to stay connected dials again, after a delay that is random and grows, unless the error is
// net.ErrClosed, if the code is 1001, 1006, or 1011 to 1014. The other registered codes would come again, and codes from
// 3000 on mean what the application says.
//
// # Reading and writing, from simple to fast
//
// Messages is the loop over messages, and Read returns one: to keep, at the price of one allocation each. AppendRead
// appends a message to a slice of the caller's. MessagesInPlace is a loop over messages in a buffer that is used again, and
// is the fastest. Reader and Writer stream a message that is too large to be held. WritePrepared sends one message to many connections and
// encodes and compresses it once.
//
// What is written while messages that arrived together are still being read is held back for them, at most for a
// millisecond, and leaves in one system call: see Options.NoBatching and Conn.Flush. Queue and Send are for those who write to many.
//
// What a write has accepted is sent, whatever is called afterwards: CloseNow grants it a second. A message of more than a
// mebibyte goes out in fragments, and pings and pongs between them; but none goes between the fragments of a compressed
// message, which some peers would lose.
//
// # Limits
//
// Messages are limited to a mebibyte after inflation unless Options.ReadLimit says otherwise, and memory grows with
// what has arrived, never with what was announced. Handshakes, writes, pings and the closing handshake are bounded in
// time. See Options.
//
// # Subjects, and their examples
//
// Each has an example below, beside those of the identifiers that are named:
//
//   - concurrency, contexts, limits, origins, keepalive, back pressure: the package's own examples of these names;
//   - closing: [Conn.CloseContext], [CloseStatus], [ErrWriteFailed];
//   - compression: [CompressionOptions], which say what it costs, [Conn.WriteUncompressed];
//   - broadcast: [NewPreparedMessage], [Broadcaster], [Conn.QueuePrepared], [Upgrader.All];
//   - shutdown: [Upgrader.Shutdown], [Upgrader.ShutdownWith];
//   - who the user is: [Upgrader.Upgrade], [Request.HTTPRequest], [Conn.SetValue];
//   - streams: [Stream], [Conn.Writer];
//   - clients: [Dialer] with TLS and a proxy, [ProxyError];
//   - testing, and JSON: packages wstest and wsjson;
//   - the protocol without I/O: [Receiver], [Sender], [ClientHandshake].
//
// Whole programs are in the directory examples of the repository, and pages that answer questions in docs.
//
// # Building on it
//
// Receiver and Sender are the protocol without I/O: bytes to messages and back, with every rule, for those who have an
// event loop or a transport of their own, and Upgrader.AppendHandshake is the opening handshake from bytes to bytes. ServerConn and ClientConn make a Conn over a net.Conn whose opening
// handshake was done elsewhere. Package wstest has connections and servers in memory for tests, wsjson reads and writes JSON,
// compress is the compression by itself, and autobahn tests implementations in any language.
package websocket
