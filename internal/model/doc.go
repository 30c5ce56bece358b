// Package model holds random conversations over websocket.Conn, and the rules that each must keep. It uses nothing but
// what the package exports. A conversation is drawn from a seed (plan.go): a transport with its faults (transports.go,
// relay.go), options, goroutines that read and write on both sides in every way (readers.go, writers.go, stream.go) and
// how it ends (ending.go). Some are held with a peer that is a script (script.go). The scheduler is not drawn, so that a
// seed that found something is played again and again: see the flags of model_test.go.
//
// The rules (oracle.go, side.go, watch.go):
//
//	foreign     every byte that arrives belongs to the connection that it arrives on
//	content     a message arrives as it was sent, with its kind
//	once        no message arrives twice
//	order       those of one writer arrive in its order
//	refused     what a write refused never arrives
//	lost        what a write took arrives, unless the connection was ended before in a way that loses it
//	stuck       ... and does so while the connection is open and its peer reads
//	ended       no connection ends unless somebody ended it
//	outcome     each side ends with one *CloseError, with the code, the side, and the kind of error that fit what happened
//	same        which every call that begins later returns
//	untyped     a call returns no error but those that it documents
//	late        a call returns when its context has ended, or at once where it must not wait, or soon after the end
//	unnoticed   who reads learns of the end
//	keepalive   a dead peer is found in time
//	panic       nothing panics
//	leak        no goroutine and no descriptor is left
//
// Half of the conversations are held in a bubble of testing/synctest, where time is exact.
package model
