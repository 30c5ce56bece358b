package websocket

// This file holds a lock that can be waited for until a deadline.

import "time"

// mutex is a lock: who has put the value into the channel holds it.
type mutex chan struct{}

func newMutex() mutex { return make(mutex, 1) }

// lock waits for the lock until deadline, which is none if it is zero. The error is errWriteTimeout.
func (m mutex) lock(deadline time.Time) error {
	select {
	case m <- struct{}{}:
		return nil
	default:
	}
	if deadline.IsZero() {
		m <- struct{}{}
		return nil
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case m <- struct{}{}:
		return nil
	case <-timer.C:
		return errWriteTimeout
	}
}

func (m mutex) unlock() { <-m }
