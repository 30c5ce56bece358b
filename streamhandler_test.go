package websocket

// This file tests the handlers of an Upgrader over streams of HTTP/2, on a stand-in for that of net/http. The real one is in
// interop/newer.

import (
	"bytes"
	"context"
	"errors"
	"log"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket/internal/httpstream/streamtest"
)

// serving is a handler at work on a stream, and its peer.
type serving struct {
	*streamtest.Response
	peer     *peer
	returned chan any // gets what the handler has panicked with, or nil, once it has returned
}

// serveStreamTo calls h with an extended CONNECT that has these fields. wrap may be nil.
func serveStreamTo(t *testing.T, h http.Handler, fields http.Header, wrap func(http.ResponseWriter) http.ResponseWriter) *serving {
	t.Helper()
	r := streamRequest(fields).WithContext(context.WithValue(t.Context(), valueKey("user"), "gopher"))
	s := streamtest.Serve(h, r, wrap)
	return &serving{s.Response, peerOver(t, s, true), s.Returned}
}

// TestStreamHandlers_8441_5 protects both handlers over a stream: the exchange, the request that the function gets, and that the
// handler returns when the closing handshake is over, not with the function.
func TestStreamHandlers_8441_5(t *testing.T) {
	u := &Upgrader{}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serveStreamTo(t, handler(u, func(c *Conn, r *http.Request) {
					if ends := r.Context().Done() != nil; ends != (name == "Handler") || r.Context().Value(valueKey("user")) != "gopher" {
						t.Errorf("the context ends: %v, %v", ends, r.Context().Value(valueKey("user")))
					}
					m, err := c.Read(r.Context())
					if err != nil {
						t.Error(err)
					}
					c.Write(c.Context(), m.Op, m.Data)
				}), nil, nil)
				s.peer.send(OpText, "hello")
				s.peer.expect(OpText, "hello")
				s.peer.expect(OpClose, closePayload(StatusNormalClosure, ""))
				synctest.Wait()
				if len(s.returned) > 0 || u.Len() != 1 {
					t.Error("the handler has returned before the end")
				}
				s.peer.send(OpClose, closePayload(StatusNormalClosure, ""))
				s.peer.expectEnd()
				if v := <-s.returned; v != nil || s.Status() != 200 || s.WasReset() || u.Len() != 0 {
					t.Errorf("panic %v, status %d, reset %v, %d connections", v, s.Status(), s.WasReset(), u.Len())
				}
			})
		})
	}
}

// TestStreamHandlerPanics protects the close frame of a function that panics, and the panic, which is net/http's to log.
func TestStreamHandlerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serveStreamTo(t, new(Upgrader).DetachedHandler(func(*Conn, *http.Request) { panic("too bad") }), nil, nil)
		s.peer.close(StatusInternalError, "")
		if v := <-s.returned; v != "too bad" {
			t.Errorf("panic %v", v)
		}
	})
}

// TestStreamAborted protects a handler from a stream whose peer does not answer a close frame: it is reset, and only then.
func TestStreamAborted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &Upgrader{}
		s := serveStreamTo(t, u.Handler(func(*Conn, *http.Request) {}), nil, nil)
		s.peer.expect(OpClose, closePayload(StatusNormalClosure, ""))
		if s.WasReset() {
			t.Error("too early")
		}
		if v := <-s.returned; v != nil || !s.WasReset() || u.Len() != 0 {
			t.Errorf("panic %v, reset %v, %d connections", v, s.WasReset(), u.Len())
		}
	})
}

// TestStreamShutdown protects Shutdown over streams: from a function, and of one that is told.
func TestStreamShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &Upgrader{}
		h := u.Handler(func(c *Conn, r *http.Request) {
			if _, err := c.Read(r.Context()); err == nil {
				if err := u.Shutdown(t.Context()); !errors.Is(err, ErrShutdownInside) {
					t.Error(err)
				}
			}
		})
		told, calls := serveStreamTo(t, h, nil, nil), serveStreamTo(t, h, nil, nil)
		synctest.Wait()
		calls.peer.send(OpText, "down")
		for _, s := range []*serving{told, calls} {
			s.peer.close(StatusGoingAway, "")
			<-s.returned
		}
		late := serveStreamTo(t, h, nil, nil)
		if <-late.returned; late.Status() != 503 {
			t.Errorf("afterwards: status %d", late.Status())
		}
	})
}

// TestStreamRefusals protects the answers to streams that cannot be: a foreign origin, a response that middleware has cut off
// from net/http, and Upgrade, which cannot hold a stream.
func TestStreamRefusals(t *testing.T) {
	type plain struct{ http.ResponseWriter }
	hide := func(w http.ResponseWriter) http.ResponseWriter { return plain{w} }
	for name, test := range map[string]struct {
		fields http.Header
		wrap   func(http.ResponseWriter) http.ResponseWriter
		status int
		logs   string
	}{
		"origin":     {http.Header{"Origin": {"https://evil.example"}}, nil, 403, ""},
		"middleware": {nil, hide, 500, "plain implements neither http.Flusher"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			var refused []int
			u := &Upgrader{ErrorLog: log.New(&out, "", 0), OnRefuse: func(_ *http.Request, e *HandshakeError) { refused = append(refused, e.Status) }}
			s := serveStreamTo(t, u.Handler(func(*Conn, *http.Request) { t.Error("accepted") }), test.fields, test.wrap)
			if v := <-s.returned; v != nil || s.Status() != test.status || len(refused) != 1 || refused[0] != test.status {
				t.Errorf("panic %v, status %d, OnRefuse %v", v, s.Status(), refused)
			}
			if !strings.Contains(out.String(), test.logs) || test.logs == "" && out.Len() > 0 {
				t.Errorf("log: %s", &out)
			}
		})
	}
	s := serveStreamTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e *HandshakeError
		if _, err := new(Upgrader).Upgrade(w, r); !errors.As(err, &e) || !strings.Contains(e.Reason, "DetachedHandler") {
			t.Error(err)
		}
	}), nil, nil)
	if <-s.returned; s.Status() != 501 {
		t.Errorf("Upgrade: status %d", s.Status())
	}
}

// TestStreamFields protects the header fields of a response: the application's are sent, but those of the handshake.
func TestStreamFields(t *testing.T) {
	var out bytes.Buffer
	u := &Upgrader{Subprotocols: []string{"chat"}, ErrorLog: log.New(&out, "", 0)}
	h := u.Handler(func(*Conn, *http.Request) {})
	s := serveStreamTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Own", "kept")
		w.Header().Set("Sec-WebSocket-Extensions", "made-up")
		h.ServeHTTP(w, r)
	}), http.Header{"Sec-Websocket-Protocol": {"chat"}}, nil)
	s.peer.close(StatusNormalClosure, "")
	<-s.returned
	got := s.Header()
	if got.Get("X-Own") != "kept" || got.Get("Sec-WebSocket-Extensions") != "" || got.Get("Sec-WebSocket-Protocol") != "chat" {
		t.Errorf("fields %v", got)
	}
	if !strings.Contains(out.String(), "Sec-Websocket-Extensions") {
		t.Errorf("log: %s", &out)
	}
}
