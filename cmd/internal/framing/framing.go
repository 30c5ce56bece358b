// Package framing puts messages behind one another into a stream of bytes, such as a pipe, and finds them again.
package framing

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Framing says how messages stand in a stream.
type Framing uint8

const (
	Lines  Framing = iota // a line each; a carriage return before the line feed is no part of the message
	NUL                   // each ends with a zero byte
	Length                // behind its length, four bytes, the most significant first
	Hex                   // a line of hexadecimal digits, between which spaces may stand
	Base64                // a line of base64 (RFC 4648, Section 4)
	Stream                // nothing: what one read returns is a message, and messages follow one another
)

// ErrTooLong is wrapped by the error of a message that is longer than the limit.
var ErrTooLong = errors.New("message is too long")

// chunk is the most bytes that a message of Stream has, and that memory grows by for Length.
const chunk = 64 << 10

// Append appends a message to dst as it stands in a stream. A message of 4 GiB or more has no Length.
func (f Framing) Append(dst, message []byte) []byte {
	switch f {
	case Lines:
		return append(append(dst, message...), '\n')
	case NUL:
		return append(append(dst, message...), 0)
	case Length:
		return append(binary.BigEndian.AppendUint32(dst, uint32(len(message))), message...)
	case Hex:
		return append(hex.AppendEncode(dst, message), '\n')
	case Base64:
		return append(base64.StdEncoding.AppendEncode(dst, message), '\n')
	}
	return append(dst, message...)
}

// Reader reads messages. Use it from one goroutine at a time.
type Reader struct {
	framing Framing
	limit   int64 // bytes of a message, or of its line; negative for no limit
	r       *bufio.Reader
}

// NewReader returns a Reader of the messages in r.
func NewReader(r io.Reader, f Framing, limit int64) *Reader {
	return &Reader{framing: f, limit: limit, r: bufio.NewReaderSize(r, chunk)}
}

// Next returns the next message, which is the caller's. The error is io.EOF behind the last one; a last message may lack its
// end, but for Length, where that is io.ErrUnexpectedEOF. Memory grows with what has come, whatever was announced.
func (r *Reader) Next() ([]byte, error) {
	switch r.framing {
	case NUL:
		return r.until(0)
	case Length:
		return r.prefixed()
	case Stream:
		return r.available()
	}
	line, err := r.until('\n')
	if err != nil {
		return nil, err
	}
	line = bytes.TrimSuffix(line, []byte{'\r'})
	switch r.framing {
	case Hex:
		line = bytes.ReplaceAll(line, []byte{' '}, nil)
		n, err := hex.Decode(line, line)
		return line[:n], err
	case Base64:
		n, err := base64.StdEncoding.Decode(line, line)
		return line[:n], err
	}
	return line, nil
}

// until reads up to a delimiter, which is dropped, or the end.
func (r *Reader) until(delimiter byte) ([]byte, error) {
	var message []byte
	for {
		part, err := r.r.ReadSlice(delimiter)
		message = append(message, part...)
		ended := err == nil
		if ended {
			message = message[:len(message)-1]
		}
		if r.limit >= 0 && int64(len(message)) > r.limit {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.limit)
		}
		switch {
		case ended || err == io.EOF && len(message) > 0:
			return message, nil
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

// prefixed reads a length and so many bytes.
func (r *Reader) prefixed() ([]byte, error) {
	var prefix [4]byte
	if _, err := io.ReadFull(r.r, prefix[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(prefix[:]))
	if r.limit >= 0 && n > r.limit {
		return nil, fmt.Errorf("%w: %d bytes are announced, and %d is the limit", ErrTooLong, n, r.limit)
	}
	var message bytes.Buffer
	message.Grow(int(min(n, chunk)))
	if _, err := io.CopyN(&message, r.r, n); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return message.Bytes(), nil
}

// available reads what there is, or waits for it.
func (r *Reader) available() ([]byte, error) {
	if _, err := r.r.Peek(1); err != nil {
		return nil, err
	}
	n := r.r.Buffered()
	if r.limit >= 0 {
		n = int(min(int64(n), max(r.limit, 1)))
	}
	message := make([]byte, n)
	_, err := io.ReadFull(r.r, message)
	return message, err
}
