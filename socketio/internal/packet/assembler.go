package packet

// This file holds how packets and their attachments, which come in messages of their own, become one.

import "errors"

var (
	errLoneBinary = errors.New("a binary message that is no attachment")
	errMissing    = errors.New("a text where there should be an attachment")
)

// Assembler puts what a peer sends together. The zero value is ready to use. After an error, it is not.
type Assembler struct{ waiting *Whole }

// Whole is a packet with its attachments.
type Whole struct {
	Packet
	Binaries [][]byte
}

// Text takes a text, of a packet that may have at most that many attachments, and makes it w, which is empty. It returns w, unless attachments
// are to come: then w is kept, and nil returned. Either keeps p.
func (a *Assembler) Text(w *Whole, p []byte, most int) (*Whole, error) {
	if a.waiting != nil {
		return nil, errMissing
	}
	if err := w.parse(p, most); err != nil {
		return nil, err
	}
	if w.Attachments > 0 {
		a.waiting = w
		return nil, nil
	}
	return w, nil
}

// Binary takes a binary message, which is kept. It returns the packet if that was the last of its attachments, and nil otherwise.
func (a *Assembler) Binary(p []byte) (*Whole, error) {
	w := a.waiting
	if w == nil {
		return nil, errLoneBinary
	}
	w.Binaries = append(w.Binaries, p)
	if len(w.Binaries) < w.Attachments {
		return nil, nil
	}
	a.waiting = nil
	return w, nil
}
