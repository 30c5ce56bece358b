package model

import xunix "golang.org/x/sys/unix"

// unsent returns how many bytes of a socket the peer's kernel does not have yet.
func unsent(fd uintptr) int {
	n, err := xunix.IoctlGetInt(int(fd), xunix.SIOCOUTQ)
	if err != nil {
		return -1
	}
	return n
}
