package engineio

// This file tests the Server: options, who may come, ServeConn, Shutdown, and what I/O that fails leaves.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// TestOrigins protects that both transports obey one rule, and what browsers are told.
func TestOrigins(t *testing.T) {
	const own, foreign, friend = "http://example.com", "https://evil.example", "https://friend.example"
	star := []string{"*"}
	friends := []string{"friend.example"}
	tests := []struct {
		origins     []string
		credentials bool
		origin      string
		allow, with string // of the response; allow is empty for 403
	}{
		{nil, false, own, own, ""},
		{nil, false, foreign, "", ""},
		{nil, true, "null", "", ""},
		{friends, false, friend, friend, ""},
		{friends, true, friend, friend, "true"},
		{friends, true, foreign, "", ""},
		{star, false, foreign, "*", ""},
		{star, true, foreign, "*", ""},
		{star, false, "null", "*", ""},
		{[]string{"*", "friend.example"}, false, foreign, "", ""}, // no pattern of the root's: nobody may
	}
	for _, tt := range tests {
		o := testOptions()
		o.Origins, o.Credentials = tt.origins, tt.credentials
		inWorld(t, o, func(w *world) {
			a := w.do("GET", "EIO=4&transport=polling", "", "Origin", tt.origin)
			h := a.header
			if h.Get("Access-Control-Allow-Origin") != tt.allow || h.Get("Access-Control-Allow-Credentials") != tt.with {
				t.Errorf("%+v: %v", tt, h)
			}
			if tt.allow != "" && tt.allow != "*" && h.Get("Vary") != "Origin" {
				t.Errorf("%+v: %v", tt, h)
			}
			before := w.do("OPTIONS", "EIO=4&transport=polling", "", "Origin", tt.origin, "Access-Control-Request-Headers", "x-one,x-two")
			p, resp, err := w.dial("EIO=4&transport=websocket", "Origin", tt.origin)
			if tt.allow != "" {
				if a.status != 200 || err != nil || before.status != 204 || before.header.Get("Access-Control-Allow-Headers") != "x-one,x-two" {
					t.Errorf("%+v: %d %d %v", tt, a.status, before.status, err)
					return
				}
				p.CloseNow()
				return
			}
			const forbidden = `{"code":4,"message":"Forbidden"}`
			w.got(a, 403, forbidden)
			w.got(before, 403, forbidden)
			w.got(read(resp), 403, forbidden)
			if n := len(w.refusals()); n != 3 {
				t.Error(n)
			}
		})
	}
}

// TestCheckOrigin protects that it has the last word, once a request, on both transports.
func TestCheckOrigin(t *testing.T) {
	calls := 0
	o := testOptions()
	o.CheckOrigin = func(r *http.Request, allowed bool) bool {
		calls++
		return !allowed
	}
	inWorld(t, o, func(w *world) {
		w.got(w.do("GET", "EIO=4&transport=polling", ""), 403, `{"code":4,"message":"Forbidden"}`)
		w.do("GET", "EIO=4&transport=polling", "", "Origin", "http://evil.example")
		p, _, err := w.dial("EIO=4&transport=websocket", "Origin", "http://evil.example")
		if err != nil || calls != 3 {
			t.Fatal(err, calls)
		}
		p.CloseNow()
		w.expect(t, "open", "open", "close: transport close")
	})
}

// TestTransports protects that what is not offered is not served, and not announced.
func TestTransports(t *testing.T) {
	o := testOptions()
	o.Transports = []Transport{Polling}
	inWorld(t, o, func(w *world) {
		if up := w.parseOpening(w.do("GET", "EIO=4&transport=polling", "").body).Upgrades; len(up) != 0 {
			t.Error(up)
		}
		if _, resp, err := w.dial("EIO=4&transport=websocket"); err == nil {
			t.Error("upgraded")
		} else {
			w.got(read(resp), 400, `{"code":0,"message":"Transport unknown"}`)
		}
	})
	o.Transports = []Transport{WebSocket}
	inWorld(t, o, func(w *world) {
		w.got(w.do("GET", "EIO=4&transport=polling", ""), 400, `{"code":0,"message":"Transport unknown"}`)
	})
}

