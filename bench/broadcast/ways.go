//go:build linux

package main

// This file holds the ways of sending.

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

// floor is the way that the others are divided by.
const floor = "plain"

// way is one of sending a message to all connections.
type way struct {
	name, setup string
	compression *compress.Options // but for the level
	reactor     bool

	// Either of them says data to all.
	toConns  func(h *hub, data []byte) error
	toTopics func(s *reactor.Server, b *websocket.Broadcaster, data []byte) error
}

var (
	takeover = &compress.Options{}
	alone    = &compress.Options{FromServer: compress.Direction{NoContextTakeover: true}}
)

var ways = []way{
	{name: floor, setup: "no compression, NewPreparedMessage", toConns: (*hub).prepared},
	{name: "no takeover", setup: "NewPreparedMessage", compression: alone, toConns: (*hub).prepared},
	{name: "each", setup: "context takeover, Write", compression: takeover, toConns: (*hub).each},
	{name: "prepared", setup: "context takeover, NewPreparedMessage", compression: takeover, toConns: (*hub).prepared},
	{name: "stream", setup: "context takeover, Broadcaster", compression: takeover, toConns: (*hub).stream},
	{name: "reactor plain", setup: "reactor, no compression, Publish", reactor: true, toTopics: publish},
	{name: "reactor prepared", setup: "reactor, context takeover, Publish", reactor: true, compression: takeover, toTopics: publish},
	{name: "reactor stream", setup: "reactor, context takeover, Broadcaster, PublishPrepared", reactor: true, compression: takeover, toTopics: publishStream},
}

const topic = "all"

func publish(s *reactor.Server, _ *websocket.Broadcaster, data []byte) error {
	return s.Publish(topic, websocket.OpText, data)
}

func publishStream(s *reactor.Server, b *websocket.Broadcaster, data []byte) error {
	m, err := b.Prepare(websocket.Message{Op: websocket.OpText, Data: data})
	if err != nil {
		return err
	}
	return s.PublishPrepared(topic, m)
}

// options returns what the server of w wants.
func (w way) options(level compress.Level) (o websocket.Options) {
	if w.compression != nil {
		c := *w.compression
		c.Level = level
		o.Compression = &c
	}
	return o
}

// hub is the connections of a server that gives each a goroutine.
type hub struct {
	mu          sync.Mutex
	conns       []*websocket.Conn
	broadcaster websocket.Broadcaster
}

// serve accepts connections until ln fails.
func (h *hub) serve(ln net.Listener, up *websocket.Upgrader) error {
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			c, err := up.UpgradeConn(context.Background(), nc, nil)
			if err != nil {
				return
			}
			h.mu.Lock()
			h.conns = append(h.conns, c)
			h.mu.Unlock()
			go readAll(c) // as UpgradeConn's documentation says
		}()
	}
}

func readAll(c *websocket.Conn) {
	for _, err := range c.MessagesInPlace(context.Background()) {
		if err != nil {
			return
		}
	}
}

func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

func (h *hub) each(data []byte) error {
	for _, c := range h.conns {
		if err := c.Write(context.Background(), websocket.OpText, data); err != nil {
			return err
		}
	}
	return nil
}

func (h *hub) prepared(data []byte) error {
	m, err := websocket.NewPreparedMessage(websocket.OpText, data)
	return h.send(m, err)
}

func (h *hub) stream(data []byte) error {
	m, err := h.broadcaster.Prepare(websocket.Message{Op: websocket.OpText, Data: data})
	return h.send(m, err)
}

// send sends m, unless it could not be prepared.
func (h *hub) send(m *websocket.PreparedMessage, err error) error {
	if err != nil {
		return err
	}
	for _, c := range h.conns {
		if err := c.WritePrepared(context.Background(), m); err != nil {
			return err
		}
	}
	return nil
}

// levelNamed returns the level of that name.
func levelNamed(name string) (compress.Level, error) {
	switch name {
	case "fastest":
		return compress.Fastest, nil
	case "balanced":
		return compress.Balanced, nil
	case "smallest":
		return compress.Smallest, nil
	}
	return 0, fmt.Errorf("no level %q", name)
}
