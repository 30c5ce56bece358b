//go:build linux

package child

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestCount protects that who waits is let go when all has come, at once when it never will, and not for more or less: figures would be
// those of something else.
func TestCount(t *testing.T) {
	failure := errors.New("ended")
	for name, row := range map[string]struct {
		come func(c *Count)
		err  string
		took time.Duration
	}{
		"all":               {func(c *Count) { c.Add(2); c.Add(1) }, "", 0},
		"more":              {func(c *Count) { c.Add(4) }, "child: 4 came of 3", 0},
		"less":              {func(c *Count) { c.Add(2) }, "child: only 2 came of 3", time.Minute},
		"the rest later":    {func(c *Count) { c.Add(2); go func() { time.Sleep(time.Second); c.Add(1) }() }, "", time.Second},
		"a failure":         {func(c *Count) { c.Add(2); c.Fail(failure); c.Fail(errors.New("another")) }, "ended", 0},
		"a failure later":   {func(c *Count) { go func() { time.Sleep(time.Second); c.Fail(failure) }() }, "ended", time.Second},
		"all, then the end": {func(c *Count) { c.Add(3); c.Fail(failure) }, "", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, got := NewCount(), ""
			row.come(c)
			start := time.Now()
			if err := c.Wait(3, time.Minute); err != nil {
				got = err.Error()
			}
			if took := time.Since(start); got != row.err || took != row.took {
				t.Errorf("%s: %q after %v, want %q after %v", name, got, took, row.err, row.took)
			}
		})
	}
}
