//go:build linux

package child

// This file holds what a trace counts.

import (
	"errors"

	"golang.org/x/sys/unix"
)

// ErrNotTraced says that the system calls of a child could not be counted: the kernel, or what this process runs in,
// does not let it trace, or nobody has said how to on this architecture.
var ErrNotTraced = errors.New("child: system calls cannot be counted")

// Calls are system calls that have returned, with an error or without. Naps are those by which threads of the runtime wait for each
// other, or for a moment.
type Calls struct{ Reads, Writes, Naps int }

// add counts one call by its number.
func (c *Calls) add(number int64) {
	switch number {
	case unix.SYS_READ, unix.SYS_READV, unix.SYS_PREAD64, unix.SYS_PREADV, unix.SYS_PREADV2,
		unix.SYS_RECVFROM, unix.SYS_RECVMSG, unix.SYS_RECVMMSG:
		c.Reads++
	case unix.SYS_WRITE, unix.SYS_WRITEV, unix.SYS_PWRITE64, unix.SYS_PWRITEV, unix.SYS_PWRITEV2,
		unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_SENDFILE:
		c.Writes++
	case unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_SCHED_YIELD:
		c.Naps++
	}
}
