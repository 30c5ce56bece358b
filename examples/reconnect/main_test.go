package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
	"github.com/seed-d69ae1b7/websocket/wsjson"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// trouble is a server that answers each attempt in another way. Connections give two messages before they end.
func trouble(t *testing.T) (h http.Handler, attempts *atomic.Int32) {
	var up websocket.Upgrader
	attempts = new(atomic.Int32)
	ends := map[int32]func(*websocket.Conn){
		2: func(c *websocket.Conn) { c.Close(websocket.StatusGoingAway, "") },
		4: func(c *websocket.Conn) { c.CloseNow() }, // no close frame: 1006
		5: func(c *websocket.Conn) { c.Close(websocket.StatusServiceRestart, "") },
		6: func(c *websocket.Conn) { c.Close(websocket.StatusNormalClosure, "that was all") },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := attempts.Add(1)
		end := ends[n]
		if end == nil { // 1 and 3
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		conn, err := up.Upgrade(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		after, err := strconv.Atoi(r.FormValue("after"))
		if err != nil {
			t.Error(err)
		}
		for i := range 2 {
			wsjson.Write(r.Context(), conn, map[string]any{"n": after + i + 1, "text": "hello"})
		}
		conn.Flush(r.Context())
		end(conn)
	}), attempts
}

// TestGaps protects what a client that stays connected is for: every message comes once, whatever happens in between, and the
// program ends when the server says that this was all.
func TestGaps(t *testing.T) {
	h, attempts := trouble(t)
	server := httptest.NewServer(h)
	defer server.Close()
	client := program.Start(t, "-url", server.URL, "-first", "1ms")
	for n := range 8 {
		if got := client.Expect(".*"); got != fmt.Sprint(n+1, " hello") {
			t.Errorf("line %d is %q", n, got)
		}
	}
	if err := client.Wait(); err != nil || attempts.Load() != 6 {
		t.Error(err, attempts.Load())
	}
}

// TestRefused protects that a client gives up where the same would come again.
func TestRefused(t *testing.T) {
	attempts := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attempts.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	if err := program.Start(t, "-url", server.URL).Wait(); err == nil || attempts.Load() != 1 {
		t.Error(err, attempts.Load())
	}
}

// TestWait protects servers: a client comes back when Retry-After says so and not before, a second attempt waits no longer than
// twice the first delay, and a context ends any of it.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		d, stop := wstest.Serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			at = append(at, time.Since(began))
			switch len(at) {
			case 1:
				w.Header().Set("Retry-After", "100")
			case 3:
				cancel()
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		})})
		defer stop()
		err := stay(ctx, d, time.Second, func() string { return "ws://server.example/" }, nil)
		if err == nil || len(at) != 3 || at[1] != 100*time.Second || at[2]-at[1] > 2*time.Second {
			t.Error(err, at)
		}
	})
}

// TestAgain protects the table of what is retried.
func TestAgain(t *testing.T) {
	for err, want := range map[error]bool{
		&websocket.CloseError{Code: websocket.StatusNormalClosure}:                         false,
		&websocket.CloseError{Code: websocket.StatusNoStatusReceived}:                      false,
		&websocket.CloseError{Code: websocket.StatusProtocolError}:                         false,
		&websocket.CloseError{Code: websocket.StatusPolicyViolation}:                       false,
		&websocket.CloseError{Code: 4000}:                                                  false,
		&websocket.CloseError{Code: websocket.StatusAbnormalClosure, Local: true}:          false, // CloseNow
		&websocket.CloseError{Code: websocket.StatusGoingAway}:                             true,
		&websocket.CloseError{Code: websocket.StatusAbnormalClosure, Err: io.EOF}:          true,
		&websocket.CloseError{Code: websocket.StatusInternalError}:                         true,
		&websocket.CloseError{Code: websocket.StatusTryAgainLater}:                         true,
		&websocket.HandshakeError{Status: http.StatusForbidden}:                            false,
		&websocket.HandshakeError{Status: http.StatusNotFound}:                             false,
		&websocket.HandshakeError{Status: http.StatusTooManyRequests}:                      true,
		&websocket.ProxyError{Err: &websocket.HandshakeError{Status: 407}}:                 false,
		&websocket.ProxyError{Err: &websocket.HandshakeError{Status: 502}}:                 true,
		fmt.Errorf("wrapped: %w", &tls.CertificateVerificationError{Err: errors.New("?")}): false,
		errors.New("connection refused"):                                                   true,
	} {
		if again(err) != want {
			t.Errorf("%v: not %v", err, want)
		}
	}
}
