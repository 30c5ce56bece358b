package errno

import "syscall"

// Plan 9 has texts in the place of numbers, and none of these: no error is one of them.
var (
	ConnReset = syscall.NewError("connection reset")
	Pipe      = syscall.NewError("broken pipe")
)
