//go:build !linux

package model

// unsent returns how many bytes of a socket the peer's kernel does not have yet. It is not known here.
func unsent(uintptr) int { return -1 }
