package socketio

// This file holds how packets leave: as one text, or as a row of messages with attachments behind it.

import (
	"sync"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// scratch lends buffers for packets. No larger one than 64 KiB is kept.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// putScratch gives a buffer back.
func putScratch(b *[]byte) {
	if cap(*b) <= 64<<10 {
		*b = (*b)[:0]
		scratch.Put(b)
	}
}

// outgoing is a packet that is encoded for one connection or many: by itself where that is cheap, or prepared.
type outgoing struct {
	op       websocket.Opcode // of text
	text     *[]byte
	prepared *engineio.Prepared
	size     int // in bytes, with attachments
}

// preparedFrom is the size from which preparing a packet for many connections costs less than it saves.
const preparedFrom = 1 << 10

// encodePacket encodes a packet, for many connections if so. The caller gives it back by release.
func (srv *Server) encodePacket(q *packet.Packet, attachments [][]byte, many bool) (out outgoing, err error) {
	q.Attachments = len(attachments)
	if srv.opts.Msgpack {
		return encodeMsgpack(q, attachments, many)
	}
	out.op, out.text = websocket.OpText, scratch.Get().(*[]byte)
	*out.text = packet.Append((*out.text)[:0], q)
	out.size = len(*out.text)
	for _, a := range attachments {
		out.size += len(a)
	}
	if len(attachments) > 0 || many && out.size >= preparedFrom {
		out.prepared, err = prepareRow(*out.text, attachments)
	}
	return out, err
}

// prepareRow prepares a text with its attachments.
func prepareRow(text []byte, attachments [][]byte) (*engineio.Prepared, error) {
	row := make([]websocket.Message, 0, 1+len(attachments))
	row = append(row, websocket.Message{Op: websocket.OpText, Data: text})
	for _, a := range attachments {
		row = append(row, websocket.Message{Op: websocket.OpBinary, Data: a})
	}
	return engineio.Prepare(row...)
}

func (out *outgoing) release() {
	if out.text != nil {
		putScratch(out.text)
	}
}

// sendTo sends the packet. It does not wait.
func (out *outgoing) sendTo(s *engineio.Session) error {
	if out.prepared != nil {
		return s.SendPrepared(out.prepared)
	}
	return s.Send(out.op, *out.text)
}

// queueFor is sendTo that leaves the sending to Session.Flush, for which the caller cares if first.
func (out *outgoing) queueFor(s *engineio.Session) (first bool, err error) {
	if out.prepared != nil {
		return s.QueuePrepared(out.prepared)
	}
	return s.Queue(out.op, *out.text)
}

// maxVolatile is how many bytes may wait for a client that gets volatile events.
const maxVolatile = 64 << 10

// isBehind reports whether a client is not keeping up, so that it gets no volatile event of that size.
func isBehind(s *engineio.Session, size int) bool {
	waits := s.Buffered()
	return waits > 0 && waits+size > maxVolatile
}

// send sends a packet to the client. It does not wait.
func (c *conn) send(q *packet.Packet, attachments [][]byte) error {
	out, err := c.srv.encodePacket(q, attachments, false)
	if err == nil {
		err = out.sendTo(c.session)
	}
	out.release()
	return err
}
