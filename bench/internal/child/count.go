//go:build linux

package child

// This file holds how a process waits for what another one sends to it.

import (
	"fmt"
	"sync"
	"time"
)

// Count is how much has come, for one who waits until all of it has. Any number of goroutines may add to it.
type Count struct {
	changed chan struct{} // there is something in it if the one who waits is to look

	mu          sync.Mutex
	count, want int
	failed      error
}

// NewCount returns one of nothing.
func NewCount() *Count { return &Count{changed: make(chan struct{}, 1)} }

// Add adds what has come.
func (c *Count) Add(n int) {
	c.mu.Lock()
	c.count += n
	complete := c.count == c.want
	c.mu.Unlock()
	if complete {
		c.tell()
	}
}

// Fail says why no more will come. The first reason counts.
func (c *Count) Fail(err error) {
	c.mu.Lock()
	if c.failed == nil {
		c.failed = err
	}
	c.mu.Unlock()
	c.tell()
}

func (c *Count) tell() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// Wait waits until so much has come in all, and not more.
func (c *Count) Wait(want int, patience time.Duration) error {
	for timeout := time.After(patience); ; {
		c.mu.Lock()
		c.want = want
		count, failed := c.count, c.failed
		c.mu.Unlock()
		switch {
		case count == want:
			return nil
		case failed != nil:
			return failed
		case count > want:
			return fmt.Errorf("child: %d came of %d", count, want)
		}
		select {
		case <-c.changed:
		case <-timeout:
			return fmt.Errorf("child: only %d came of %d", count, want)
		}
	}
}
