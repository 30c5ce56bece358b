package reactor

// This file holds what a poller over kqueue does besides system calls, which poll_kqueue.go makes, so that tests drive it everywhere.

// kevent is what kqueue tells of a descriptor: that one of its two filters has become true.
type kevent struct {
	fd    int32
	write bool // there is room to send, and not something to read
	eof   bool // that direction has ended, by the peer or because the connection has failed
}

// kslots are the slots of descriptors, by number: what kqueue itself keeps for each is a pointer.
type kslots []uint32

// add takes note of a descriptor.
func (k *kslots) add(fd int32, slot uint32) {
	for int(fd) >= len(*k) {
		*k = append(*k, 0)
	}
	(*k)[fd] = slot
}

// drop forgets one that is about to be closed.
func (k kslots) drop(fd int32) {
	if int(fd) < len(k) {
		k[fd] = 0
	}
}

// event translates what kqueue tells. It is false for a descriptor that is none of ours.
func (k kslots) event(e kevent) (event, bool) {
	if e.fd < 0 || int(e.fd) >= len(k) || k[e.fd] == 0 {
		return event{}, false
	}
	var ready readiness
	switch {
	case e.write && e.eof: // nothing can be sent any more, and what there is to read may end in an error that says why
		ready = writable | readable | hangup
	case e.write:
		ready = writable
	case e.eof:
		ready = readable | hangup
	default:
		ready = readable
	}
	return event{slot: k[e.fd], fd: e.fd, ready: ready}, true
}
