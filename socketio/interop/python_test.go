package interop

// This file runs the client of python3-socketio, which is Debian's.

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

func TestPython(t *testing.T) {
	for _, transports := range []string{"polling", "websocket", "polling,websocket"} {
		t.Run(transports, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, &socketio.Options{})
			// Not whatever python3 is first: Debian's package is for Debian's.
			runClient(t, "/usr/bin/python3", "-I", "python/run.py", s.http.URL, transports)
		})
	}
}
