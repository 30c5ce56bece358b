package socketio

// This file holds the Server: its namespaces, also those that are made when a client asks for them, and its end.

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// Protocol is the revision of the protocol.
const Protocol = 5

// Server is a Socket.IO server. It is its main namespace, "/", too.
type Server struct {
	*Namespace
	opts   Options
	engine *engineio.Server

	flusher flusher

	mu         sync.Mutex
	namespaces map[string]*Namespace
	parents    []*Namespace

	busyMu sync.Mutex
	busy   int           // goroutines that serve sockets
	quiet  chan struct{} // closed when busy is 0; nil until Shutdown
}

// NewServer returns a server. o may be nil. Do not change what it points to afterwards.
func NewServer(o *Options) *Server {
	srv := &Server{opts: o.withDefaults(), namespaces: make(map[string]*Namespace)}
	srv.engine = engineio.NewServer(handler{srv}, &srv.opts.Options)
	srv.Namespace = srv.Of("/")
	return srv
}

// ServeHTTP serves the requests of clients. Mount it at "/socket.io/".
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { srv.engine.ServeHTTP(w, r) }

// ServeConn serves a client over nc, without net/http: see ServeConn of package engineio's Server.
func (srv *Server) ServeConn(ctx context.Context, nc net.Conn) error {
	return srv.engine.ServeConn(ctx, nc)
}

// Engine returns the server of the sessions that sockets live on.
func (srv *Server) Engine() *engineio.Server { return srv.engine }

// Of returns a namespace, which it makes if there is none of that name. A "/" in front may be left out. Where there are adapters it waits
// until that of the namespace is made.
func (srv *Server) Of(name string) *Namespace {
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	srv.mu.Lock()
	n := srv.namespaces[name]
	if n == nil {
		n = newNamespace(srv, name, nil)
		srv.namespaces[name] = n
	}
	n.kept = true
	srv.mu.Unlock()
	return n.ready()
}

// OfFunc returns the parent of namespaces that are made when a client asks for one that match accepts, and vanish with their last
// socket. What is registered on the parent holds for its children; what is emitted to it goes to all of them. It has no sockets itself.
// match may block, and is called at the same time for several clients. Namespaces that Of has made go first, then parents in order.
func (srv *Server) OfFunc(match func(name string, h *Handshake) bool) *Namespace {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	n := newNamespace(srv, "", nil)
	n.match = match
	srv.parents = append(srv.parents, n)
	return n
}

// namespace returns the namespace that a client asks for, or nil. The caller calls its ready, and gives it back by release.
func (srv *Server) namespace(name string, h *Handshake) *Namespace {
	srv.mu.Lock()
	n, parents := srv.namespaces[name], srv.parents
	if n != nil {
		n.users++
	}
	srv.mu.Unlock()
	if n != nil {
		return n
	}
	for _, parent := range parents {
		if parent.match(name, h) {
			return srv.child(name, parent)
		}
	}
	return nil
}

// child returns the child of a parent with that name, for one more user.
func (srv *Server) child(name string, parent *Namespace) *Namespace {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	n := srv.namespaces[name]
	if n == nil {
		n = newNamespace(srv, name, parent)
		srv.namespaces[name] = n
	}
	n.users++
	return n
}

// release is called when a socket has left its namespace, or has not been accepted. A child that is empty then ends, but not
// before the last of its sockets may no longer come back.
func (srv *Server) release(n *Namespace) {
	srv.mu.Lock()
	n.users--
	srv.mu.Unlock()
	srv.endEmpty(n)
}

// endEmpty ends a child that is empty, now or later.
func (srv *Server) endEmpty(n *Namespace) {
	srv.mu.Lock()
	over := n.users == 0 && !n.kept && n.parent != nil && srv.namespaces[n.name] == n
	if wait := time.Until(n.awaits); over && wait > 0 {
		over = false
		time.AfterFunc(wait, func() { srv.endEmpty(n) })
	}
	if over {
		delete(srv.namespaces, n.name)
	}
	srv.mu.Unlock()
	if over && n.adapter != nil {
		n.adapter.Close(context.Background())
	}
}

// await keeps a namespace for a socket that may come back.
func (srv *Server) await(n *Namespace) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	n.awaits = time.Now().Add(srv.opts.Recovery.MaxDisconnection)
}

// all returns all namespaces, or the children of a parent. It waits for those whose adapter is being made.
func (srv *Server) all(parent *Namespace) []*Namespace {
	srv.mu.Lock()
	var all []*Namespace
	for _, n := range srv.namespaces {
		if parent == nil || n.parent == parent {
			all = append(all, n)
		}
	}
	srv.mu.Unlock()
	for _, n := range all {
		n.ready()
	}
	return all
}

// enter is called when a goroutine begins to serve sockets, and leave when it ends.
func (srv *Server) enter() {
	srv.busyMu.Lock()
	defer srv.busyMu.Unlock()
	srv.busy++
}

func (srv *Server) leave() {
	srv.busyMu.Lock()
	defer srv.busyMu.Unlock()
	srv.busy--
	if srv.busy == 0 && srv.quiet != nil {
		close(srv.quiet)
		srv.quiet = nil
	}
}

// Shutdown disconnects all clients with ServerShuttingDown, refuses new ones, and waits for handlers, until ctx ends. Polls that are
// pending are answered at once, so that http.Server.Shutdown, which does not know of WebSocket connections, can follow. It may be called
// more than once, also at the same time.
//
// A handler, or middleware, that calls it would wait for its own end. There it does all the rest, waits for no handler, and returns an error
// that wraps websocket.ErrShutdownInside. It cannot know of a goroutine that a handler has started and waits for.
func (srv *Server) Shutdown(ctx context.Context) error {
	for _, n := range srv.all(nil) {
		n.flush()
	}
	err := srv.engine.Shutdown(ctx)
	if e := srv.awaitHandlers(ctx); e != nil {
		err = e
	}
	for _, n := range srv.all(nil) {
		if n.adapter == nil {
			continue
		}
		if e := n.adapter.Close(ctx); err == nil {
			err = e
		}
	}
	return err
}

// awaitHandlers waits until no handler runs, unless one has called.
func (srv *Server) awaitHandlers(ctx context.Context) error {
	if insideHandler() {
		return fmt.Errorf("socketio: %w", websocket.ErrShutdownInside)
	}
	select {
	case <-srv.still():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// insideHandler reports whether the calling goroutine is that of a seat.
func insideHandler() bool {
	run := reflect.ValueOf((*seat).run).Pointer()
	pcs := make([]uintptr, 1024)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		f, more := frames.Next()
		if f.Entry == run || !more {
			return f.Entry == run
		}
	}
}

// still returns what is closed when no goroutine serves sockets.
func (srv *Server) still() <-chan struct{} {
	srv.busyMu.Lock()
	defer srv.busyMu.Unlock()
	quiet := srv.quiet
	switch {
	case srv.busy == 0:
		quiet = make(chan struct{})
		close(quiet)
	case quiet == nil:
		quiet = make(chan struct{})
		srv.quiet = quiet
	}
	return quiet
}
