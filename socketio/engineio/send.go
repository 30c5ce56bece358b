package engineio

// This file holds what is sent: the one way of packets to a client, whatever transport it is on.

import (
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/seed-d69ae1b7/websocket"
)

var (
	errOpcode = errors.New("engineio: neither text nor binary")
	errUTF8   = errors.New("engineio: a text that is not UTF-8")
)

// Send sends one message: text or binary, by op. It does not wait. data is copied. The error is a *CloseError if the session has
// ended, also because this message would have passed Options.WriteBuffer (of a Dialer's session that is ErrFull, and it goes on), and
// tells of a wrong opcode and of a text that is not UTF-8.
//
// On polling, a text that contains U+001E arrives as two packets: the protocol has no way to say that it is one.
func (s *Session) Send(op websocket.Opcode, data []byte) error {
	if err := check(op, data); err != nil {
		return err
	}
	s.mu.Lock()
	first, err := s.push(op, data)
	return s.pass(first, err)
}

// SendPrepared sends the messages of m, all or none, and nothing between them. Otherwise it is Send.
func (s *Session) SendPrepared(m *Prepared) error {
	s.mu.Lock()
	first, err := s.pushPrepared(m)
	return s.pass(first, err)
}

// maxLazy is how many bytes Queue lets wait.
const maxLazy = 4 << 10

// Queue is Send, but leaves the sending to Flush: for who has messages for many sessions, or several for one, which leave
// together then. first reports that nobody else is going to send it: then call Flush soon. It leaves with whatever is sent next in any
// case, and is sent at once where more than 4 KiB wait.
func (s *Session) Queue(op websocket.Opcode, data []byte) (first bool, err error) {
	if err := check(op, data); err != nil {
		return false, err
	}
	s.mu.Lock()
	first, err = s.push(op, data)
	return s.keep(first, err)
}

// QueuePrepared is Queue for the messages of m, as SendPrepared is Send.
func (s *Session) QueuePrepared(m *Prepared) (first bool, err error) {
	s.mu.Lock()
	first, err = s.pushPrepared(m)
	return s.keep(first, err)
}

// keep lets what was pushed stay for Flush, unless that is too much, or it is held anyway. mu is held, and released.
func (s *Session) keep(first bool, err error) (bool, error) {
	much := err == nil && s.waiting() > maxLazy
	if err != nil || much || s.holds > 0 {
		return false, s.pass(first || much, err)
	}
	s.held = s.held || first
	s.mu.Unlock()
	return first, nil
}

// Flush sends what is queued, unless it has left, or Hold keeps it. It does not wait.
func (s *Session) Flush() {
	s.mu.Lock()
	s.pass(false, nil)
}

// Hold keeps what is sent from leaving until the function that it returns is called, or Options.WriteBuffer is half full, so that
// it leaves together. It is no promise: what is sent while something else is being written leaves with that. Holds add up; calling a
// function twice does nothing.
func (s *Session) Hold() (release func()) {
	s.mu.Lock()
	s.holds++
	s.mu.Unlock()
	released := false // guarded by mu
	return func() {
		s.mu.Lock()
		if released {
			s.mu.Unlock()
			return
		}
		released = true
		s.holds--
		held := s.held
		s.pass(held, nil)
	}
}

// Buffered returns how many bytes wait for the client.
func (s *Session) Buffered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting()
}

// waiting is Buffered with mu held.
func (s *Session) waiting() int {
	switch {
	case s.polling != nil:
		return len(s.polling.out)
	case s.link != nil:
		return s.link.Buffered()
	}
	return 0
}

// check returns the error of a message that cannot be sent.
func check(op websocket.Opcode, data []byte) error {
	switch {
	case op == websocket.OpText && !utf8.Valid(data):
		return errUTF8
	case op != websocket.OpText && op != websocket.OpBinary:
		return errOpcode
	}
	return nil
}

// scratch lends buffers in which texts get their type. No larger one than 64 KiB is kept.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// push puts a message behind what waits. first reports that nobody else is going to send it. mu is held.
func (s *Session) push(op websocket.Opcode, data []byte) (first bool, err error) {
	switch {
	case s.end != nil:
		return false, s.end
	case s.polling != nil:
		return s.polling.push(s.srv.opts.WriteBuffer, messageSize(op, len(data)), func(dst []byte) []byte {
			return appendMessage(dst, op, data)
		})
	case op == websocket.OpBinary && !s.base64:
		return s.enqueue(op, data)
	}
	b := scratch.Get().(*[]byte)
	*b = appendMessage((*b)[:0], op, data)
	first, err = s.enqueue(websocket.OpText, *b)
	if cap(*b) <= 64<<10 {
		scratch.Put(b)
	}
	return first, err
}

