//go:build linux && (amd64 || arm64)

package child

// This file counts the system calls of a child with ptrace(2), as strace(1) does. Which call is of which kind is in
// calls.go.

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Trace counts the system calls that p makes while run runs. Every call costs p several microseconds then. Where that
// is not possible the error is ErrNotTraced, and run may not have been called; any other error is of run.
func (p *started) Trace(run func() error) (Calls, error) {
	t := &tracer{process: p.cmd.Process, threads: map[int]*thread{}}
	attached, detached := make(chan struct{}), make(chan error, 1)
	go func() {
		// To the kernel a thread is the tracer, not a process. On the core of the child it is woken in a tenth of the time.
		detached <- onCore(p.core, func() error {
			err := t.attach()
			if err == nil {
				close(attached)
				err = t.follow()
			}
			return errors.Join(err, t.detach())
		})
	}()
	var failed, err error
	select {
	case <-attached:
		failed = run()
		t.over.Store(true)
		_ = p.cmd.Process.Signal(unix.SIGURG) // a last stop, which means nothing to a Go program; it may have ended
		err = <-detached
	case err = <-detached:
	}
	if failed != nil {
		return Calls{}, failed
	}
	if err != nil {
		return Calls{}, fmt.Errorf("%w: %w", ErrNotTraced, err)
	}
	return t.calls, nil
}

// tracer follows one process. Only one OS thread may use it, but for over.
type tracer struct {
	process *os.Process
	threads map[int]*thread
	calls   Calls
	over    atomic.Bool // follow is to return at the next stop
}

// thread is what is known of a thread of the traced process.
type thread struct {
	call    int64 // the system call that it is in, or was in last; -1 before the first one
	stopped bool
	signal  unix.Signal // to deliver when it goes on, or 0
}

// attach makes every thread stop at its system calls from now on. Threads that they start do so, too.
func (t *tracer) attach() error {
	for more := true; more; { // until no thread is left that a thread not yet traced could have started
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", t.process.Pid))
		if err != nil {
			return err
		}
		more = false
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil || t.threads[tid] != nil {
				continue
			}
			err = ptrace(unix.PTRACE_SEIZE, tid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE)
			if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EPERM) && len(t.threads) > 0 {
				continue // it has ended, or a traced thread started it, so that it is traced already
			}
			if err != nil {
				return err
			}
			t.add(tid)
			more = true
		}
	}
	if err := t.halt(); err != nil {
		return err
	}
	for tid := range t.threads {
		if err := t.resume(tid); err != nil {
			return err
		}
	}
	return nil
}

// follow lets the process run, from stop to stop.
func (t *tracer) follow() error {
	for !t.over.Load() {
		tid, err := t.wait()
		if err != nil {
			return err
		}
		if err := t.resume(tid); err != nil {
			return err
		}
	}
	return nil
}

// halt stops every thread.
func (t *tracer) halt() error {
	for tid := range t.threads {
		if err := ptrace(unix.PTRACE_INTERRUPT, tid, 0); errors.Is(err, unix.ESRCH) && tid != t.process.Pid {
			delete(t.threads, tid) // it ended before the stop of the thread that had started it was seen
		} else if err != nil {
			return err
		}
	}
	for t.running() {
		if _, err := t.wait(); err != nil {
			return err
		}
	}
	return nil
}

func (t *tracer) running() bool {
	for _, th := range t.threads {
		if !th.stopped {
			return true
		}
	}
	return false
}

// detach lets go of every thread. A process that it cannot let go of is killed: it would stay stopped.
func (t *tracer) detach() error {
	err := t.halt() // only a thread that is stopped can be detached
	for tid, th := range t.threads {
		if err == nil {
			err = ptrace(unix.PTRACE_DETACH, tid, uintptr(th.signal))
		}
	}
	if err == nil {
		return nil
	}
	_ = t.process.Kill() // it may have ended
	for {                // Cmd.Wait would wait for threads that their tracer has not waited for
		if _, gone := unix.Wait4(-t.process.Pid, nil, unix.WALL, nil); gone != nil && !errors.Is(gone, unix.EINTR) {
			return err
		}
	}
}

// resume lets a thread run to its next stop, unless it has ended.
func (t *tracer) resume(tid int) error {
	th := t.threads[tid]
	if th == nil {
		return nil
	}
	th.stopped = false
	return ptrace(unix.PTRACE_SYSCALL, tid, uintptr(th.signal))
}

// wait waits for the next stop, or end, of a thread. It asks for the process's group, which is the process alone, so
// that it does not take the end of another child from who waits for that.
func (t *tracer) wait() (tid int, err error) {
	var status unix.WaitStatus
	for tid, err = -1, unix.EINTR; errors.Is(err, unix.EINTR); {
		tid, err = unix.Wait4(-t.process.Pid, &status, unix.WALL, nil)
	}
	if err != nil {
		return 0, err
	}
	if !status.Stopped() {
		delete(t.threads, tid)
		if tid == t.process.Pid {
			err = errors.New("the process has ended")
		}
		return tid, err
	}
	th := t.add(tid)
	th.stopped, th.signal = true, 0
	switch event := status >> 16; {
	case event == unix.PTRACE_EVENT_CLONE:
		child, err := unix.PtraceGetEventMsg(tid)
		t.add(int(child))
		return tid, err
	case event != 0: // stopped by halt, or new
	case status.StopSignal() == unix.SIGTRAP|0x80: // PTRACE_O_TRACESYSGOOD
		return tid, t.note(tid, th)
	default:
		th.signal = status.StopSignal()
	}
	return tid, nil
}

func (t *tracer) add(tid int) *thread {
	if t.threads[tid] == nil {
		t.threads[tid] = &thread{call: -1}
	}
	return t.threads[tid]
}

// note takes note of a stop at the begin or the end of a system call. What counts is the end: a call that a stop or a
// signal has interrupted begins anew, and one that is still waiting has not read anything.
func (t *tracer) note(tid int, th *thread) error {
	var info struct { // the begin of struct ptrace_syscall_info
		op    uint8
		_     [23]byte
		value int64 // at the begin of a call its number, at the end its result
	}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info),
		uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return os.NewSyscallError("ptrace", errno)
	}
	const erestartsys, erestartRestartblock = 512, 516 // from the first to the last code that says "begin anew"
	switch {
	case info.op == unix.PTRACE_SYSCALL_INFO_ENTRY:
		th.call = info.value
	case info.value < -erestartRestartblock || info.value > -erestartsys:
		t.calls.add(th.call)
	}
	return nil
}

// ptrace is ptrace(2) without an address.
func ptrace(request, tid int, data uintptr) error {
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), 0, data, 0, 0); errno != 0 {
		return os.NewSyscallError("ptrace", errno)
	}
	return nil
}
