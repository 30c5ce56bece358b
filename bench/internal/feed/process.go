//go:build linux

package feed

// This file holds the process that is measured: a client that reads.

import (
	"crypto/tls"
	"errors"
	"io"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
)

const (
	senderRole = "feed-sender"
	clientRole = "feed-client"
)

// DefaultPause is a pause behind each burst in which a client that is fast comes to rest.
const DefaultPause = 100 * time.Microsecond

// Role runs this process as the child that args name. It reports false when they name none.
func Role(args []string) (ran bool, err error) {
	switch {
	case len(args) == 1 && args[0] == senderRole:
		return true, child.Serve(new(sender))
	case len(args) == 2 && args[0] == clientRole:
		c, err := clients.Named(args[1])
		if err != nil {
			return true, err
		}
		return true, child.Serve(&reader{client: c})
	}
	return false, nil
}

// reader is the process that reads.
type reader struct {
	child.Usage
	client clients.Client
	read   *child.Count // since Read: messages, or bytes of a raw client
}

// ReadArgs say what to connect to.
type ReadArgs struct {
	Addr         string
	TLS, Deflate bool
}

// Read begins to read.
func (r *reader) Read(args ReadArgs, _ *child.None) error {
	var config *tls.Config
	if args.TLS {
		config = &tls.Config{InsecureSkipVerify: true}
	}
	count := child.NewCount()
	read := func() error { return r.client.Read(args.Addr, config, count.Add) }
	if args.Deflate && !r.client.Raw {
		read = func() error { return r.client.ReadDeflated(args.Addr, count.Add) }
	}
	r.read = count
	go func() { count.Fail(errors.Join(read(), io.ErrUnexpectedEOF)) }()
	return nil
}

// patience is how long a client may need for what has been sent.
const patience = 20 * time.Second

// Wait waits until so much has been read since Read, and not more.
func (r *reader) Wait(want int, _ *child.None) error { return r.read.Wait(want, patience) }
