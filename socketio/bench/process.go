//go:build linux

package main

// This file is a server's process as its parent sees it.

import (
	"bufio"
	"bytes"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// process is a server that runs.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	port int
}

// start starts a server, which says its port.
func start(command ...string) (*process, error) {
	p := &process{cmd: exec.Command(command[0], command[1:]...)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	var said struct{ Port int }
	if err := p.hear(&said); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.port = said.Port
	return p, nil
}

// hear reads a line of JSON.
func (p *process) hear(v any) error {
	if !p.out.Scan() {
		return errors.Join(fmt.Errorf("%s has ended", p.cmd), p.out.Err())
	}
	return json.Unmarshal(p.out.Bytes(), v, json.MatchCaseInsensitiveNames(true))
}

// settle lets the server finish what it does in the background, and collect its garbage.
func (p *process) settle() (s status, err error) {
	time.Sleep(300 * time.Millisecond)
	if _, err := io.WriteString(p.in, "settle\n"); err != nil {
		return s, err
	}
	return s, p.hear(&s)
}

// stop ends the server and waits for that.
func (p *process) stop() error { return errors.Join(p.in.Close(), p.cmd.Wait()) }

// cpu is the processor time that the server has used, user and system, with threads that have ended.
func (p *process) cpu() (time.Duration, error) {
	// clock_getcpuclockid(3): the clock of another process is named by its id.
	clock := int32(^p.cmd.Process.Pid)<<3 | 2
	var t syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&t)), 0)
	if errno != 0 {
		return 0, fmt.Errorf("clock_gettime: %w", errno)
	}
	return time.Duration(t.Nano()), nil
}

// resident is the memory of the server, in bytes.
func (p *process) resident() (float64, error) {
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := bytes.Cut(rollup, []byte("\nRss:"))
	words := bytes.Fields(after)
	if len(words) == 0 {
		return 0, fmt.Errorf("no Rss in %q", rollup)
	}
	kilobytes, err := strconv.ParseFloat(string(words[0]), 64)
	return kilobytes * 1024, err
}
