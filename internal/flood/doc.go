// Package flood has many peers at once do to servers, over real sockets, what hostile or broken peers do: `make floods`. What that
// may cost while it lasts, in heap and goroutines for each connection, has a limit, and behind it nothing may be left. It has only
// a test.
package flood
