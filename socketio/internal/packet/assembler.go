package packet

// This file holds how packets and their attachments, which come in messages of their own, become one.

import (
	"bytes"
	"errors"
)

var (
	errLoneBinary = errors.New("a binary message that is no attachment")
	errMissing    = errors.New("a text where there should be an attachment")
)

// Assembler puts what a peer sends together. The zero value is ready to use. After an error, it is not.
type Assembler struct{ waiting *incomplete }

// incomplete is a packet some of whose attachments are missing.
type incomplete struct {
	packet      Packet
	attachments [][]byte
}

// Text takes a text, of a packet that may have at most that many attachments. The packet is whole unless it has some. It borrows from p.
func (a *Assembler) Text(p []byte, most int) (q Packet, whole bool, err error) {
	if a.waiting != nil {
		return q, false, errMissing
	}
	if q, err = Parse(p, most); err != nil || q.Attachments == 0 {
		return q, err == nil, err
	}
	q.Namespace, q.Data = bytes.Clone(q.Namespace), bytes.Clone(q.Data)
	a.waiting = &incomplete{packet: q}
	return q, false, nil
}

// Binary takes a binary message, which is copied. The packet is whole if it was the last of its attachments.
func (a *Assembler) Binary(p []byte) (q Packet, attachments [][]byte, whole bool, err error) {
	w := a.waiting
	if w == nil {
		return q, nil, false, errLoneBinary
	}
	w.attachments = append(w.attachments, append([]byte{}, p...))
	if len(w.attachments) < w.packet.Attachments {
		return q, nil, false, nil
	}
	a.waiting = nil
	return w.packet, w.attachments, true, nil
}
