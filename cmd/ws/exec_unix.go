//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// shellCommand returns a command line as a process group of its own: what it has started ends with it, and Ctrl-C is ours.
func shellCommand(line string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// endProcess asks a command and what it has started to end, or ends them.
func endProcess(cmd *exec.Cmd, kill bool) {
	signal := syscall.SIGTERM
	if kill {
		signal = syscall.SIGKILL
	}
	syscall.Kill(-cmd.Process.Pid, signal)
}
