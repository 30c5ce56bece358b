package engineio

// This file tests what requests can do wrong, and what sessions on polling promise beside the protocol's own suite.

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// slowBody is the body of a request that comes in pieces.
type slowBody struct {
	pieces int
	size   int
	every  time.Duration
	err    error // at the end; nil is io.EOF
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.pieces == 0 {
		if b.err != nil {
			return 0, b.err
		}
		return 0, io.EOF
	}
	time.Sleep(b.every)
	b.pieces--
	n := min(b.size, len(p))
	for i := range n {
		p[i] = '4'
	}
	return n, nil
}

// TestBadPosts protects the status of every POST request that breaks a rule, and that it ends its session.
func TestBadPosts(t *testing.T) {
	tests := []struct {
		name   string
		body   io.Reader
		header string
		status int // 0: the client has gone
		reason string
	}{
		{"octet-stream", strings.NewReader("4x"), "application/octet-stream", 400, "close: transport error"},
		{"declared too large", strings.NewReader(strings.Repeat("4", 1e6+1)), "", 413, "close: transport error"},
		{"too large", &slowBody{pieces: 101, size: 1e4}, "", 413, "close: transport error"},
		{"too slow", &slowBody{pieces: 400, size: 1, every: 100 * time.Millisecond}, "", 408, "close: transport error"},
		{"aborted", &slowBody{pieces: 2, size: 1, err: errors.New("gone")}, "", 0, "close: transport error"},
	}
	for _, tt := range tests {
		inWorld(t, nil, func(w *world) {
			q := w.polling()
			r, _ := http.NewRequest("POST", base+"?"+q, tt.body)
			r.Header.Set("Content-Type", tt.header)
			resp, err := w.client.Do(r)
			if tt.status != 0 && (err != nil || resp.StatusCode != tt.status) {
				t.Errorf("%s: %v %v", tt.name, resp, err)
			}
			if err == nil {
				resp.Body.Close()
			}
			w.expect(t, "open", tt.reason)
			w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)
		})
	}
}

// TestLargestPost protects that a body of MaxPayload bytes is taken.
func TestLargestPost(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		n := 0
		w.message = func(_ *Session, _ websocket.Opcode, data []byte) { n = len(data) }
		w.got(w.do("POST", w.polling(), strings.Repeat("4", 1e6)), 200, "ok")
		if n != 1e6-1 {
			t.Error(n)
		}
	})
}

// TestOverlappingPosts protects that a second POST request ends the session.
func TestOverlappingPosts(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		go func() {
			r, _ := http.NewRequest("POST", base+"?"+q, &slowBody{pieces: 10, size: 1, every: 10 * time.Millisecond})
			if resp, err := w.client.Do(r); err == nil {
				resp.Body.Close()
			}
		}()
		time.Sleep(50 * time.Millisecond)
		w.got(w.do("POST", q, "4x"), 400, `{"code":3,"message":"Bad request"}`)
		time.Sleep(time.Second)
		w.expect(t, "open", "close: transport error")
	})
}

// TestSplitCharacters protects that a body is decoded whole.
func TestSplitCharacters(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		body := "4ÄÖ€\x1e4𝄞"
		r, _ := http.NewRequest("POST", base+"?"+q, io.MultiReader(strings.NewReader(body[:2]), strings.NewReader(body[2:11]), strings.NewReader(body[11:])))
		resp, err := w.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		w.got(w.do("GET", q, ""), 200, body)
	})
}

// TestOtherMethods protects that a session's requests are GET and POST.
func TestOtherMethods(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		for _, m := range []string{"PUT", "DELETE", "PATCH"} {
			w.got(w.do(m, q, ""), 400, `{"code":2,"message":"Bad handshake method"}`)
		}
		w.got(w.do("GET", strings.Replace(q, "EIO=4", "EIO=3", 1), ""), 400, `{"code":3,"message":"Bad request"}`)
		w.got(w.do("POST", q, "4x"), 200, "ok")
		w.got(w.do("GET", q, ""), 200, "4x")
	})
}

