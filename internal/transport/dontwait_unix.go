//go:build unix && !aix

package transport

import "syscall"

// dontWait makes a call on a socket in blocking mode not wait.
const dontWait = syscall.MSG_DONTWAIT
