//go:build kqueue && (darwin || dragonfly || freebsd || netbsd || openbsd)

package reactor

// This file holds the poller of macOS and the BSDs: kqueue, whose events are edges by EV_CLEAR. A loop that waits takes a thread. It
// has been compiled and vetted, and what kqueue.go holds is tested, but it has not run on a real BSD: so it is there with the build tag
// kqueue only.

import (
	"os"

	"golang.org/x/sys/unix"
)

// maxEvents is the most events of one wait.
const maxEvents = 256

// kqueue is the poller.
type kqueue struct {
	waker
	sockets
	fd    int
	slots kslots
	got   [maxEvents]unix.Kevent_t
}

// newPoller returns a poller for sockets.
func newPoller() (poller, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(fd)
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("pipe", err)
	}
	k := &kqueue{fd: fd, waker: waker{in: ends[0], out: ends[1]}}
	for _, end := range ends {
		unix.CloseOnExec(end)
		if err == nil {
			err = os.NewSyscallError("fcntl", unix.SetNonblock(end, true))
		}
	}
	if err == nil {
		err = k.register(int32(k.in), unix.EVFILT_READ)
	}
	if err != nil {
		k.free()
		return nil, err
	}
	return k, nil
}

// register has kqueue tell of filters of a descriptor. Closing that ends it.
func (k *kqueue) register(fd int32, filters ...int) error {
	var changes [2]unix.Kevent_t
	for i, filter := range filters {
		unix.SetKevent(&changes[i], int(fd), filter, unix.EV_ADD|unix.EV_CLEAR)
	}
	_, err := unix.Kevent(k.fd, changes[:len(filters)], nil, nil)
	return os.NewSyscallError("kevent", err)
}

func (k *kqueue) add(fd int32, slot uint32) error {
	k.slots.add(fd, slot)
	return k.register(fd, unix.EVFILT_READ, unix.EVFILT_WRITE)
}

func (k *kqueue) wait(events []event, block bool) (n int, err error) {
	var timeout *unix.Timespec
	if !block {
		timeout = new(unix.Timespec)
	}
	got, err := unix.Kevent(k.fd, nil, k.got[:min(maxEvents, len(events))], timeout)
	if err == unix.EINTR {
		return 0, nil
	}
	if err != nil {
		return 0, os.NewSyscallError("kevent", err)
	}
	for i := range k.got[:got] {
		e := &k.got[i]
		if int(e.Ident) == k.in {
			k.woken()
			continue
		}
		told := kevent{fd: int32(e.Ident), write: int(e.Filter) == unix.EVFILT_WRITE, eof: e.Flags&(unix.EV_EOF|unix.EV_ERROR) != 0}
		if event, ok := k.slots.event(told); ok {
			events[n] = event
			n++
		}
	}
	return n, nil
}

func (k *kqueue) close(fd int32) {
	k.slots.drop(fd)
	unix.Close(int(fd))
}

func (k *kqueue) free() {
	k.waker.free()
	unix.Close(k.fd)
}
