package main

// This file holds the chat: what clients may say, and who hears it.

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// The limits of what clients may say, in characters, and in bytes for a file, which has to fit into engineio.DefaultMaxPayload.
const (
	maxName = 24
	maxRoom = 32
	maxText = 2000
	maxFile = 900_000
)

// lobby is the room that is always there.
const lobby = "lobby"

// chat is a chat server.
type chat struct {
	id    string // of this server
	last  atomic.Int64
	io    *socketio.Server
	rooms rooms

	isOne     bool // of several servers
	announces sync.Mutex
}

// person is the data of a socket.
type person struct {
	Name string `json:"name"`
	Room string `json:"room"` // where it is; empty until it has joined one
}

// message is what was said in a room.
type message struct {
	ID   string `json:"id"`
	From string `json:"from"`
	Text string `json:"text,omitzero"`
	Time int64  `json:"time"` // milliseconds since 1970
	File *file  `json:"file,omitzero"`
}

// file is one that was sent to a room. Its content is asked for by its message.
type file struct {
	Name string `json:"name"`
	Size int    `json:"size"`
	data []byte
}

// newChat returns a chat. Of o, it decides what it has to. With an adapter, it is one with others.
func newChat(o *engineio.Options, a adapter.New) *chat {
	c := &chat{id: rand.Text()[:8], rooms: newRooms(), isOne: a != nil}
	c.io = socketio.NewServer(&socketio.Options{Options: *o, Recovery: new(socketio.Recovery), Adapter: a})
	c.io.Use(admit)
	c.io.OnConnect(c.connected)
	c.io.OnDisconnect(c.disconnected)
	c.io.Handle("join", c.join)
	c.io.Handle("say", c.say)
	c.io.Handle("upload", c.upload)
	c.io.Handle("file", c.file)
	c.io.On("typing", c.typing)
	c.hearOthers()
	return c
}

// refuse returns an error that is told to the client.
func refuse(message string) error { return &socketio.Error{Message: message} }

// clean returns a text without space around it, or an error if there is nothing left, or too much.
func clean(text, what string, most int) (string, error) {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return "", refuse(what + " is missing")
	case n > most:
		return "", refuse(what + " is too long")
	}
	return text, nil
}

// admit lets in who has a name.
func admit(s *socketio.Socket) error {
	auth, err := s.Auth[struct{ Name string }]()
	if err != nil {
		return refuse("no name")
	}
	name, err := clean(auth.Name, "your name", maxName)
	if err != nil {
		return err
	}
	s.SetData(&person{Name: name})
	return nil
}

// who returns the person of a socket. After a recovery, it is what it was as JSON.
func who(s *socketio.Socket) (p person) {
	switch d := s.Data().(type) {
	case *person:
		p = *d
	case map[string]any:
		p.Name, _ = d["name"].(string)
		p.Room, _ = d["room"].(string)
	}
	return p
}

// connected shows a socket that has come back where it was, and the others the rooms.
func (c *chat) connected(s *socketio.Socket) {
	if p := who(s); s.Recovered() && p.Room != "" {
		c.enter(s, p)
	}
	s.Emit("rooms", c.rooms.list())
}

// disconnected takes a socket out of its room.
func (c *chat) disconnected(s *socketio.Socket, _ socketio.Reason) { c.leave(s, who(s)) }

// joined is what a client is told of a room that it has joined.
type joined struct {
	Room    string    `json:"room"`
	People  []string  `json:"people"`
	History []message `json:"history"`
}

// join takes a socket to a room, and out of the one where it was.
func (c *chat) join(s *socketio.Socket, name string) (joined, error) {
	name, err := clean(name, "the room's name", maxRoom)
	if err != nil {
		return joined{}, err
	}
	p := who(s)
	if err := c.open(name); err != nil {
		return joined{}, err
	}
	c.leave(s, p)
	p.Room = name
	s.SetData(&p)
	c.enter(s, p)
	return joined{name, c.rooms.people(name), c.rooms.history(name)}, nil
}

// enter adds a socket to the room of a person.
func (c *chat) enter(s *socketio.Socket, p person) {
	c.rooms.enter(p.Room, s.ID(), p.Name)
	s.Join(roomOf(p.Room))
	c.tell(p.Room)
}

// leave removes it.
func (c *chat) leave(s *socketio.Socket, p person) {
	if p.Room == "" {
		return
	}
	c.rooms.leave(p.Room, s.ID())
	s.Leave(roomOf(p.Room))
	c.tell(p.Room)
}

// roomOf returns the name of a room as the server knows it: the identifiers of sockets are rooms, too, that nobody else may join.
func roomOf(name string) string { return "room:" + name }

// tell tells who is in a room, and everybody of the rooms. Other servers do the same.
func (c *chat) tell(name string) {
	c.show(name)
	c.announce()
}

// show tells the clients of this server.
func (c *chat) show(names ...string) {
	for _, name := range names {
		c.io.Local().To(roomOf(name)).Emit("people", name, c.rooms.people(name))
	}
	c.io.Local().Emit("rooms", c.rooms.list())
}

// say says something in the room where the socket is.
func (c *chat) say(s *socketio.Socket, text string) (struct{}, error) {
	text, err := clean(text, "the message", maxText)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, c.add(s, message{Text: text})
}

// upload sends a file to the room.
func (c *chat) upload(s *socketio.Socket, f struct {
	Name string
	Data []byte
}) (struct{}, error) {
	name, err := clean(f.Name, "the file's name", 100)
	switch {
	case err != nil:
		return struct{}{}, err
	case len(f.Data) > maxFile:
		return struct{}{}, refuse("the file is too large")
	}
	return struct{}{}, c.add(s, message{File: &file{name, len(f.Data), append([]byte{}, f.Data...)}})
}

// add adds a message to the history of the room and sends it to all there, the sender too, so that all have it in the same order.
func (c *chat) add(s *socketio.Socket, m message) error {
	p := who(s)
	if p.Room == "" {
		return refuse("join a room first")
	}
	m.ID, m.From, m.Time = fmt.Sprint(c.id, "-", c.last.Add(1)), p.Name, time.Now().UnixMilli()
	c.tellOthers(p.Room, m)
	return c.rooms.add(p.Room, m, func(m message) { c.io.To(roomOf(p.Room)).Emit("message", p.Room, m) })
}

// file returns what is in a file of the room.
func (c *chat) file(s *socketio.Socket, id string) ([]byte, error) {
	room := who(s).Room
	data, err := c.rooms.file(room, id)
	if err != nil {
		data, err = c.fetchFile(room, id, err)
	}
	return data, err
}

// typing tells the others in the room that somebody is, or is no longer, typing. Who is not keeping up misses nothing.
func (c *chat) typing(s *socketio.Socket, on bool) {
	if p := who(s); p.Room != "" {
		s.To(roomOf(p.Room)).Volatile().Emit("typing", p.Name, on)
	}
}
