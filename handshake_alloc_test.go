//go:build !race && !js

package websocket

// This file asserts what an opening handshake allocates. Under the race detector sync.Pool drops items at random, so
// these tests are left out there.

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"unsafe"
)

// connAllocs is what newConn allocates, which is not the handshake's.
func connAllocs(nc *scriptConn) float64 {
	return testing.AllocsPerRun(200, func() { newConn(nc, connConfig{options: new(Options)}) }) - 1 // less the Options
}

// TestUpgradeConnAllocs protects the budget of two allocations for each handshake, the Conn and its transport: the
// handshake itself has none but the copy of the request that a callback sees, and none for each field.
func TestUpgradeConnAllocs(t *testing.T) {
	u := &Upgrader{Subprotocols: []string{"chat"}, Origins: []string{"*.example.org"}}
	nc := &scriptConn{}
	accept := func(r *Request) error {
		if v, ok := r.Header("sec-websocket-version"); !ok || v != "13" || r.Path() != "/chat" {
			t.Errorf("callback sees version %q and path %q", v, r.Path())
		}
		return nil
	}
	for _, tc := range []struct {
		name, request string
		accept        func(*Request) error
		want          float64 // beside the Conn's
	}{
		{"minimal", minimalRequest, nil, 0},
		{"browser", browserRequest, nil, 0},
		{"minimal with a callback", minimalRequest, accept, 1},
		{"browser with a callback", browserRequest, accept, 1},
	} {
		all := testing.AllocsPerRun(200, func() {
			nc.input = tc.request
			c, err := u.UpgradeConn(context.Background(), nc, tc.accept)
			if err != nil {
				t.Fatal(err)
			}
			c.tracker.remove(c)
		})
		if own := all - connAllocs(nc); own > tc.want || all > 2+tc.want {
			t.Errorf("%s: %v allocations, %v of them the handshake's, want at most %v", tc.name, all, own, tc.want)
		}
	}
}

// hijacker is a ResponseWriter that hands over nc.
type hijacker struct {
	http.ResponseWriter
	nc     *scriptConn
	rw     *bufio.ReadWriter
	header http.Header
}

func (h *hijacker) Header() http.Header { return h.header }

// TestUpgradeAllocs protects the budget of three allocations for each handshake through net/http: it has the Conn's two.
func TestUpgradeAllocs(t *testing.T) {
	u := &Upgrader{Subprotocols: []string{"chat"}, Origins: []string{"*.example.org"}}
	nc := &scriptConn{}
	r := readRequest(t, browserRequest)
	w := &hijacker{
		nc: nc, header: http.Header{"X-Served-By": {"a"}},
		rw: bufio.NewReadWriter(bufio.NewReader(nc), bufio.NewWriter(io.Discard)),
	}
	all := testing.AllocsPerRun(200, func() {
		c, err := u.Upgrade(w, r)
		if err != nil {
			t.Fatal(err)
		}
		c.tracker.remove(c)
	})
	if own := all - connAllocs(nc); own > 0 || all > 2 {
		t.Errorf("%v allocations, %v of them the handshake's, want at most 2 and 0", all, own)
	}
}

// TestHandshakeFunctionAllocs protects the pure functions, which allocate nothing but results.
func TestHandshakeFunctionAllocs(t *testing.T) {
	buf := make([]byte, 0, 1024)
	patterns, _ := parseOrigins([]string{"*.example.org"})
	for name, tc := range map[string]struct {
		f    func()
		want float64
	}{
		"AcceptKey":       {func() { AcceptKey(rfcKey) }, 1},
		"appendSwitching": {func() { buf = appendSwitching(buf[:0], rfcKey, "chat", nil) }, 0},
		"originAllowed":   {func() { originAllowed("https://a.b.example.org", "x.test", false, patterns) }, 0},
		"validKey":        {func() { validKey(rfcKey) }, 0},
	} {
		if got := testing.AllocsPerRun(100, tc.f); got > tc.want {
			t.Errorf("%s: %v allocations, want %v", name, got, tc.want)
		}
	}
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.nc, h.rw, nil }

// TestTrackerMemory protects the budget of 24 bytes for each connection that Shutdown must know.
func TestTrackerMemory(t *testing.T) {
	if size := unsafe.Sizeof(tracker{}); size > 24 {
		t.Errorf("%d bytes", size)
	}
}

// TestAppendHandshakeAllocs protects that a handshake from bytes to bytes allocates nothing, and a copy of the request where a
// callback sees it.
func TestAppendHandshakeAllocs(t *testing.T) {
	u := &Upgrader{Subprotocols: []string{"chat"}, Origins: []string{"*.example.org"}}
	src, out := []byte(browserRequest), []byte(nil)
	from := RequestSource{Conn: &scriptConn{}}
	for want, accept := range []func(*Request) error{nil, func(*Request) error { return nil }} {
		from.Accept = accept
		n := testing.AllocsPerRun(200, func() {
			var err error
			if out, _, _, err = u.AppendHandshake(out[:0], src, from); err != nil {
				t.Fatal(err)
			}
		})
		if n != float64(want) {
			t.Errorf("%v allocations, want %d", n, want)
		}
	}
}
