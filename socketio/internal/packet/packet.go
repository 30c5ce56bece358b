package packet

// This file holds what stands in front of the JSON of a packet.

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Type is the type of a packet.
type Type uint8

// The types, as they travel. Parse returns Event and Ack for the binary ones, too: they differ in having attachments.
const (
	Connect Type = iota
	Disconnect
	Event
	Ack
	ConnectError
	binaryEvent
	binaryAck
)

// Main is the namespace that is not named in packets.
const Main = "/"

// MaxNamespace is the most bytes that the name of a namespace may have: peers keep it. It is ours; the protocol has no bound.
const MaxNamespace = 1 << 10

// maxID is the largest id of an acknowledgement: the largest whole number that JavaScript counts to.
const maxID = 1<<53 - 1

// Packet is a packet without its attachments. What Parse returns borrows from what it was given.
type Packet struct {
	Type        Type
	HasID       bool
	Binary      bool // it came as one of the binary types
	Attachments int
	ID          uint64
	Namespace   []byte
	Data        []byte // JSON, or empty
}

// Errors of Parse.
var (
	errType        = errors.New("unknown type of packet")
	errAttachments = errors.New("illegal number of attachments")
	errLongName    = errors.New("a name of a namespace that is too long")
	errID          = errors.New("illegal id of an acknowledgement")
	errNamespace   = errors.New("a namespace that is no string")
	errNoData      = errors.New("no payload")
	errData        = errors.New("illegal payload")
)

// mainNamespace is Main as Packet has it.
var mainNamespace = []byte(Main)

// Parse parses what stands in front of the JSON of a packet, which may have at most that many attachments.
func Parse(p []byte, maxAttachments int) (q Packet, err error) {
	err = q.parse(p, maxAttachments)
	return q, err
}

// parse is Parse into a Packet that is empty.
func (q *Packet) parse(p []byte, maxAttachments int) (err error) {
	if len(p) == 0 || p[0] < '0' || p[0] > '0'+byte(binaryAck) {
		return errType
	}
	q.Type, p = Type(p[0]-'0'), p[1:]
	if q.Type == binaryEvent || q.Type == binaryAck {
		q.Type -= binaryEvent - Event
		q.Binary = true
		if q.Attachments, p, err = cutAttachments(p, maxAttachments); err != nil {
			return err
		}
	}
	q.Namespace, p = cutNamespace(p)
	if q.ID, q.HasID, p, err = cutID(p); err != nil {
		return err
	}
	q.Data = p
	return q.check()
}

// check returns the error of a packet that has what its type has not, or lacks what it needs.
func (q *Packet) check() error {
	switch {
	case len(q.Namespace) > MaxNamespace:
		return errLongName
	case q.Type == Event && len(q.Data) == 0, q.Type == ConnectError && len(q.Data) == 0:
		return errNoData
	case q.Type == Disconnect && len(q.Data) > 0:
		return errData
	case q.Type == Ack && !q.HasID:
		return errID
	}
	return nil
}

// cutAttachments cuts the number of attachments, which only the binary types have. The official parser refuses 0, too (4.2.7).
func cutAttachments(p []byte, most int) (n int, rest []byte, err error) {
	digits, rest, ok := bytes.Cut(p, []byte{'-'})
	u, isNumber := parseDigits(digits)
	if !ok || !isNumber || u == 0 {
		return 0, nil, errAttachments
	}
	if u > uint64(most) {
		return 0, nil, fmt.Errorf("%d attachments, where %d are allowed", u, most)
	}
	return int(u), rest, nil
}

// cutNamespace cuts the namespace, which goes from a "/" to a "," or the end.
func cutNamespace(p []byte) (name, rest []byte) {
	if len(p) == 0 || p[0] != '/' {
		return mainNamespace, p
	}
	name, rest, _ = bytes.Cut(p, []byte{','})
	return name, rest
}

// cutID cuts the id of an acknowledgement.
func cutID(p []byte) (id uint64, has bool, rest []byte, err error) {
	n := 0
	for n < len(p) && '0' <= p[n] && p[n] <= '9' {
		n++
	}
	if n == 0 {
		return 0, false, p, nil
	}
	id, ok := parseDigits(p[:n])
	if !ok {
		return 0, false, nil, errID
	}
	return id, true, p[n:], nil
}

// parseDigits parses a number that has only digits and is at most maxID.
func parseDigits(p []byte) (n uint64, ok bool) {
	for _, c := range p {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = 10*n + uint64(c-'0'); n > maxID {
			return 0, false
		}
	}
	return n, len(p) > 0
}

// Append appends a packet. It does not check it: a namespace with a "," cannot be expressed.
func Append(dst []byte, q *Packet) []byte { return append(AppendHead(dst, q), q.Data...) }

// AppendHead appends what stands in front of the JSON.
func AppendHead(dst []byte, q *Packet) []byte {
	if q.Attachments > 0 {
		dst = append(dst, '0'+byte(q.Type+binaryEvent-Event))
		dst = append(strconv.AppendInt(dst, int64(q.Attachments), 10), '-')
	} else {
		dst = append(dst, '0'+byte(q.Type))
	}
	if len(q.Namespace) > 0 && string(q.Namespace) != Main {
		dst = append(append(dst, q.Namespace...), ',')
	}
	if q.HasID {
		dst = strconv.AppendUint(dst, q.ID, 10)
	}
	return dst
}