// TestServerClosesPolling protects that Close lets what was sent arrive, at a poll that is pending and at one that comes in time.
func TestServerClosesPolling(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		poll := w.later("GET", q, "")
		w.session().Close()
		w.got(<-poll, 200, "1")
		w.expect(t, "open", "close: forced close")

		q = w.polling()
		w.session().Send(websocket.OpText, []byte("last"))
		w.session().Close()
		w.expect(t, "open", "close: forced close")
		if n := w.srv.Len(); n != 0 {
			t.Error(n)
		}
		time.Sleep(keepForServer - time.Second)
		w.got(w.do("GET", q, ""), 200, "4last\x1e1")
		w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)

		q = w.polling()
		w.session().Close()
		w.session().Close()
		time.Sleep(keepForServer)
		w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)
		w.expect(t, "open", "close: forced close")
		if err := w.session().Send(websocket.OpText, nil); err == nil || err.Error() != "engineio: forced close" {
			t.Error(err)
		}
	})
}

// TestCloseInCallbacks protects that a session may be closed by whatever call of the Handler, that Close comes after it, and once.
func TestCloseInCallbacks(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.open = func(s *Session) { s.Close(); w.note("still open") }
		q := w.polling()
		w.expect(t, "open", "still open", "close: forced close")
		w.got(w.do("GET", q, ""), 200, "1")
		p, _ := w.websocket()
		p.closed(websocket.StatusNormalClosure)
		w.expect(t, "open", "still open", "close: forced close")

		w.open = nil
		w.message = func(s *Session, _ websocket.Opcode, _ []byte) { s.Close(); w.note("still here") }
		q = w.polling()
		w.got(w.do("POST", q, "4x\x1e4y"), 200, "ok")
		w.expect(t, "open", "text x", "still here", "close: forced close")
		p, _ = w.websocket()
		p.send("4x")
		p.send("4y")
		p.closed(websocket.StatusNormalClosure)
		w.expect(t, "open", "text x", "still here", "close: forced close")
	})
}

// TestCompression protects which responses of polls are compressed.
func TestCompression(t *testing.T) {
	long := strings.Repeat("a", 1023)
	tests := []struct {
		accept    string
		threshold int
		text      string
		gzip      bool
	}{
		{"gzip, deflate", 0, long, true},
		{"gzip", 0, long[1:], false},
		{"deflate, GZIP;q=0.5", 0, long, true},
		{"gzip;q=0", 0, long, false},
		{"gzip; q=0.000", 0, long, false},
		{"", 0, long, false},
		{"br", 0, long, false},
		{"gzip", -1, long, false},
		{"gzip", 10, long[:9], true},
	}
	for _, tt := range tests {
		o := testOptions()
		o.HTTPCompression = tt.threshold
		inWorld(t, o, func(w *world) {
			q := w.polling()
			w.session().Send(websocket.OpText, []byte(tt.text))
			a := w.do("GET", q, "", "Accept-Encoding", tt.accept)
			body := []byte(a.body)
			if a.header.Get("Content-Encoding") == "gzip" != tt.gzip {
				t.Errorf("%+v: %v", tt, a.header)
			} else if tt.gzip {
				z, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				body, _ = io.ReadAll(z)
			}
			if string(body) != "4"+tt.text {
				t.Errorf("%+v: %q", tt, body)
			}
		})
	}
}

// TestBackpressure protects that a client that does not keep up is closed when more than WriteBuffer waits, that one message of any size
// is taken, and that nothing of it lasts.
func TestBackpressure(t *testing.T) {
	for _, transport := range []Transport{Polling, WebSocket} {
		o := testOptions()
		o.WriteBuffer = 4096
		inWorld(t, o, func(w *world) {
			if transport == Polling {
				w.polling()
			} else {
				p, _ := w.websocket()
				defer p.CloseNow()
			}
			s := w.session()
			if err := s.Send(websocket.OpBinary, make([]byte, 1e6)); err != nil {
				t.Fatal(transport, err)
			}
			if n := s.Buffered(); n < 9e5 {
				t.Errorf("%s: %d bytes wait", transport, n)
			}
			err := error(nil)
			for range 3 { // what is being written does not count for WebSocket, but one buffer of what comes behind it
				if err = s.Send(websocket.OpText, make([]byte, 2048)); err != nil {
					break
				}
			}
			var e *CloseError
			if !errors.As(err, &e) || e.Reason != TransportError || !errors.Is(err, websocket.ErrBackpressure) {
				t.Error(transport, err)
			}
			w.expect(t, "open", "close: transport error")
			if s.Context().Err() == nil || context.Cause(s.Context()) != err || s.Err() != err {
				t.Error(context.Cause(s.Context()))
			}
		})
	}
}

