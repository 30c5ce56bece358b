package load

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// coarse is how late the runtime's timers may be: an idle thread waits for the network and them together, in milliseconds.
const coarse = 2 * time.Millisecond

// wait is pause, but exact to a fraction of a millisecond: a latency that counts from when a message was due has no time of ours in it.
func wait(ctx context.Context, d time.Duration) {
	if d >= coarse {
		pause(ctx, d-coarse/2)
		return
	}
	if d > 0 {
		ts := unix.NsecToTimespec(int64(d))
		unix.Nanosleep(&ts, nil) // a signal that ends it early does no harm
	}
}
