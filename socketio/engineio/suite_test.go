package engineio

// This file holds every requirement that the protocol's own test suite checks, in its order.

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

func TestHandshakePolling(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a := w.do("GET", "EIO=4&transport=polling", "")
		if a.status != 200 || a.header.Get("Content-Type") != "text/plain; charset=UTF-8" || a.header.Get("Cache-Control") != "no-store" {
			t.Error(a)
		}
		o := w.parseOpening(a.body)
		if len(o.SID) != sidLength || len(o.Upgrades) != 1 || o.Upgrades[0] != "websocket" ||
			o.PingInterval != 300 || o.PingTimeout != 200 || o.MaxPayload != 1000000 {
			t.Errorf("%+v", o)
		}
		w.expect(t, "open")
	})
}

func TestHandshakeWebSocket(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		p, o := w.websocket()
		if len(o.SID) != sidLength || len(o.Upgrades) != 0 || o.PingInterval != 300 || o.PingTimeout != 200 || o.MaxPayload != 1000000 {
			t.Errorf("%+v", o)
		}
		w.expect(t, "open")
		p.CloseNow()
	})
}

// TestRefusals protects the code of every request that cannot be served, on both transports, that OnRefuse is told, and that the log has a line, without the
// query, where identifiers are secret.
func TestRefusals(t *testing.T) {
	const upgrade = "upgrade" // the method of an opening handshake
	tests := []struct {
		name, method, query string
		status              int
		body                string
	}{
		{"no EIO", "GET", "transport=polling", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"EIO of 3", "GET", "EIO=3&transport=polling", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"EIO abc", "GET", "EIO=abc&transport=polling", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"EIO 04", "GET", "EIO=04&transport=polling", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"no transport", "GET", "EIO=4", 400, `{"code":0,"message":"Transport unknown"}`},
		{"transport abc", "GET", "EIO=4&transport=abc", 400, `{"code":0,"message":"Transport unknown"}`},
		{"transport constructor", "GET", "EIO=4&transport=constructor", 400, `{"code":0,"message":"Transport unknown"}`},
		{"POST without session", "POST", "EIO=4&transport=polling", 400, `{"code":2,"message":"Bad handshake method"}`},
		{"PUT without session", "PUT", "EIO=4&transport=polling", 400, `{"code":2,"message":"Bad handshake method"}`},
		{"unknown session", "GET", "EIO=4&transport=polling&sid=abc", 400, `{"code":1,"message":"Session ID unknown"}`},
		{"unknown session, POST", "POST", "EIO=4&transport=polling&sid=abc", 400, `{"code":1,"message":"Session ID unknown"}`},
		{"session __proto__", "GET", "EIO=4&transport=polling&sid=__proto__", 400, `{"code":1,"message":"Session ID unknown"}`},
		{"empty session", "GET", "EIO=4&transport=polling&sid=", 400, `{"code":1,"message":"Session ID unknown"}`},
		{"malformed query", "GET", "EIO=4&transport=polling&sid=%", 400, `{"code":3,"message":"Bad request"}`},
		{"semicolon", "GET", "EIO=4;transport=polling", 400, `{"code":3,"message":"Bad request"}`},
		{"two sessions", "GET", "EIO=4&transport=polling&sid=a&sid=b", 400, `{"code":3,"message":"Bad request"}`},
		{"websocket without upgrade", "GET", "EIO=4&transport=websocket", 400, `{"code":3,"message":"Bad request"}`},
		{"upgrade for polling", upgrade, "EIO=4&transport=polling", 400, `{"code":3,"message":"Bad request"}`},
		{"upgrade, EIO abc", upgrade, "EIO=abc&transport=websocket", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"upgrade, no EIO", upgrade, "transport=websocket", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"upgrade, no transport", upgrade, "EIO=4", 400, `{"code":0,"message":"Transport unknown"}`},
		{"upgrade, transport abc", upgrade, "EIO=4&transport=abc", 400, `{"code":0,"message":"Transport unknown"}`},
		{"upgrade, unknown session", upgrade, "EIO=4&transport=websocket&sid=abc", 400, `{"code":1,"message":"Session ID unknown"}`},
	}
	var log strings.Builder
	o := testOptions()
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	inWorld(t, o, func(w *world) {
		for _, tt := range tests {
			log.Reset()
			var a answer
			if tt.method == upgrade {
				_, resp, err := w.dial(tt.query)
				if err == nil || resp == nil {
					t.Errorf("%s: %v", tt.name, err)
					continue
				}
				a = read(resp)
			} else {
				a = w.do(tt.method, tt.query, "")
			}
			if a.status != tt.status || a.body != tt.body || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: got %d %q (%s), want %d %q", tt.name, a.status, a.body, a.header, tt.status, tt.body)
			}
			if n := len(w.refusals()); n != 1 {
				t.Errorf("%s: OnRefuse was told %d times", tt.name, n)
			}
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "request refused") || strings.Contains(got, "EIO=") {
				t.Errorf("%s: the log has %q", tt.name, got)
			}
		}
		w.expect(t)
	})
}

