//go:build linux

package feed

// This file holds the process that is measured: a client that reads.

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync"
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
		return true, child.Serve(&reader{client: c, came: make(chan struct{}, 1)})
	}
	return false, nil
}

// None stands where a call has nothing to say or to ask.
type None struct{}

// reader is the process that reads.
type reader struct {
	client clients.Client
	came   chan struct{} // there is something in it if count may have reached want

	mu          sync.Mutex
	count, want int
	failed      error
}

// ReadArgs say what to connect to.
type ReadArgs struct {
	Addr         string
	TLS, Deflate bool
}

// Read begins to read.
func (r *reader) Read(args ReadArgs, _ *None) error {
	var config *tls.Config
	if args.TLS {
		config = &tls.Config{InsecureSkipVerify: true}
	}
	read := func() error { return r.client.Read(args.Addr, config, r.got) }
	if args.Deflate && !r.client.Raw {
		read = func() error { return r.client.ReadDeflated(args.Addr, r.got) }
	}
	r.count, r.want, r.failed = 0, 0, nil
	go func() {
		err := read()
		r.mu.Lock()
		r.failed = errors.Join(err, io.ErrUnexpectedEOF)
		r.mu.Unlock()
		r.tell()
	}()
	return nil
}

// got counts what has been read.
func (r *reader) got(n int) {
	r.mu.Lock()
	r.count += n
	came := r.count == r.want
	r.mu.Unlock()
	if came {
		r.tell()
	}
}

func (r *reader) tell() {
	select {
	case r.came <- struct{}{}:
	default:
	}
}

// patience is how long a client may need for what has been sent.
const patience = 20 * time.Second

// Wait waits until so much has been read since Read, and not more.
func (r *reader) Wait(want int, _ *None) error {
	for timeout := time.After(patience); ; {
		r.mu.Lock()
		r.want = want
		count, failed := r.count, r.failed
		r.mu.Unlock()
		switch {
		case count == want:
			return nil
		case failed != nil:
			return failed
		case count > want:
			return fmt.Errorf("read %d of %d", count, want)
		}
		select {
		case <-r.came:
		case <-timeout:
			return fmt.Errorf("read only %d of %d", count, want)
		}
	}
}

// CPU is the processor time used so far.
func (r *reader) CPU(_ None, d *time.Duration) (err error) {
	*d, err = child.CPU()
	return err
}

// Memory is child.ReadMemory.
func (r *reader) Memory(settle bool, m *child.Memory) (err error) {
	*m, err = child.ReadMemory(settle)
	return err
}