// enqueue puts a message into the buffer of the connection. What is queued there and could leave does not stand in its way. mu is held.
func (s *Session) enqueue(op websocket.Opcode, data []byte) (first bool, err error) {
	if first, err = s.link.Queue(op, data); errors.Is(err, websocket.ErrBackpressure) {
		s.link.Send()
		return s.link.Queue(op, data)
	}
	return first, err
}

// enqueuePrepared is enqueue for a row of messages.
func (s *Session) enqueuePrepared(m *websocket.PreparedMessage) (first bool, err error) {
	if first, err = s.link.QueuePrepared(m); errors.Is(err, websocket.ErrBackpressure) {
		s.link.Send()
		return s.link.QueuePrepared(m)
	}
	return first, err
}

// pushPrepared is push for a row of messages.
func (s *Session) pushPrepared(m *Prepared) (first bool, err error) {
	switch {
	case s.end != nil:
		return false, s.end
	case len(m.messages) == 0:
		return false, nil
	case s.polling != nil:
		payload := m.payload()
		return s.polling.push(s.srv.opts.WriteBuffer, len(payload), func(dst []byte) []byte { return append(dst, payload...) })
	case s.base64:
		return s.enqueuePrepared(m.asText())
	}
	return s.enqueuePrepared(m.frames)
}

// pingFrame is a ping as WebSocket has it.
var pingFrame = []byte{packetPing}

// pushPing is push for a ping.
func (s *Session) pushPing() (first bool, err error) {
	if s.polling != nil {
		s.polling.packet(packetPing)
		return true, nil
	}
	return s.link.Queue(websocket.OpText, pingFrame)
}

// pass lets what was pushed go, and what is held with it, unless Hold keeps it, or ends the session if there was no room for it. mu is held, and released.
func (s *Session) pass(first bool, err error) error {
	l, tell := s.link, false
	switch {
	case errors.Is(err, websocket.ErrBackpressure) && s.client != nil:
		err = ErrFull
	case errors.Is(err, websocket.ErrBackpressure):
		tell = s.finish(TransportError, err, byLoss)
		err = s.end
	case err == nil && s.holds > 0 && (first || s.held) && !s.overfull():
		s.held, first = true, false
	case err == nil && (first || s.held):
		s.held, first = false, true
		if s.polling != nil {
			s.polling.signal()
		}
	}
	s.mu.Unlock()
	switch {
	case tell:
		go s.tell()
	case err == nil && first && l != nil:
		l.Send()
	}
	return err
}

// overfull reports whether so much waits that holding ends. mu is held.
func (s *Session) overfull() bool {
	if s.polling != nil {
		return s.polling.overfull(s)
	}
	return s.link.Buffered() > s.srv.opts.WriteBuffer/2
}

// Prepared is a row of messages, encoded once for many sessions on whatever transport. Any number of goroutines may use one at the
// same time.
type Prepared struct {
	frames   *websocket.PreparedMessage
	messages []websocket.Message // with the type before texts

	payloadOnce sync.Once
	polled      []byte
	textOnce    sync.Once
	text        *websocket.PreparedMessage
}

// Prepare returns a row of messages. They are copied. The error is that of a wrong opcode or of a text that is not UTF-8.
func Prepare(messages ...websocket.Message) (*Prepared, error) {
	p := &Prepared{messages: make([]websocket.Message, len(messages))}
	for i, m := range messages {
		if err := check(m.Op, m.Data); err != nil {
			return nil, err
		}
		p.messages[i] = websocket.Message{Op: m.Op, Data: slices.Clone(m.Data)}
		if m.Op == websocket.OpText {
			p.messages[i].Data = appendMessage(make([]byte, 0, len(m.Data)+1), m.Op, m.Data)
		}
	}
	var err error
	p.frames, err = websocket.PrepareMessages(p.messages...)
	return p, err
}

// payload returns the messages as polling has them.
func (p *Prepared) payload() []byte {
	p.payloadOnce.Do(func() {
		for _, m := range p.texts() {
			p.polled = append(appendSeparator(p.polled), m.Data...)
		}
	})
	return p.polled
}

// asText returns the messages for clients that take no binary.
func (p *Prepared) asText() *websocket.PreparedMessage {
	p.textOnce.Do(func() { p.text, _ = websocket.PrepareMessages(p.texts()...) })
	return p.text
}

// texts returns the messages, all as texts.
func (p *Prepared) texts() []websocket.Message {
	texts := slices.Clone(p.messages)
	for i, m := range texts {
		if m.Op == websocket.OpBinary {
			b := base64.StdEncoding.AppendEncode([]byte{packetBinary}, m.Data)
			texts[i] = websocket.Message{Op: websocket.OpText, Data: b}
		}
	}
	return texts
}
