package autobahn

// This file runs the process under test as a child of the suite and measures its memory.

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ProcessSpec says how to start the process under test. The zero value is no process.
type ProcessSpec struct {
	Command []string  // program and arguments; the memory measured is that of this process alone, not of its children
	Output  io.Writer // its standard output and error; nil: discarded, but for the last lines, which errors tell
}

// A process is the endpoint under test. All methods may be called on nil, which stands for an endpoint that somebody
// else has started.
type process struct {
	cmd   *exec.Cmd
	last  *lastLines
	ended chan struct{} // closed when it has ended
}

// startProcess starts the process of the specification; nil if that is the zero value.
func startProcess(spec ProcessSpec) (*process, error) {
	if len(spec.Command) == 0 {
		return nil, nil
	}
	p := &process{cmd: exec.Command(spec.Command[0], spec.Command[1:]...), last: &lastLines{to: spec.Output}, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.last, p.last
	p.cmd.WaitDelay = time.Second // for what its children, if they live on, may still print
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("autobahn: %w", err)
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

func (p *process) alive() bool {
	if p == nil {
		return true
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// endedWith says how the process has ended, if it has, and what it printed last.
func (p *process) endedWith() string {
	s := "still runs"
	if !p.alive() {
		s = "ended with " + p.cmd.ProcessState.String()
	}
	return s + p.last.String()
}

// stop kills the process and waits for its end.
func (p *process) stop() {
	if p != nil {
		p.cmd.Process.Kill()
		<-p.ended
	}
}

// memory is the resident memory of the process in octets. It is known on Linux only.
func (p *process) memory() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), "\nVmRSS:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseInt(kilobytes, 10, 64)
	return n << 10, err
}

// A watch samples the memory of a process and keeps the most that it has grown by.
type watch struct {
	p          *process
	before     int64
	peak       atomic.Int64
	quit, done chan struct{}
}

// watch starts a watch, which must be stopped.
func (p *process) watch() (*watch, error) {
	before, err := p.memory()
	if err != nil {
		return nil, err
	}
	w := &watch{p: p, before: before, quit: make(chan struct{}), done: make(chan struct{})}
	w.peak.Store(before)
	go w.loop()
	return w, nil
}

func (w *watch) loop() {
	defer close(w.done)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if now, err := w.p.memory(); err == nil {
			w.peak.Store(max(w.peak.Load(), now))
		}
		select {
		case <-tick.C:
		case <-w.quit:
			return
		}
	}
}

// growth is by how many octets the memory has grown at most.
func (w *watch) growth() int64 { return w.peak.Load() - w.before }

// stop ends the watch.
func (w *watch) stop() {
	close(w.quit)
	<-w.done
}

// lastLines passes on what is written to it and keeps the last lines.
type lastLines struct {
	to   io.Writer // may be nil
	mu   sync.Mutex
	kept []byte // guarded by mu
}

func (l *lastLines) Write(p []byte) (int, error) {
	const most = 2 << 10
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, p...)
	l.kept = l.kept[max(0, len(l.kept)-most):]
	if l.to == nil {
		return len(p), nil
	}
	return l.to.Write(p)
}

// String is the last ten lines, each indented on a line of its own, behind what they are.
func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := strings.TrimSpace(string(bytes.ToValidUTF8(l.kept, nil)))
	if kept == "" {
		return ", and has printed nothing"
	}
	lines := strings.Split(kept, "\n")
	lines = lines[max(0, len(lines)-10):]
	return "; its last lines:\n\t" + strings.Join(lines, "\n\t")
}
