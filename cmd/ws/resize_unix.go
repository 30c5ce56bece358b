//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// onResize calls f whenever the terminal has changed its size, until stop is called.
func onResize(f func()) (stop func()) {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	go func() {
		for range changes {
			f()
		}
	}()
	return func() {
		signal.Stop(changes)
		close(changes)
	}
}
