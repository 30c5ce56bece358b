package reactor

// This file holds Server: what an application says, and how loops begin and end.

import (
	"context"
	"errors"
	"log"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// Handler is what an application does with connections. Its methods are called by the loop that a connection belongs to, one at a time
// for each connection, and must not wait, unless there are Workers: meanwhile the loop's other connections are not served. If one panics, or calls
// runtime.Goexit, its connection is closed with websocket.StatusInternalError, and the panic is logged.
type Handler interface {
	// Open is called once the opening handshake is done, before any other method.
	Open(c *Conn)
	// Message is called with every message of the peer. p is borrowed: it is valid, and may be changed, until Message returns.
	Message(c *Conn, op websocket.Opcode, p []byte)
	// Close is called when nothing more will be delivered, and nothing can be written any more: once for each connection that was
	// opened, as the last. err says how the connection ended, as the table in the documentation of package websocket does.
	Close(c *Conn, err *websocket.CloseError)
}

// MessageFunc is a Handler that only wants the messages.
type MessageFunc func(c *Conn, op websocket.Opcode, p []byte)

// Open does nothing.
func (f MessageFunc) Open(*Conn) {}

// Message calls f.
func (f MessageFunc) Message(c *Conn, op websocket.Opcode, p []byte) { f(c, op, p) }

// Close does nothing.
func (f MessageFunc) Close(*Conn, *websocket.CloseError) {}

// Server serves WebSocket connections by a few loops. Fill in the fields and call Serve. Its methods may be called by several goroutines
// at once. The fields must not be changed once the first has been called, and a Server must not be copied after that.
type Server struct {
	// Upgrader decides about opening handshakes, and its Options hold for the connections: ReadLimit, WriteBuffer, WriteTimeout,
	// CloseTimeout, HandshakeTimeout, PingInterval, PongTimeout and Compression, all bounds on time in eighths of a second. The
	// others are of no effect here: writes always fail when the buffer is full, and batches are made by the loop. nil stands for
	// the zero Upgrader. Its Len, All and Shutdown do not know the connections.
	Upgrader *websocket.Upgrader

	// Handler is that of all connections, unless Accept is set. Then an idle connection costs least.
	Handler Handler

	// Accept, unless nil, is called with each opening handshake that is a right one, and returns the handler of that connection,
	// which may hold what belongs to it; or an error, by which the request is refused as by that of Upgrader.UpgradeConn. A nil
	// Handler stands for the field of that name. It runs on the loop and must not wait.
	Accept func(*websocket.Request) (Handler, error)

	// Loops is how many loops there are, each with a goroutine. 0 means GOMAXPROCS.
	Loops int

	// Workers, if not 0, is how many goroutines run the handlers instead of the loops, so that handlers may wait: other connections are
	// served meanwhile, as long as not all workers wait. A worker takes a connection from its loop when something has come, and keeps
	// it until all of that has been dealt with. Still one method of a handler runs at a time for each connection, and in order.
	Workers int

	// WhenFull says what becomes of subscribers that cannot take what is published.
	WhenFull FullPolicy

	once    sync.Once
	invalid error // what begin found
	up      *websocket.Upgrader
	limits

	next  atomic.Uint32 // of the loops, the one that gets the next connection
	hurry atomic.Bool   // connections are to be cut
	warn  sync.Once     // that a turn takes long

	terms   agreements
	dropped atomic.Uint64
	topics  struct {
		sync.Mutex
		subscribers map[string]int
	}

	mu        sync.Mutex // guards what follows
	pool      *pool      // of workers, or nil
	loops     []*loop    // for sockets; none until there is one. They do not change then
	other     *loop      // for every other net.Conn; nil until there is one
	listeners map[*net.Listener]struct{}
	closed    bool
}

// limits are the Options, in the units of the loops. 0 is no bound.
type limits struct {
	readLimit      uint64
	writeBuffer    int
	handshakeTicks uint32
	writeTicks     uint32
	closeTicks     uint32
	pingTicks      uint32
	pongTicks      uint32
	restTicks      uint32
}

var (
	// ErrServerClosed is what Serve and Adopt return once Shutdown has been called.
	ErrServerClosed = errors.New("reactor: server is closed")

	errNoHandler = errors.New("reactor: Server has neither Handler nor Accept")
)

// begin starts the loops, once.
func (s *Server) begin() error {
	s.once.Do(func() { s.invalid = s.start() })
	return s.invalid
}

// start is begin when it is first called.
func (s *Server) start() error {
	if s.Handler == nil && s.Accept == nil {
		return errNoHandler
	}
	if s.up = s.Upgrader; s.up == nil {
		s.up = new(websocket.Upgrader)
	}
	if err := s.up.Validate(); err != nil {
		return err
	}
	s.limits = limitsOf(&s.up.Options)
	s.terms.number(s, websocket.Agreement{}) // 0
	if s.Workers > 0 {
		s.pool = newPool(s, s.Workers)
	}
	return nil
}

// startLoops starts the loops for sockets, unless they run. It is called when there are sockets to come: a server without one has none, and so
// works in a bubble of testing/synctest, where no time passes while a loop waits for descriptors.
func (s *Server) startLoops() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrServerClosed
	case len(s.loops) > 0:
		return nil
	}
	n := s.Loops
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	loops := make([]*loop, 0, n)
	for range n {
		p, err := newPoller()
		if err != nil {
			for _, l := range loops {
				l.poll.free()
			}
			return err
		}
		loops = append(loops, newLoop(s, p))
	}
	s.loops = loops
	for _, l := range s.loops {
		go l.run()
	}
	return nil
}