// TestAccept protects its value, its errors, and what of them travels; and the cookie, which only a handshake's response has.
func TestAccept(t *testing.T) {
	o := testOptions()
	o.Cookie = &http.Cookie{Name: "io", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	o.Accept = func(r *http.Request) (any, error) {
		switch user := r.Header.Get("User"); user {
		case "secret":
			return nil, errors.New("a secret")
		case "told":
			return nil, &Error{UnknownSession, `not "you"`}
		default:
			return user, nil
		}
	}
	inWorld(t, o, func(w *world) {
		const q, ws = "EIO=4&transport=polling", "EIO=4&transport=websocket"
		a := w.do("GET", q, "", "User", "me")
		if got := w.session().Value(); got != "me" || a.header.Get("Set-Cookie") != "io="+w.session().ID()+"; Path=/; HttpOnly; SameSite=Lax" {
			t.Error(got, a.header)
		}
		if a = w.do("POST", q+"&sid="+w.session().ID(), "4x"); a.header.Get("Set-Cookie") != "" {
			t.Error(a.header)
		}
		p, resp, err := w.dial(ws, "User", "you")
		if err != nil || w.session() == nil {
			t.Fatal(err)
		}
		w.expect(t, "open", "text x", "open")
		if got := w.session().Value(); got != "you" || !strings.HasPrefix(resp.Header.Get("Set-Cookie"), "io="+w.session().ID()) {
			t.Error(got, resp.Header)
		}
		p.CloseNow()
		w.got(w.do("GET", q, "", "User", "secret"), 403, `{"code":4,"message":"Forbidden"}`)
		w.got(w.do("GET", q, "", "User", "told"), 403, `{"code":4,"message":"not \"you\""}`)
		_, resp, _ = w.dial(ws, "User", "told")
		w.got(read(resp), 403, `{"code":4,"message":"not \"you\""}`)
		want := []string{"engineio: Forbidden: a secret", `engineio: not "you": not "you"`, `engineio: not "you": not "you"`}
		if got := w.refusals(); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}

// TestRequest protects what is kept of a request, and that it can be forgotten.
func TestRequest(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.do("GET", "EIO=4&transport=polling&x=a%20b", "", "X-One", "1", "X-One", "2", "X-Two", "a: b")
		r := w.session().Request()
		if r.Header("x-one") != "1" || len(r.Headers()["X-One"]) != 2 || r.Header("X-Two") != "a: b" || r.Header("Host") != "example.com" ||
			r.Query("x") != "a b" || r.URL().Path != "/engine.io/" || r.Header("X-Three") != "" || r.RemoteAddr() == "" || r.TLS() || !r.Time().Equal(time.Now()) {
			t.Errorf("%+v", r)
		}
	})
	inWorld(t, nil, func(w *world) { // what many send alike is kept once, and what is a client's own with each
		var all []*Request
		for i := range 2 {
			w.do("GET", "EIO=4&transport=polling", "", "User-Agent", "browser", "Accept-Language", "en", "Accept-Language", "de", "Cookie", fmt.Sprint("a=", i))
			all = append(all, w.session().Request())
		}
		for i, r := range all {
			if r.shared != all[0].shared || r.Header("User-Agent") != "browser" || len(r.Headers()["Accept-Language"]) != 2 || r.Header("Cookie") != fmt.Sprint("a=", i) || r.Header("Host") != "example.com" {
				t.Errorf("%+v", r)
			}
		}
		if strings.Contains(all[0].shared.Value(), "a=0") || !slices.IsSorted(sharedNames) {
			t.Errorf("%q", all[0].shared.Value())
		}
		for _, name := range sharedNames {
			if http.CanonicalHeaderKey(name) != name {
				t.Error(name)
			}
		}
	})
	if r := new(Request); r.Header("Host") != "" || len(r.Headers()) != 0 || r.Query("x") != "" {
		t.Errorf("%+v", r)
	}
	o := testOptions()
	o.ForgetRequest = true
	inWorld(t, o, func(w *world) {
		w.open = func(s *Session) {
			if s.Request() == nil {
				t.Error("forgotten too early")
			}
		}
		w.polling()
		if w.session().Request() != nil {
			t.Error("kept")
		}
	})
}

// key is a key of a context.
type key struct{}

// TestServeConn protects the raw way in: sessions, upgrades, refusals with their codes, values of the context.
func TestServeConn(t *testing.T) {
	o := testOptions()
	o.Cookie = &http.Cookie{Name: "io"}
	inWorld(t, o, func(w *world) {
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
		results := make(chan error, 1)
		d := &websocket.Dialer{Header: http.Header{}, DialContext: func(context.Context, string, string) (net.Conn, error) {
			client, server := wstest.NetPipe()
			go func() { results <- w.srv.ServeConn(ctx, server) }()
			return client, nil
		}}
		dial := func(query string) (*peer, *http.Response, error) {
			c, resp, err := d.Dial(context.Background(), "ws://example.com/engine.io/?"+query)
			return &peer{c, t}, resp, err
		}
		p, resp, err := dial("EIO=4&transport=websocket")
		if err != nil || <-results != nil {
			t.Fatal(err)
		}
		cancel()
		if o := w.parseOpening(p.read()); resp.Header.Get("Set-Cookie") != "io="+o.SID {
			t.Error(resp.Header)
		}
		p.send("4x")
		p.expect("4x")
		if c := w.session().Context(); c.Value(key{}) != "value" || c.Err() != nil {
			t.Error(c)
		}
		p.CloseNow()
		w.expect(t, "open", "text x", "close: transport close")
		if w.session().Context().Err() == nil {
			t.Error("the context goes on")
		}
		ctx = context.Background()
		q := w.polling()
		p, _, err = dial(strings.Replace(q, "polling", "websocket", 1))
		if err != nil || <-results != nil {
			t.Fatal(err)
		}
		p.send("2probe")
		p.expect("3probe")
		p.send("5")
		p.send("4y")
		p.expect("4y")
		p.CloseNow()
		w.expect(t, "open", "text y", "close: transport close")
		for _, tt := range []struct {
			query, origin, body string
			status              int
		}{
			{"EIO=3&transport=websocket", "", `{"code":5,"message":"Unsupported protocol version"}`, 400},
			{"EIO=4&transport=polling", "", `{"code":3,"message":"Bad request"}`, 400},
			{"EIO=4&transport=websocket&sid=x", "", `{"code":1,"message":"Session ID unknown"}`, 400},
			{"EIO=4&transport=websocket", "http://evil.example", `{"code":4,"message":"Forbidden"}`, 403},
		} {
			if d.Header.Del("Origin"); tt.origin != "" {
				d.Header.Set("Origin", tt.origin)
			}
			_, resp, err := dial(tt.query)
			if err == nil || <-results == nil {
				t.Error(tt)
				continue
			}
			w.got(read(resp), tt.status, tt.body)
		}
		if n := len(w.refusals()); n != 4 {
			t.Error(n)
		}
	})
}

// TestBadHandshake protects that what the root package refuses is told in this package's form.
func TestBadHandshake(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a := w.do("GET", "EIO=4&transport=websocket", "", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13")
		w.got(a, 400, `{"code":3,"message":"Bad request"}`)
		if n := len(w.refusals()); n != 1 {
			t.Error(n)
		}
		w.expect(t)
	})
}