// TestHold protects that what is held leaves together, at the last release, or when half the buffer is full.
func TestHold(t *testing.T) {
	o := testOptions()
	o.WriteBuffer = 4096
	inWorld(t, o, func(w *world) {
		q := w.polling()
		s, poll := w.session(), w.later("GET", q, "")
		a, b := s.Hold(), s.Hold()
		s.Send(websocket.OpText, []byte("one"))
		a()
		a()
		s.Send(websocket.OpText, []byte("two"))
		synctest.Wait()
		if len(poll) != 0 {
			t.Error("answered while held")
		}
		b()
		w.got(<-poll, 200, "4one\x1e4two")
		defer s.Hold()()
		poll = w.later("GET", q, "")
		s.Send(websocket.OpText, []byte("three"))
		s.Send(websocket.OpText, make([]byte, 2048))
		synctest.Wait()
		w.got(<-poll, 200, "4three\x1e4"+string(make([]byte, 2048)))
	})
	inWorld(t, o, func(w *world) {
		p, _ := w.websocket()
		s := w.session()
		got := make(chan string, 9)
		go func() {
			for m, err := range p.Messages(context.Background()) {
				if err != nil {
					return
				}
				got <- string(m.Data)
			}
		}()
		synctest.Wait() // what opens the session is not being written any more
		a := s.Hold()
		s.Send(websocket.OpText, []byte("one"))
		s.Send(websocket.OpText, []byte("two"))
		synctest.Wait()
		if len(got) != 0 {
			t.Error("sent while held")
		}
		a()
		synctest.Wait()
		if len(got) != 2 {
			t.Error("not sent when released")
		}
		a = s.Hold()
		s.Send(websocket.OpText, []byte("three"))
		s.Send(websocket.OpText, make([]byte, 2048))
		synctest.Wait()
		if len(got) != 4 {
			t.Error("held beyond half of the buffer")
		}
		a()
		p.CloseNow()
	})
}

// TestPrepared protects that a row of messages reaches every kind of client whole.
func TestPrepared(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		row, err := Prepare(websocket.Message{Op: websocket.OpText, Data: []byte("head")}, websocket.Message{Op: websocket.OpBinary, Data: []byte{1, 2, 3}})
		if err != nil {
			t.Fatal(err)
		}
		q := w.polling()
		if err := w.session().SendPrepared(row); err != nil {
			t.Error(err)
		}
		w.got(w.do("GET", q, ""), 200, "4head\x1ebAQID")
		p, _ := w.websocket()
		w.session().SendPrepared(row)
		p.expect("4head", "\x01\x02\x03")
		p.CloseNow()
		p, _, err = w.dial("EIO=4&transport=websocket&b64=1")
		if err != nil {
			t.Fatal(err)
		}
		w.parseOpening(p.read())
		w.session().SendPrepared(row)
		w.session().Send(websocket.OpBinary, []byte{1})
		p.expect("4head", "bAQID", "bAQ==")
		p.CloseNow()
		synctest.Wait()
		if err := w.session().SendPrepared(row); err == nil {
			t.Error("sent after the end")
		}
	})
	for _, m := range []websocket.Message{{Op: websocket.OpText, Data: []byte("\xff")}, {Op: websocket.OpPing}} {
		if _, err := Prepare(m); err == nil {
			t.Error(m)
		}
	}
}

// TestSendErrors protects that a message that cannot be sent is an error and ends nothing.
func TestSendErrors(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		one := w.session()
		p, _ := w.websocket()
		for _, s := range []*Session{one, w.session()} {
			if err := s.Send(websocket.OpText, []byte("\xff")); err != errUTF8 {
				t.Error(err)
			}
			if err := s.Send(websocket.OpPing, nil); err != errOpcode {
				t.Error(err)
			}
			s.Send(websocket.OpText, []byte("x"))
		}
		p.expect("4x")
		w.got(w.do("GET", q, ""), 200, "4x")
		p.CloseNow()
	})
}

// TestWithTimeouts protects that an http.Server's timeouts, which are not meant for them, do not cut long polls. Each waits for six times as
// long.
func TestWithTimeouts(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.serveBy(&http.Server{Handler: w.srv, ReadTimeout: 50 * time.Millisecond, WriteTimeout: 50 * time.Millisecond})
		q := w.polling()
		for range 2 {
			w.got(w.do("GET", q, ""), 200, "2")
			w.got(w.do("POST", q, "3"), 200, "ok")
		}
	})
}