// otherLoop returns the loop for what is no socket.
func (s *Server) otherLoop() (*loop, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrServerClosed
	}
	if s.other == nil {
		s.other = newLoop(s, newNetPoller())
		go s.other.run()
	}
	return s.other, nil
}

// nextLoop returns the loop of the next socket.
func (s *Server) nextLoop() *loop { return s.loops[int(s.next.Add(1)-1)%len(s.loops)] }

// Adopt takes a connection over whose opening handshake was done elsewhere, as by Upgrader.Handshake. agreed is what was settled there, and
// buffered what was read behind the request; it is copied. h is the handler, or nil for that of the server. nc belongs to the server
// from the call on, and is closed where it fails; its deadlines must not be set. A *net.TCPConn or *net.UnixConn is served as one
// that Serve has accepted, without the runtime's poller; every other by two goroutines of its own beside the loop.
func (s *Server) Adopt(nc net.Conn, agreed websocket.Agreement, buffered []byte, h Handler) error {
	err := s.begin()
	if err == nil && h == nil && s.Handler == nil {
		err = errNoHandler
	}
	if err == nil && agreed.Compression != nil && s.up.Compression == nil {
		err = errors.New("reactor: compression was agreed on, and the Upgrader has none")
	}
	if err != nil {
		nc.Close()
		return err
	}
	a := &adoption{agreed: agreed, buffered: append([]byte(nil), buffered...), handler: h}
	return s.take(nc, a)
}

// take gives nc to a loop.
func (s *Server) take(nc net.Conn, a *adoption) error {
	if fd, ok := socketOf(nc); ok {
		nc.Close()
		return s.takeSocket(fd, a)
	}
	l, err := s.otherLoop()
	if err != nil {
		nc.Close()
		return err
	}
	p := l.poll.(*netPoller)
	fd := p.register(nc)
	if !l.post(mail{fd: fd, adopt: a}) {
		p.close(fd)
		return ErrServerClosed
	}
	return nil
}

// takeSocket gives a descriptor to a loop.
func (s *Server) takeSocket(fd int32, a *adoption) error {
	err := s.startLoops()
	if err == nil && !s.nextLoop().post(mail{fd: fd, adopt: a}) {
		err = ErrServerClosed
	}
	if err != nil {
		closeSocket(fd)
	}
	return err
}

// Shutdown ends the server: it closes the listeners of Serve, begins the closing handshake of every connection with
// websocket.StatusGoingAway, and waits until all are gone, and the loops and workers with them. When ctx ends it cuts those that are left, gives them
// a second to be gone, which only a handler that does not return can need, and returns the error of ctx. A handler must not wait for it.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.begin(); err != nil {
		return err
	}
	loops := s.close()
	for _, l := range loops {
		l.end()
	}
	left := await(loops, ctx.Done())
	if left == nil {
		s.closePool(nil)
		return nil
	}
	s.hurry.Store(true)
	for _, l := range left {
		l.post(mail{all: true})
	}
	late, cancel := context.WithTimeout(context.Background(), hurryTime)
	defer cancel()
	await(left, late.Done())
	go s.closePool(left) // handlers that have not returned have a last call to make
	return ctx.Err()
}

// closePool ends the workers when the loops have ended.
func (s *Server) closePool(loops []*loop) {
	await(loops, nil)
	if s.pool != nil {
		s.pool.close()
	}
}

// hurryTime is how long Shutdown waits for connections that have been cut.
const hurryTime = time.Second

// await waits until the loops have ended, or until done is closed: then it returns those that may not have.
func await(loops []*loop, done <-chan struct{}) (left []*loop) {
	for i, l := range loops {
		select {
		case <-l.done:
		case <-done:
			return loops[i:]
		}
	}
	return nil
}

// close closes the listeners, and returns the loops.
func (s *Server) close() []*loop {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for ln := range s.listeners {
		(*ln).Close()
	}
	loops := append([]*loop(nil), s.loops...)
	if s.other != nil {
		loops = append(loops, s.other)
	}
	return loops
}

// end has the loop close its connections, and end with the last.
func (l *loop) end() {
	l.mu.Lock()
	l.leaving = true
	l.mu.Unlock()
	l.post(mail{all: true})
}

// logf writes to the log of the Upgrader.
func (s *Server) logf(format string, args ...any) {
	logger := s.up.ErrorLog
	if logger == nil {
		logger = log.Default()
	}
	logger.Printf(format, args...)
}