// TestShutdownBetweenPolls protects that a client which is between two polls gets what was sent before Shutdown, once.
func TestShutdownBetweenPolls(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		w.session().Send(websocket.OpText, []byte("goodbye"))
		if err := w.srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		w.expect(t, "open", "close: server shutting down")
		w.got(w.do("GET", q, "", "Origin", "http://other.example"), 503, "Service Unavailable")
		w.got(w.do("GET", q, ""), 200, "4goodbye\x1e1")
		w.got(w.do("GET", q, ""), 503, "Service Unavailable")
	})
}

// TestShutdown protects that polls are answered at once, connections closed with 1001, later requests refused, and that it waits for the
// Handler, at most until its context ends.
func TestShutdown(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		poll := w.later("GET", q, "")
		p, _ := w.websocket()
		go p.closed(websocket.StatusGoingAway)
		w.closed = func(*Session) { time.Sleep(time.Second) }
		start := time.Now()
		if err := w.srv.Shutdown(context.Background()); err != nil || time.Since(start) != time.Second {
			t.Error(err, time.Since(start))
		}
		w.got(<-poll, 200, "1")
		w.expect(t, "open", "open", "close: server shutting down", "close: server shutting down")
		w.got(w.do("GET", "EIO=4&transport=polling", ""), 503, "Service Unavailable")
		if _, resp, err := w.dial("EIO=4&transport=websocket"); err == nil || read(resp).status != 503 {
			t.Error(err)
		}
		client, server := wstest.NetPipe()
		if err := w.srv.ServeConn(context.Background(), server); err == nil {
			t.Error("served")
		}
		if _, err := client.Read(make([]byte, 1)); err != io.EOF {
			t.Error(err)
		}
	})
	inWorld(t, nil, func(w *world) {
		release := make(chan struct{})
		w.message = func(*Session, websocket.Opcode, []byte) { <-release }
		post := w.later("POST", w.polling(), "4x")
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := w.srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		w.expect(t, "open", "text x")
		close(release)
		<-post
		w.expect(t, "close: server shutting down")
	})
}

