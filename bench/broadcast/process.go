//go:build linux

package main

// This file holds the two processes of a way: the server, and the readers.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

const (
	serverRole  = "broadcast-server"
	readersRole = "broadcast-readers"
)

// chat is what is said, again and again: more than any window holds.
var chat = sync.OnceValue(func() [][]byte { return corpus.Chat(corpus.Seed, 256) })

// fill is how many messages fill a window.
const fill = 48

// patience is how long the readers wait for what has been sent.
const patience = 30 * time.Second

// role runs this process as the child that args name. It reports false when they name none.
func role(args []string) (ran bool, err error) {
	switch {
	case len(args) == 1 && args[0] == readersRole:
		return true, child.Serve(&readers{got: child.NewCount()})
	case len(args) == 3 && args[0] == serverRole:
		level, err := levelNamed(args[2])
		i := slices.IndexFunc(ways, func(w way) bool { return w.name == args[1] })
		if err != nil || i < 0 {
			return true, errors.Join(err, fmt.Errorf("no way %q", args[1]))
		}
		s := &server{way: ways[i]}
		if err := s.listen(level); err != nil {
			return true, err
		}
		return true, child.Serve(s)
	}
	return false, nil
}

// server is the process that sends.
type server struct {
	child.Usage
	way     way
	addr    string
	hub     hub
	reactor *reactor.Server
	joined  joins                 // the reactor's connections
	stream  websocket.Broadcaster // for them
	said    int
}

// listen begins to accept connections.
func (s *server) listen(level compress.Level) error {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.addr = ln.Addr().String()
	up := &websocket.Upgrader{Options: s.way.options(level)}
	if !s.way.reactor {
		go s.hub.serve(ln, up)
		return nil
	}
	s.reactor = &reactor.Server{Upgrader: up, Handler: &s.joined}
	go s.reactor.Serve(ln)
	return nil
}

// joins subscribes every connection.
type joins struct {
	mu    sync.Mutex
	conns []*reactor.Conn
}

func (j *joins) Open(c *reactor.Conn) {
	c.Subscribe(topic)
	j.mu.Lock()
	j.conns = append(j.conns, c)
	j.mu.Unlock()
}

func (*joins) Message(*reactor.Conn, websocket.Opcode, []byte) {}

func (*joins) Close(*reactor.Conn, *websocket.CloseError) {}

// each writes data to every connection by itself.
func (s *server) each(data []byte) error {
	if s.reactor == nil {
		return s.hub.each(data)
	}
	s.joined.mu.Lock()
	defer s.joined.mu.Unlock()
	for _, c := range s.joined.conns {
		if err := c.Write(context.Background(), websocket.OpText, data); err != nil {
			return err
		}
	}
	return nil
}

// Addr is where the server listens.
func (s *server) Addr(_ child.None, addr *string) error {
	*addr = s.addr
	return nil
}

// Await waits until all connections are there.
func (s *server) Await(conns int, _ *child.None) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if s.hub.count() == conns || s.reactor != nil && s.reactor.Subscribers(topic) == conns {
			return nil
		}
	}
	return errors.New("not all connections have come")
}

// Publish says so many messages to all connections.
func (s *server) Publish(messages int, _ *child.None) error {
	for range messages {
		data := chat()[s.said%len(chat())]
		s.said++
		if s.reactor != nil {
			if err := s.way.toTopics(s.reactor, &s.stream, data); err != nil {
				return err
			}
		} else if err := s.way.toConns(&s.hub, data); err != nil {
			return err
		}
	}
	return nil
}

// Own says so many messages to each connection by itself.
func (s *server) Own(messages int, _ *child.None) error {
	for range messages {
		data := chat()[s.said%len(chat())]
		s.said++
		if err := s.each(data); err != nil {
			return err
		}
	}
	return nil
}

// readers is the process that reads.
type readers struct {
	conns []*websocket.Conn
	got   *child.Count // messages
}

// OpenArgs say what to connect to, and how often.
type OpenArgs struct {
	Addr  string
	Conns int
}

// Open connects, and begins to read.
func (r *readers) Open(args OpenArgs, _ *child.None) error {
	d := &websocket.Dialer{Options: websocket.Options{Compression: &compress.Options{}}}
	for range args.Conns {
		c, _, err := d.Dial(context.Background(), "ws://"+args.Addr)
		if err != nil {
			return err
		}
		r.conns = append(r.conns, c)
		go r.read(c)
	}
	return nil
}

// read checks what one connection gets.
func (r *readers) read(c *websocket.Conn) {
	i := 0
	for msg, err := range c.MessagesInPlace(context.Background()) {
		if err == nil && !bytes.Equal(msg.Data, chat()[i%len(chat())]) {
			err = fmt.Errorf("message %d is not what was said", i)
		}
		if err != nil {
			r.got.Fail(err)
			return
		}
		i++
		r.got.Add(1)
	}
}

// Wait waits until so many messages have come in all, and returns how many bytes.
func (r *readers) Wait(want int, bytes *int) error {
	if err := r.got.Wait(want, patience); err != nil {
		return err
	}
	for _, c := range r.conns {
		*bytes += int(c.Stats().BytesIn)
	}
	return nil
}
