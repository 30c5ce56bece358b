//go:build !unix

package main

// onResize does nothing: no signal tells of another size here.
func onResize(func()) (stop func()) { return func() {} }