// TestPanics protects that a panic of the Handler ends its session only, at whatever call.
func TestPanics(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		other, _ := w.websocket()
		w.expect(t, "open")
		w.message = func(s *Session, _ websocket.Opcode, data []byte) {
			if string(data) == "panic" {
				panic("on purpose")
			}
			s.Send(websocket.OpText, data)
		}
		q := w.polling()
		w.do("POST", q, "4panic\x1e4never")
		w.expect(t, "open", "text panic", "close: transport error")
		p, _ := w.websocket()
		p.send("4panic")
		p.closed(websocket.StatusProtocolError)
		w.expect(t, "open", "text panic", "close: transport error")
		w.closed = func(*Session) { panic("on purpose") }
		p, _ = w.websocket()
		p.CloseNow()
		w.expect(t, "open", "close: transport close")
		w.closed, w.open = nil, func(*Session) { panic("on purpose") }
		p, _ = w.websocket()
		p.closed(websocket.StatusProtocolError)
		w.polling()
		w.expect(t, "open", "close: transport error", "open", "close: transport error")
		other.send("4x")
		other.expect("4x")
		other.CloseNow()
	})
}

// TestTooLarge protects code and error of a message over MaxPayload.
func TestTooLarge(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		p, _ := w.websocket()
		p.Write(context.Background(), websocket.OpBinary, make([]byte, 1e6))
		p.Read(context.Background())
		w.message = func(*Session, websocket.Opcode, []byte) {}
		go p.Write(context.Background(), websocket.OpBinary, make([]byte, 1e6+1))
		p.closed(websocket.StatusMessageTooBig)
		synctest.Wait()
		if err := w.notes.err; err == nil || !strings.Contains(err.Error(), "1000000 bytes") || !errors.Is(err, websocket.ErrMessageTooBig) {
			t.Error(err)
		}
		w.notes.all = nil
	})
}

