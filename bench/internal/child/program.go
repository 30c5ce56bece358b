//go:build linux

package child

// This file holds programs that know nothing of being measured: what they use is seen from outside.

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Program is a program of anybody's that runs.
type Program struct {
	started
	ended chan struct{} // closed when it has
}

// StartProgram runs a program with arguments, on core. What it starts in turn is not measured. It is not run by a shell. Where it is
// of Go, it has one thread of Go code at a time.
func StartProgram(core Core, args ...string) (*Program, error) {
	cmd := command(args[0], args[1:]...)
	cmd.Stdout = os.Stderr
	if err := onCore(core, cmd.Start); err != nil {
		return nil, fmt.Errorf("child: %s: %w", args[0], err)
	}
	p := &Program{started: started{cmd, core}, ended: make(chan struct{})}
	running.add(p)
	go func() {
		_ = cmd.Wait() // Err says it
		running.remove(p)
		close(p.ended)
	}()
	return p, nil
}

// Ended is closed when the program has ended.
func (p *Program) Ended() <-chan struct{} { return p.ended }

// Err says how the program ended, once it has.
func (p *Program) Err() error {
	return fmt.Errorf("child: %s has ended: %v", p.cmd.Path, p.cmd.ProcessState)
}

// Stop ends the program. The error is that of one that has ended before.
func (p *Program) Stop() error {
	select {
	case <-p.ended:
		return p.Err()
	default:
	}
	err := p.cmd.Process.Kill()
	<-p.ended
	return err
}

// CPU returns the processor time that the program has used, user and system.
func (p *Program) CPU() (time.Duration, error) {
	// clock_getcpuclockid(3): a process has a clock of what it used, whose number is made of its own.
	const scheduler = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|scheduler), &t); err != nil {
		return 0, fmt.Errorf("child: processor time of %s: %w", p.cmd.Path, err)
	}
	return time.Duration(t.Nano()), nil
}

// Memory returns what the program holds.
func (p *Program) Memory() (m Memory, err error) {
	m.Resident, err = resident(strconv.Itoa(p.cmd.Process.Pid))
	return m, err
}

// programs are those that run. They are in groups of their own, so that whoever interrupts this program does not end them.
type programs struct {
	mu   sync.Mutex
	once sync.Once
	all  map[*Program]bool
}

var running = programs{all: map[*Program]bool{}}

func (r *programs) add(p *Program) {
	r.once.Do(func() { go r.endWithThis() })
	r.mu.Lock()
	r.all[p] = true
	r.mu.Unlock()
}

func (r *programs) remove(p *Program) {
	r.mu.Lock()
	delete(r.all, p)
	r.mu.Unlock()
}

// endWithThis ends all programs when this one is told to end.
func (r *programs) endWithThis() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, os.Interrupt, unix.SIGTERM)
	<-told
	r.mu.Lock()
	for p := range r.all {
		_ = p.cmd.Process.Kill()
	}
	os.Exit(1)
}
