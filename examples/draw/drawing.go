package main

import (
	"context"
	"sync"

	"github.com/seed-d69ae1b7/websocket"
)

// A message is a stroke: one byte for its colour, one for its width, and its points, of two bytes for x and two for y, big endian.
// A message that is the byte 255 wipes the drawing.
const (
	maxColour  = 7
	maxWidth   = 40
	maxPoints  = 256
	maxStroke  = 2 + 4*maxPoints
	wipe       = 255
	maxDrawing = 1 << 20 // bytes of strokes; the oldest ones are forgotten
)

// wellFormed reports whether a message is what it has to be.
func wellFormed(m websocket.Message) bool {
	if m.Op != websocket.OpBinary || len(m.Data) > maxStroke {
		return false
	}
	if len(m.Data) == 1 {
		return m.Data[0] == wipe
	}
	return len(m.Data) >= 6 && len(m.Data)%4 == 2 && m.Data[0] <= maxColour && 0 < m.Data[1] && m.Data[1] <= maxWidth
}

// drawing is what has been drawn, and who looks at it.
type drawing struct {
	mu      sync.Mutex
	members map[*websocket.Conn]bool
	strokes []websocket.Message
	size    int // bytes of strokes
}

// newDrawing returns an empty drawing.
func newDrawing() *drawing {
	return &drawing{members: make(map[*websocket.Conn]bool)}
}

// serve shows the drawing to a connection as long as it lasts, and adds what it draws.
func (d *drawing) serve(conn *websocket.Conn) {
	d.join(conn)
	defer d.leave(conn)
	for msg, err := range conn.Messages(conn.Context()) {
		if err != nil {
			return
		}
		if !wellFormed(msg) {
			conn.Close(websocket.StatusUnsupportedData, "not a stroke")
			return
		}
		d.add(msg)
	}
}

// join sends all that has been drawn, which is one item, whatever its size, and what comes from now on.
func (d *drawing) join(conn *websocket.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members[conn] = true
	if m, err := websocket.PrepareMessages(d.strokes...); err == nil {
		conn.WritePrepared(context.Background(), m) // if it fails, serve's loop ends
	}
}

// leave removes a member.
func (d *drawing) leave(conn *websocket.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.members, conn)
}

// add draws, and tells all members, the one who has drawn too: all see the strokes in the same order. The connections of those
// who are too far behind end; their pages come back, and are sent the whole drawing.
func (d *drawing) add(stroke websocket.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keep(stroke)
	m, err := websocket.NewPreparedMessage(stroke.Op, stroke.Data)
	if err != nil {
		panic(err) // binary may be anything
	}
	for conn := range d.members {
		if err := conn.WritePrepared(context.Background(), m); err != nil {
			delete(d.members, conn)
			go conn.Close(websocket.StatusPolicyViolation, "too slow") // does nothing if it has ended
		}
	}
}

// keep remembers a stroke for those who come later. mu is held.
func (d *drawing) keep(stroke websocket.Message) {
	if stroke.Data[0] == wipe {
		d.strokes, d.size = nil, 0
		return
	}
	d.strokes = append(d.strokes, stroke)
	for d.size += len(stroke.Data); d.size > maxDrawing; d.strokes = d.strokes[1:] {
		d.size -= len(d.strokes[0].Data)
	}
}
