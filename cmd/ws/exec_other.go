//go:build !unix

package main

import "os/exec"

// shellCommand returns a command line as a process.
func shellCommand(line string) *exec.Cmd { return exec.Command("cmd", "/C", line) }

// endProcess ends a command. There is no way to ask it.
func endProcess(cmd *exec.Cmd, _ bool) { cmd.Process.Kill() }
