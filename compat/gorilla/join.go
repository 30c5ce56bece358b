package websocket

// This file holds messages that are read as one stream.

import (
	"io"
	"strings"
)

// JoinMessages returns a reader of all messages of c behind one another, with term behind each. Its errors are those of
// NextReader. Use it from one goroutine at a time.
func JoinMessages(c *Conn, term string) io.Reader { return &joiner{c: c, term: term} }

type joiner struct {
	c       *Conn
	term    string
	message io.Reader // with term behind it; nil between messages
}

// Read implements io.Reader.
func (j *joiner) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if j.message == nil {
			_, r, err := j.c.NextReader()
			if err != nil {
				return 0, err
			}
			j.message = io.MultiReader(r, strings.NewReader(j.term))
		}
		n, err := j.message.Read(p)
		if err == io.EOF {
			j.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}
