package engineio

// This file holds how a Handler that has enough keeps a session from being read. Where a goroutine reads it waits, with what it has read; a loop is
// told to stop. Neither is needed once the session has ended.

// PauseReading has no more messages delivered until ResumeReading is called, or the session ends: for who gets more than can be dealt with, and must
// not wait in a Handler. The client is held up by and by, as what it sends fills its way here. The ping timeout stands still. Called in
// Handler.Message, it holds from the next message on; elsewhere one may be on its way. It does not count calls.
func (s *Session) PauseReading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil || s.paused != nil {
		return
	}
	s.paused = make(chan struct{})
	if l, ok := s.link.(pauser); ok {
		l.PauseReading()
	}
}

// ResumeReading ends PauseReading.
func (s *Session) ResumeReading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume()
}

// resume is ResumeReading with mu held.
func (s *Session) resume() {
	if s.paused == nil {
		return
	}
	close(s.paused)
	s.paused = nil
	if l, ok := s.link.(pauser); ok {
		l.ResumeReading()
	}
}

// deaf reports whether the client is not heard, so that no pong need come. mu is held.
func (s *Session) deaf() bool { return s.calling || s.paused != nil }

// awaitReading waits while reading is paused, on the goroutine that reads.
func (s *Session) awaitReading() {
	for wait := s.pausing(); wait != nil; wait = s.pausing() {
		<-wait
	}
}

// pausing returns what is closed when reading goes on, or nil.
func (s *Session) pausing() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paused
}
