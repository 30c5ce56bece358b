//go:build linux && (amd64 || arm64)

package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// traceeRole is the argument that makes the test binary a child that makes system calls.
const traceeRole = "tracee"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == traceeRole {
		if err := Serve(&tracee{}); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// tracee is a child that makes system calls on demand, from threads that it has had all along and from new ones.
type tracee struct{ work []chan func() }

const threads = 4 // old ones, and as many new ones

// Prepare starts the old threads, each of which keeps waiting for work.
func (t *tracee) Prepare(_ struct{}, _ *struct{}) error {
	for range threads {
		work := make(chan func())
		t.work = append(t.work, work)
		ready := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(ready)
			for f := range work {
				f()
			}
		}()
		<-ready
	}
	return nil
}

// Work makes every kind of call as many times as asked for, in each thread.
func (t *tracee) Work(times int, _ *struct{}) error {
	dir, err := os.MkdirTemp("", "tracee")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	errs := make(chan error, 2*threads)
	one := func() { errs <- transfers(filepath.Join(dir, "file"), times) }
	var all sync.WaitGroup
	for _, work := range t.work {
		all.Go(func() { work <- one })
		all.Go(func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with this
			one()
		})
	}
	all.Wait()
	for range cap(errs) {
		err = errors.Join(err, <-errs)
	}
	return err
}

// readsEach and writesEach are what one turn of transfers makes.
const readsEach, writesEach = 6, 5

// transfers makes so many turns of different calls, some of which fail.
func transfers(file string, times int) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	fd, err := unix.Open(file, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	buf := make([]byte, 1)
	for range times {
		_, e1 := unix.Write(pair[0], buf)
		_, e2 := unix.Writev(pair[0], [][]byte{buf})
		e3 := unix.Sendto(pair[0], buf, 0, nil)
		_, e4 := unix.SendmsgN(pair[0], buf, nil, nil, 0)
		_, e5 := unix.Pwrite(fd, buf, 0)
		_, r1 := unix.Read(pair[1], buf)
		_, r2 := unix.Readv(pair[1], [][]byte{buf})
		_, _, r3 := unix.Recvfrom(pair[1], buf, 0)
		_, _, _, _, r4 := unix.Recvmsg(pair[1], buf, nil, 0)
		_, r5 := unix.Pread(fd, buf, 0)
		if err := errors.Join(e1, e2, e3, e4, e5, r1, r2, r3, r4, r5); err != nil {
			return err
		}
		if _, err := unix.Read(-1, buf); !errors.Is(err, unix.EBADF) {
			return errors.New("a read of nothing went well")
		}
	}
	return nil
}

func startTracee(t *testing.T) *Process {
	t.Helper()
	t.Setenv("MALLOC_ARENA_MAX", "1") // or the C library, for one of its new threads, reads how many processors there are
	p, err := Start(Unpinned, traceeRole)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Call("Child.Prepare", struct{}{}, &struct{}{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// untraced fails the test unless every thread of p is without a tracer, and p works and ends as if there had been none.
func untraced(t *testing.T, p *Process) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", p.cmd.Process.Pid))
	if err != nil || len(files) < threads {
		t.Errorf("threads %q, %v", files, err)
	}
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && !strings.Contains(string(b), "TracerPid:\t0\n") {
			t.Errorf("%s:\n%s", file, b)
		}
	}
	if err := p.Call("Child.Work", 1, &struct{}{}); err != nil {
		t.Error(err)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

// All calls of all threads are counted, whatever they are called, and each once: the read of the next request, which
// waits while tracing begins and ends, is interrupted by both.
func TestTraceCounts(t *testing.T) {
	p := startTracee(t)
	for _, times := range []int{0, 1, 100, 0} {
		got, err := p.Trace(func() error { return p.Call("Child.Work", times, &struct{}{}) })
		if err != nil {
			t.Fatal(err)
		}
		n := 2 * threads * times
		want := Calls{Reads: n*readsEach + 1, Writes: n*writesEach + 1} // one more for the call of Work itself
		if got.Naps = 0; got != want {                                  // those are the runtime's business
			t.Errorf("%d times: %+v, want %+v", times, got, want)
		}
	}
	untraced(t, p)
}

// What the load says is what the caller hears, and the child goes on.
func TestTraceOfFailure(t *testing.T) {
	p, want := startTracee(t), errors.New("the load failed")
	if _, err := p.Trace(func() error { return want }); !errors.Is(err, want) || errors.Is(err, ErrNotTraced) {
		t.Error(err)
	}
	untraced(t, p)
}

// A process has one tracer: the second is refused, as all are where tracing is forbidden, and the first goes on.
func TestTraceRefused(t *testing.T) {
	p := startTracee(t)
	got, err := p.Trace(func() error {
		_, err := p.Trace(func() error { return errors.New("run was called") })
		if !errors.Is(err, ErrNotTraced) || !errors.Is(err, unix.EPERM) {
			t.Error(err)
		}
		return p.Call("Child.Work", 1, &struct{}{})
	})
	if want := 2*threads*readsEach + 1; err != nil || got.Reads != want {
		t.Errorf("%+v, %v, want %d reads", got, err, want)
	}
	untraced(t, p)
}

// A child that dies meanwhile is reported, and nobody waits for it forever.
func TestTraceOfDeath(t *testing.T) {
	p := startTracee(t)
	_, err := p.Trace(func() error {
		if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		if err := p.Call("Child.Work", 1, &struct{}{}); err == nil {
			t.Error("a dead child answered")
		}
		return nil
	})
	if !errors.Is(err, ErrNotTraced) {
		t.Error(err)
	}
	if err := p.Stop(); err == nil {
		t.Error("a killed child ended well")
	}
}

// A child that cannot be let go of is killed, rather than left stopped.
func TestUndetachableIsKilled(t *testing.T) {
	p := startTracee(t)
	tr := &tracer{process: p.cmd.Process, threads: map[int]*thread{}}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := errors.Join(tr.attach(), tr.halt()); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() { // on another thread, which is not the tracer
		failed <- tr.detach()
	}()
	if err := <-failed; err == nil {
		t.Error("a thread that is not the tracer could detach")
	}
	if err := p.Call("Child.Work", 1, &struct{}{}); err == nil {
		t.Error("a child that is stopped or dead answered")
	}
	if err := p.Stop(); err == nil {
		t.Error("a killed child ended well")
	}
}
