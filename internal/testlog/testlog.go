// Package testlog is a log that a test reads while it is being written.
package testlog

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
)

// Buffer is an io.Writer for a log. Any goroutine may call its methods at any time.
type Buffer struct {
	mu      sync.Mutex
	b       bytes.Buffer
	written chan struct{} // closed with the next Write; nil while nobody waits
}

// Write appends p.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.written != nil {
		close(b.written)
		b.written = nil
	}
	return b.b.Write(p)
}

// String returns what has been written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Await waits until the log contains text: net/http logs a handler's panic when the client may know of it already.
func (b *Buffer) Await(ctx context.Context, text string) error {
	for {
		logged, written := b.next()
		if strings.Contains(logged, text) {
			return nil
		}
		select {
		case <-written:
		case <-ctx.Done():
			return fmt.Errorf("%q is not in the log %q: %w", text, logged, context.Cause(ctx))
		}
	}
}

// next returns what has been written, and what is closed when there is more.
func (b *Buffer) next() (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.written == nil {
		b.written = make(chan struct{})
	}
	return b.b.String(), b.written
}
