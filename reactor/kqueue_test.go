package reactor

import "testing"

// TestKqueue protects the loop over a kqueue, whose kernel is simulated: connections of every kind, as over epoll.
func TestKqueue(t *testing.T) {
	overKqueue = true
	defer func() { overKqueue = false }()
	for name, f := range map[string]func(*testing.T){
		"Splits": TestSplits, "UnreadEcho": TestUnreadEcho, "Backpressure": TestBackpressure, "WrongWrites": TestWrongWrites,
		"Batches": TestBatches, "WritableWhileSending": TestWritableWhileSending, "BrokenWrite": TestBrokenWrite, "Publish": TestPublish,
		"PublishFull": TestPublishFull, "CloseIsTold": TestCloseIsTold,
	} {
		t.Run(name, f)
	}
}

// TestKevents protects what kqueue's events are to a loop: the direction, the end, the slot of the number, and nothing about numbers that
// are not registered or have been closed.
func TestKevents(t *testing.T) {
	var k kslots
	k.add(7, 3)
	k.add(9, 4)
	k.drop(9)
	k.drop(100)
	for e, want := range map[kevent]event{
		{fd: 7}:                         {3, 7, readable},
		{fd: 7, write: true}:            {3, 7, writable},
		{fd: 7, eof: true}:              {3, 7, readable | hangup},
		{fd: 7, write: true, eof: true}: {3, 7, readable | writable | hangup},
		{fd: 9}:                         {}, {fd: 8}: {}, {fd: 0}: {}, {fd: 100}: {}, {fd: -1}: {},
	} {
		if got, ok := k.event(e); got != want || ok != (want != event{}) {
			t.Errorf("%+v: %+v, %v; want %+v", e, got, ok, want)
		}
	}
	k.add(9, 5)
	if got, ok := k.event(kevent{fd: 9}); !ok || got.slot != 5 {
		t.Errorf("a number that is used again: %+v, %v", got, ok)
	}
}
