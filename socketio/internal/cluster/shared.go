package cluster

// This file holds what the namespaces of one server have of a carrier together.

import "sync"

// Shared is a connection, or several, that is there as long as somebody uses it. The zero value is one that nobody uses.
type Shared[T any] struct {
	mu    sync.Mutex // guards what follows
	users int
	it    T
}

// Enter returns it for one more user, and opens it for the first.
func (s *Shared[T]) Enter(open func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users++; s.users == 1 {
		s.it = open()
	}
	return s.it
}

// Leave counts one user less. For the last it returns what is to be closed.
func (s *Shared[T]) Leave() (it T, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none T
	if s.users--; s.users > 0 {
		return none, false
	}
	it, s.it = s.it, none
	return it, true
}

// Current returns it, or the zero value while nobody uses it.
func (s *Shared[T]) Current() T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.it
}