func TestPollingMessages(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		a := w.do("POST", q, "4hello")
		w.got(a, 200, "ok")
		if a.header.Get("Content-Type") != "text/html" {
			t.Error(a.header)
		}
		w.got(w.do("GET", q, ""), 200, "4hello")
		w.got(w.do("POST", q, "4test1\x1e4test2\x1e4test3"), 200, "ok")
		w.got(w.do("GET", q, ""), 200, "4test1\x1e4test2\x1e4test3")
		w.got(w.do("POST", q, "4hello\x1ebAQIDBA=="), 200, "ok")
		w.got(w.do("GET", q, ""), 200, "4hello\x1ebAQIDBA==")
		w.expect(t, "open", "text hello", "text test1", "text test2", "text test3", "text hello", "binary \x01\x02\x03\x04")
	})
}

// TestBadPackets protects that what is no packet, or none that a client may send, ends the session, on both transports.
func TestBadPackets(t *testing.T) {
	tests := []struct{ packet, reason string }{
		{"abc", "parse error"},
		{"7", "parse error"},
		{"/", "parse error"},
		{"", "parse error"},
		{"bA", "parse error"},
		{"b====", "parse error"},
		{"2", "transport error"},
		{"2probe", "transport error"},
	}
	for _, tt := range tests {
		inWorld(t, nil, func(w *world) {
			q := w.polling()
			poll := w.later("GET", q, "")
			body := "4first\x1e" + tt.packet
			if a := w.do("POST", q, body+"\x1e4never"); a.status != 400 {
				t.Errorf("%q: %d %q", tt.packet, a.status, a.body)
			}
			if a := <-poll; a.status != 200 || a.body != "4first" && a.body != "1" {
				t.Error(a)
			}
			w.expect(t, "open", "text first", "close: "+tt.reason)
			w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)

			p, _ := w.websocket()
			p.send("4first")
			p.expect("4first")
			p.send(tt.packet)
			p.send("4never")
			p.closed(websocket.StatusProtocolError)
			w.expect(t, "open", "text first", "close: "+tt.reason)
		})
	}
}

// TestIgnoredPackets protects that packets that mean nothing at their place are passed over, as by the Node implementation.
func TestIgnoredPackets(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		w.got(w.do("POST", q, "0\x1e3\x1e5\x1e6\x1e4x"), 200, "ok")
		w.got(w.do("GET", q, ""), 200, "4x")
		p, _ := w.websocket()
		for _, one := range []string{"0", "3", "5", "6", "bAQID", "4x"} {
			p.send(one)
		}
		p.expect("\x01\x02\x03", "4x")
		p.CloseNow()
	})
}

func TestDuplicateGet(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		first := w.later("GET", q, "")
		w.got(w.do("GET", q, ""), 400, `{"code":3,"message":"Bad request"}`)
		w.got(<-first, 200, "1")
		w.expect(t, "open", "close: transport error")
		w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)
	})
}

