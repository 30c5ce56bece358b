// Package streamtest is a stand-in for a response of net/http's HTTP/2, for tests, and as strict as the original: it panics
// when it is used after its handler has returned, and a write deadline ends the stream for good.
package streamtest

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// ErrReset is wrapped by the error of a write whose deadline has passed.
var ErrReset = errors.New("stream was reset")

// Response is the http.ResponseWriter of a stream. Any goroutine may call any method.
type Response struct {
	out    *netpipe.Conn // its buffer is the peer's window
	header http.Header

	mu       sync.Mutex
	status   int
	flushes  int
	reset    bool // by a deadline in the past
	returned bool
}

// New returns a response, and where the peer reads its body. The peer's window is of so many bytes.
func New(window int) (r *Response, peer *netpipe.Conn) {
	out, peer := netpipe.New(window)
	return &Response{out: out, header: http.Header{}}, peer
}

// use is the beginning of whatever a handler may call.
func (r *Response) use(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.returned {
		panic("the response of a stream is used after its handler has returned")
	}
	f()
}

func (r *Response) Header() http.Header             { return r.header }
func (r *Response) FlushError() error               { r.use(func() { r.flushes++ }); return nil }
func (r *Response) SetReadDeadline(time.Time) error { r.use(func() {}); return nil }
func (r *Response) SetWriteDeadline(t time.Time) error {
	r.use(func() { r.reset = r.reset || !t.IsZero() && !t.After(time.Now()) })
	return r.out.SetWriteDeadline(t)
}

// WriteHeader takes the first status.
func (r *Response) WriteHeader(status int) {
	r.use(func() {
		if r.status == 0 {
			r.status = status
		}
	})
}

func (r *Response) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	n, err := r.out.Write(p)
	if err != nil {
		err = ErrReset
	}
	return n, err
}

// Returned tells that the handler has returned, which ends the body.
func (r *Response) Returned() {
	r.use(func() { r.returned = true })
	r.out.CloseWrite()
}

// Status returns the status of the response, or 0.
func (r *Response) Status() int { r.mu.Lock(); defer r.mu.Unlock(); return r.status }

// Flushes returns how often something was let leave.
func (r *Response) Flushes() int { r.mu.Lock(); defer r.mu.Unlock(); return r.flushes }

// WasReset reports whether a deadline has ended the stream.
func (r *Response) WasReset() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.reset }
