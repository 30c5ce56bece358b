//go:build linux

// Package child starts the processes that a benchmark is made of, pinned to a core, and talks to them: remote
// procedure calls over the child's standard input and output. A child ends when its input does.
package child

import (
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Process is a child that runs.
type Process struct {
	*rpc.Client
	started
}

// started is a process that this one has started.
type started struct {
	cmd  *exec.Cmd
	core Core
}

// Core is the processor that a child runs on.
type Core int

// Unpinned leaves a child to the scheduler.
const Unpinned Core = -1

// Cores chooses a processor for the servers and another one for the load. Both are Unpinned where there are not two.
func Cores() (server, load Core) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil || set.Count() < 2 {
		return Unpinned, Unpinned
	}
	server = Unpinned
	for i := range 1024 {
		if !set.IsSet(i) {
			continue
		}
		if server != Unpinned {
			return server, Core(i)
		}
		server = Core(i)
	}
	return Unpinned, Unpinned
}

// Start runs this program again with args, on core, with one thread of Go code at a time.
func Start(core Core, args ...string) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("child: %w", err)
	}
	cmd := command(self, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("child: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("child: %w", err)
	}
	if err := onCore(core, cmd.Start); err != nil {
		return nil, fmt.Errorf("child: %s: %w", args, err)
	}
	return &Process{jsonrpc.NewClient(stdio{out, in}), started{cmd, core}}, nil
}

// command prepares a process to be measured.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a group of its own, which Trace can wait for
	return cmd
}

// onCore runs f on one thread that is bound to core. A child that f starts inherits that.
func onCore(core Core, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if core == Unpinned {
		return f()
	}
	var before, only unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	only.Set(int(core))
	if err := unix.SchedSetaffinity(0, &only); err != nil {
		return err
	}
	return errors.Join(f(), unix.SchedSetaffinity(0, &before))
}

// Stop closes the child's input and waits for its end.
func (p *Process) Stop() error {
	return errors.Join(p.Client.Close(), p.cmd.Wait())
}

// None stands where a call has nothing to say or to ask.
type None struct{}

// Serve answers calls to the methods of receiver until the parent closes the connection.
func Serve(receiver any) error {
	server := rpc.NewServer()
	if err := server.RegisterName("Child", receiver); err != nil {
		return fmt.Errorf("child: %w", err)
	}
	server.ServeCodec(jsonrpc.NewServerCodec(stdio{os.Stdin, os.Stdout}))
	return nil
}

// stdio is two pipes as one connection.
type stdio struct {
	io.ReadCloser
	w io.WriteCloser
}

func (s stdio) Write(p []byte) (int, error) { return s.w.Write(p) }

func (s stdio) Close() error { return errors.Join(s.w.Close(), s.ReadCloser.Close()) }
