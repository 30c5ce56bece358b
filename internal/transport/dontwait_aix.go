package transport

// dontWait is nothing: package syscall does not have it here, and a socket that somebody has set to blocking mode waits.
const dontWait = 0
