package main

import (
	"context"
	"encoding/json"
	"maps"
	"sync"

	"github.com/seed-d69ae1b7/websocket"
)

// prices are those of symbols, in cents.
type prices map[string]int

// ticker sends prices to its clients.
type ticker struct {
	mu      sync.Mutex
	all     prices                     // the newest of each symbol
	pending map[*websocket.Conn]prices // for each client, what it has not been sent yet; empty for the fast ones
}

// newTicker returns a ticker without clients and prices.
func newTicker() *ticker {
	return &ticker{all: make(prices), pending: make(map[*websocket.Conn]prices)}
}

// add makes a connection a client, which gets all prices with the next tick.
func (t *ticker) add(conn *websocket.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending[conn] = maps.Clone(t.all)
}

// remove forgets a client.
func (t *ticker) remove(conn *websocket.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pending, conn)
}

// tick sends what has changed to all clients that have taken what they were sent before. The message is encoded once for those
// who were ready at the last tick, too.
func (t *ticker) tick(changed prices) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.Copy(t.all, changed)
	same := encode(changed)
	for conn, pending := range t.pending {
		m := same
		if len(pending) > 0 {
			maps.Copy(pending, changed)
			m = encode(pending)
		}
		// What the kernel has not taken is a message that waits. Nothing is put behind it.
		if m != nil && (conn.Buffered() > 0 || conn.WritePrepared(context.Background(), m) != nil) {
			maps.Copy(pending, changed)
			continue
		}
		clear(pending)
	}
}

// encode returns the message of prices, or nil if there are none.
func encode(p prices) *websocket.PreparedMessage {
	if len(p) == 0 {
		return nil
	}
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // a map of integers always has JSON
	}
	m, err := websocket.NewPreparedMessage(websocket.OpText, text)
	if err != nil {
		panic(err) // JSON is UTF-8
	}
	return m
}
