// Package socketio implements Socket.IO, protocol revision 5, for servers and clients: events with arguments and acknowledgements,
// namespaces and rooms, over HTTP long-polling and WebSocket. It talks to every official client and server of version 3 or newer.
//
// # A server
//
//	io := socketio.NewServer(nil)
//	io.OnConnect(func(s *socketio.Socket) {
//		s.On("chat", func(text string) { io.Emit("chat", text) })
//	})
//	http.Handle("/socket.io/", io)
//	http.ListenAndServe(":3000", nil)
//
// A Server is an http.Handler. It goes behind any router and any middleware; the middleware of a router runs for each request of a client,
// and what it has found out about the user reaches sockets by way of Options.Accept: its value is Socket.Session().Value().
//
// # Handlers
//
// The handlers of one socket run one after another, in the order in which the events came, and those of different
// sockets at the same time. A handler may block, and may wait for an acknowledgement of its own client: reading,
// heartbeats and acknowledgements go on. What should overtake, starts a goroutine.
//
// What waits for the handlers of a connection is bounded by Options.MaxQueued. Beyond it the connection is not read, so that a client that
// sends faster than it is served slows down. No memory is taken, no event is lost, and the client does not time out.
//
// Handlers can be registered on a Socket, in OnConnect, or once on the Namespace, which costs nothing for each socket:
//
//	io.On("chat", func(s *socketio.Socket, text string) { s.To("lobby").Emit("chat", text) })
//
// A panic in a handler, or anything else that is registered, is logged and disconnects its socket, and nothing else. So is runtime.Goexit,
// which the FailNow of a test calls.
//
// # Events
//
// An event has a name and arguments. On takes a function of one argument, On2 and On3 of more; struct{} stands for none, Args for all of
// them undecoded. The arguments are decoded from JSON into the types of the function's parameters, as encoding/json/v2 does, but for
// names, whose case does not matter: an argument that is missing is the zero value, one too many is ignored. What cannot be decoded
// goes to OnError, and the handler is not called.
//
// A []byte, anywhere in an argument, travels as binary, in both directions. So does a named slice of bytes without a marshaler of its own.
//
// # Acknowledgements
//
// Handle is On for events that are acknowledged: what the function returns is the acknowledgement. An *Error that it returns travels as
// {"error": {"message": ..., "data": ...}}; of any other error the client learns only that there was one.
//
// Socket.EmitWithAck emits an event and waits for an acknowledgement, as long as its context lives; Broadcast.EmitWithAck waits for those of
// many clients.
//
// # Rooms and broadcasts
//
// A socket joins rooms and leaves them, and is always in the one that is named after its ID. To, Except, Local and Volatile choose who gets
// an event, and Emit sends it to each of them once:
//
//	io.To("lobby", "kitchen").Except("muted").Emit("news", text)
//	s.To("lobby").Emit("joined", name) // never s itself
//
// Emitting does not wait. What a client has not taken yet waits for it, up to Options.WriteBuffer; a client that falls behind that
// far is disconnected with TransportError. A volatile event is dropped for clients for which more than 64 KiB wait.
//
// # Namespaces and middleware
//
// Of makes a namespace, with its own sockets, rooms and handlers, and OfFunc a family of them. Use adds middleware for clients that
// want to come in, UseEvent and Socket.Use for events.
//
// # The end
//
// A socket ends with a Reason, in the words of the Node implementation. Its rooms and counts are cleaned at once; OnDisconnect is
// called after its last event. Server.Shutdown ends all of them, and comes before http.Server.Shutdown.
//
// With Options.Recovery a client that has lost its connection comes back as the same socket, with its rooms and Data, and
// gets what it has missed.
//
// # A client
//
//	c := socketio.NewClient("http://localhost:3000/", nil)
//	defer c.Close()
//	c.On("chat", func(text string) { fmt.Println(text) })
//	err := c.Connect(ctx)
//
// The path of the URL is the namespace; Of gives a Client in another one over the same connection. What is registered before Connect
// misses no event. From then on the Client connects again by itself when the connection is lost, later and later, and asks
// ClientOptions.Auth anew each time. It does not when the server has sent it away or refused it: then Connect does.
//
// What survives a lost connection, by itself, with Options.Recovery of the server (within its time), and with ClientOptions.Retries:
//
//	                                                 alone  Recovery  Retries
//	what is registered on the Client                 yes    yes       yes
//	events emitted while disconnected                yes    yes       yes
//	volatile events emitted while disconnected       no     no        no
//	EmitWithAck called while disconnected            yes    yes       yes
//	events emitted that the server has not got       no     no        yes
//	EmitWithAck that waits                           no     no        yes
//	events that have come and wait for handlers      yes    yes       yes
//	acknowledgements of such events                  no     no        no
//	events that the server emits meanwhile           no     yes       no
//	volatile events that the server emits meanwhile  no     no        no
//	the ID, rooms and Data                           no     yes       no
//	Client.Context                                   yes    yes       yes
//
// A connection is lost when the session ends, or when the server has not sent a ping, or anything else, for longer than it said it would:
// what is emitted until that is noticed is "emitted that the server has not got". With Retries an event may arrive twice. Alone, what
// is kept while disconnected is bounded by ClientOptions.SendBuffer; beyond it, Emit fails with ErrBufferFull.
//
// From a server with Recovery, events have one more argument, a text that the client comes back with. As with the Node implementation, handlers
// for more arguments than were emitted see it.
//
// # Security
//
// Pages of other origins are refused on both transports, unlike with the Node implementation, unless Options.Origins names them. All that a client
// can send is bounded: see Options. ARCHITECTURE.md says what is checked where, docs/from-node.md what differs from Node, call by call.
package socketio