func TestAbortedGet(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
		defer cancel()
		w.try(ctx, "GET", q, "")
		w.expect(t, "open", "close: transport error")
		w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)
	})
}

func TestWebSocketMessages(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		p, _ := w.websocket()
		p.send("4hello")
		p.expect("4hello")
		p.binary(1, 2, 3, 4)
		p.expect("\x01\x02\x03\x04")
		p.send("4")
		p.expect("4")
		p.binary()
		p.expect("")
		w.expect(t, "open", "text hello", "binary \x01\x02\x03\x04", "text ", "binary ")
		p.Close(websocket.StatusNormalClosure, "")
		w.expect(t, "close: transport close")
	})
}

// TestHeartbeat protects that pings come at the interval, however late the pongs, and that answering them keeps a session.
func TestHeartbeat(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		start := time.Now()
		p, _ := w.websocket()
		for i := range 3 {
			p.expect("2")
			if d, want := time.Since(start), time.Duration(i+1)*300*time.Millisecond; d != want {
				t.Errorf("ping %d after %v, want %v", i, d, want)
			}
			time.Sleep(100 * time.Millisecond)
			p.send("3")
		}
		p.CloseNow()
		w.expect(t, "open", "close: transport close")
		q := w.polling()
		for range 3 {
			w.got(w.do("GET", q, ""), 200, "2")
			w.got(w.do("POST", q, "3"), 200, "ok")
		}
		w.expect(t, "open")
	})
}

// TestPingTimeout protects that a session ends both deadlines after its handshake.
func TestPingTimeout(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		p, _ := w.websocket()
		w.expect(t, "open", "open")
		time.Sleep(499 * time.Millisecond)
		w.expect(t)
		time.Sleep(time.Millisecond)
		w.expect(t, "close: ping timeout", "close: ping timeout")
		w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)
		p.expect("2")
		p.closed(websocket.StatusAbnormalClosure)
	})
}

// TestClientCloses protects that a close packet is obeyed, that the poll that is pending is answered, and the one that comes a little
// later, but no further one.
func TestClientCloses(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		poll := w.later("GET", q, "")
		w.got(w.do("POST", q, "4last\x1e1\x1e4never"), 200, "ok")
		if a := <-poll; a.status != 200 || a.body != "4last" && a.body != "6" {
			t.Error(a)
		}
		w.expect(t, "open", "text last", "close: transport close")

		q = w.polling()
		poll = w.later("GET", q, "")
		w.got(w.do("POST", q, "1"), 200, "ok")
		w.got(<-poll, 200, "6")
		w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)

		q = w.polling()
		w.got(w.do("POST", q, "1"), 200, "ok")
		w.got(w.do("GET", q, ""), 200, "6")
		w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)

		q = w.polling()
		w.got(w.do("POST", q, "1"), 200, "ok")
		time.Sleep(keepForClient)
		synctest.Wait()
		w.got(w.do("GET", q, ""), 400, `{"code":1,"message":"Session ID unknown"}`)

		p, _ := w.websocket()
		p.send("1")
		p.closed(websocket.StatusNormalClosure)
		synctest.Wait()
	})
}

func TestUpgrade(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		p := w.probe(q)
		p.send("5")
		p.send("4hello")
		p.expect("4hello")
		if got := w.session().Transport(); got != WebSocket {
			t.Error(got)
		}
		w.got(w.do("GET", q, ""), 400, `{"code":3,"message":"Bad request"}`)
		w.got(w.do("POST", q, "4x"), 400, `{"code":3,"message":"Bad request"}`)
		second, _, err := w.dial("EIO=4&transport=websocket&sid=" + w.session().ID())
		if err != nil {
			t.Fatal(err)
		}
		second.closed(websocket.StatusNormalClosure)
		p.send("4still")
		p.expect("4still", "2")
		p.send("3")
		p.CloseNow()
		w.expect(t, "open", "text hello", "text still", "close: transport close")
	})
}
