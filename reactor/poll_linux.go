package reactor

// This file holds the poller of Linux: edge-triggered epoll, whose own descriptor stands in the runtime's poller, so that a
// loop that waits is a goroutine that waits and takes no thread.

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wakeSlot stands for the eventfd in what epoll tells.
const wakeSlot = ^uint32(0)

// maxEvents is the most events of one wait.
const maxEvents = 256

// epoll is the poller.
type epoll struct {
	file *os.File // epfd, in the runtime's poller
	raw  syscall.RawConn
	epfd int
	waker
	sockets
	got    [maxEvents]unix.EpollEvent
	n      int
	errno  syscall.Errno
	onWait func(fd uintptr) bool // made once: a closure for each wait would be an allocation
}

// newPoller returns a poller for sockets.
func newPoller() (poller, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	// os.NewFile gives what does not block to the runtime's poller.
	if err := unix.SetNonblock(epfd, true); err != nil {
		unix.Close(epfd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &epoll{file: os.NewFile(uintptr(epfd), "epoll"), epfd: epfd}
	p.onWait = p.look
	if p.raw, err = p.file.SyscallConn(); err == nil {
		p.waker.in, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	}
	if err != nil {
		p.file.Close()
		return nil, os.NewSyscallError("eventfd", err)
	}
	p.out = p.in
	if err := p.control(p.in, unix.EPOLLIN|unix.EPOLLET, wakeSlot); err != nil {
		p.free()
		return nil, err
	}
	return p, nil
}

// control registers a descriptor. What epoll tells of it are its slot and its number.
func (p *epoll) control(fd int, events uint32, slot uint32) error {
	e := unix.EpollEvent{Events: events, Fd: int32(fd), Pad: int32(slot)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.epfd, unix.EPOLL_CTL_ADD, fd, &e))
}

func (p *epoll) add(fd int32, slot uint32) error {
	return p.control(int(fd), unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP|unix.EPOLLET, slot)
}

// look asks for events and does not wait. The runtime waits if it returns false.
func (p *epoll) look(uintptr) bool {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.epfd), uintptr(unsafe.Pointer(&p.got[0])), maxEvents, 0, 0, 0)
	p.n, p.errno = int(n), errno
	return errno != 0 && errno != syscall.EINTR || errno == 0 && n > 0
}

func (p *epoll) wait(events []event, block bool) (n int, err error) {
	if !block {
		p.look(0)
	} else if err := p.raw.Read(p.onWait); err != nil {
		return 0, err
	}
	if p.errno != 0 && p.errno != syscall.EINTR {
		return 0, os.NewSyscallError("epoll_pwait", p.errno)
	}
	for _, e := range p.got[:min(max(p.n, 0), len(events))] {
		if uint32(e.Pad) == wakeSlot {
			p.woken()
			continue
		}
		events[n] = event{slot: uint32(e.Pad), fd: e.Fd, ready: ready(e.Events)}
		n++
	}
	return n, nil
}

// ready translates what epoll tells.
func ready(events uint32) (r readiness) {
	if events&unix.EPOLLIN != 0 {
		r |= readable
	}
	if events&unix.EPOLLOUT != 0 {
		r |= writable
	}
	if events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		r |= readable | writable | hangup
	}
	return r
}

// close takes the descriptor out of epoll first: where a copy of it is open elsewhere, closing it does not.
func (p *epoll) close(fd int32) {
	unix.EpollCtl(p.epfd, unix.EPOLL_CTL_DEL, int(fd), nil)
	unix.Close(int(fd))
}

func (p *epoll) free() {
	p.waker.free()
	p.file.Close()
}