// TestBlockedHandler protects that the ping timeout stands still while a call of the Handler lasts, on both transports, and that pings go
// on: a client, too, has a timeout, and gives up when none comes for the interval and the timeout.
func TestBlockedHandler(t *testing.T) {
	o := testOptions()
	o.Loops = 0 // there a Handler must not wait
	o.PingInterval, o.PingTimeout = 25*time.Second, 20*time.Second
	inWorld(t, o, func(w *world) {
		w.message = func(*Session, websocket.Opcode, []byte) { time.Sleep(2 * time.Minute) }
		p, _ := w.websocket()
		p.send("4x")
		for begun := time.Now(); time.Since(begun) < 4*time.Minute; {
			before := time.Now()
			p.expect("2")
			p.send("3")
			if d := time.Since(before); d > o.PingInterval {
				t.Errorf("a ping after %v", d)
			}
		}
		w.expect(t, "open", "text x")
		p.CloseNow()
		w.expect(t, "close: transport close")
	})
	inWorld(t, o, func(w *world) {
		w.message = func(*Session, websocket.Opcode, []byte) { time.Sleep(2 * time.Minute) }
		q := w.polling()
		post := w.later("POST", q, "4y\x1e3\x1e4z")
		for begun := time.Now(); time.Since(begun) < 4*time.Minute-o.PingInterval; {
			before := time.Now()
			w.got(w.do("GET", q, ""), 200, "2")
			if d := time.Since(before); d > o.PingInterval {
				t.Errorf("a ping after %v", d)
			}
		}
		w.got(<-post, 200, "ok")
		w.do("POST", q, "3")
		w.expect(t, "open", "text y", "text z")
	})
}

// TestCallThatEndsLate protects that a client whose pong could not be read, because the Handler was being called, has the whole time
// for it once the call has returned.
func TestCallThatEndsLate(t *testing.T) {
	o := testOptions()
	o.Loops = 0 // there a Handler must not wait
	o.PingInterval, o.PingTimeout = 25*time.Second, 20*time.Second
	inWorld(t, o, func(w *world) {
		w.message = func(*Session, websocket.Opcode, []byte) { time.Sleep(45*time.Second - time.Nanosecond) }
		p, _ := w.websocket()
		p.send("4x")
		p.expect("2")
		time.Sleep(39 * time.Second) // a nanosecond before the ping timeout, the call returns
		p.send("3")
		w.expect(t, "open", "text x")
		p.CloseNow()
	})
	inWorld(t, o, func(w *world) {
		w.message = func(*Session, websocket.Opcode, []byte) { time.Sleep(45*time.Second - time.Nanosecond) }
		q := w.polling()
		w.do("POST", q, "4x")
		time.Sleep(time.Nanosecond + 19*time.Second)
		w.got(w.do("POST", q, "3"), 200, "ok")
		w.expect(t, "open", "text x")
	})
}

// TestBytesAreLife protects that a large message that comes slowly is no silence, on both transports.
func TestBytesAreLife(t *testing.T) {
	o := testOptions()
	o.PingInterval, o.PingTimeout = 25*time.Second, 20*time.Second
	inWorld(t, o, func(w *world) {
		w.message = func(_ *Session, _ websocket.Opcode, data []byte) { w.note("%d", len(data)) }
		q := w.polling()
		r, _ := http.NewRequest("POST", base+"?"+q, &slowBody{pieces: 450, size: 2000, every: 100 * time.Millisecond})
		resp, err := w.client.Do(r)
		if err != nil || read(resp).body != "ok" {
			t.Fatal(err)
		}
		w.session().Close()
		p, _ := w.websocket()
		writer, err := p.Writer(context.Background(), websocket.OpBinary)
		if err != nil {
			t.Fatal(err)
		}
		for range 450 {
			time.Sleep(100 * time.Millisecond)
			if _, err := writer.Write(make([]byte, 2000)); err != nil {
				t.Fatal(err)
			}
		}
		writer.Close()
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		if n := w.notes.all; len(n) != 7 || n[2] != "899999" || n[6] != "900000" {
			t.Errorf("%.60q", n)
		}
		p.CloseNow()
	})
}
