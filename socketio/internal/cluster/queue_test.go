package cluster

import (
	"errors"
	"slices"
	"testing"
)

// TestQueueSettles protects that what waits stays in front, in order, and keeps counting, and that all else is gone.
func TestQueueSettles(t *testing.T) {
	var told []error
	q := NewQueue[int](10*(overhead+1), func(err error) { told = append(told, err) })
	for i := range 10 {
		if err := q.Put(1, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Put(1, 10); !errors.Is(err, ErrBehind) {
		t.Errorf("error %v", err)
	}
	q.Settle(6, 1, func(i int) bool { return i%3 == 1 })
	if got, _ := q.First(100, 1<<20); !slices.Equal(got, []int{1, 4, 6, 7, 8, 9}) {
		t.Errorf("%v", got)
	}
	for i := range 4 { // the room of those that are gone
		if err := q.Put(1, 11+i); err != nil {
			t.Error(err)
		}
	}
	if err := q.Put(1, 15); !errors.Is(err, ErrBehind) {
		t.Errorf("error %v", err)
	}
	q.Remove(10, 0)
	if got, _ := q.First(100, 1<<20); len(got) > 0 || q.bytes != 0 {
		t.Errorf("%v, %d bytes", got, q.bytes)
	}
	q.TellDropped()
	if e, ok := errors.AsType[*DroppedError](errors.Join(told...)); !ok || e.Messages != 3 {
		t.Errorf("told %v", told)
	}
}
