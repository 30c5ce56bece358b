package websocket

// This file tests what becomes of bytes that are on their way to a slow peer when a connection ends.

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCloseNowCutsDrain protects that CloseNow cuts a closing handshake short whose close frame cannot leave.
func TestCloseNowCutsDrain(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, _ := narrow(t, 10, client, nil)
		wrote := inGoroutine(func() error { return c.Write(t.Context(), OpText, []byte(strings.Repeat("unread", 5))) })
		synctest.Wait()
		start := time.Now()
		closed := inGoroutine(func() error { return c.Close(4000, "") })
		synctest.Wait()
		wantClosed(t, c.CloseNow(), 4000, true)
		if err := <-closed; !errors.Is(err, errCloseTimeout) || time.Since(start) != lingerTime {
			t.Errorf("%v after %v, want the second that CloseNow grants", err, time.Since(start))
		}
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	})
}

// TestPeerEndsItsHalf protects that a peer that has ended its stream without a close frame still gets all that was written for it
// before, although it takes it later.
func TestPeerEndsItsHalf(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, &Options{WriteBuffer: 1 << 10})
		written := fill(t, c)
		p.nc.(interface{ CloseWrite() error }).CloseWrite()
		_, err := c.Read(t.Context())
		wantClosed(t, err, StatusAbnormalClosure, false)
		synctest.Wait()
		for range written {
			p.expect(OpBinary, strings.Repeat("\x00", 100))
		}
		p.expectEnd()
	})
}
