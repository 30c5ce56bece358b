package socketio

// This file has what each security advisory on the Node implementation was about, done to this server: whoever does it is refused or disconnected, and everybody
// else is served as before.

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// attacker is who does what an advisory is about.
type attacker struct {
	*world
	*testing.T
}

// raw sends bytes over a connection of its own, and returns what comes back in a second, or until the end.
func (a *attacker) raw(request string) string {
	a.Helper()
	nc, err := a.l.dial(context.Background(), "", "")
	if err != nil {
		a.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(time.Second))
	io.WriteString(nc, request)
	got, _ := io.ReadAll(nc)
	return string(got)
}

// upgrade is the request of a WebSocket connection with a query.
func upgradeRequest(query string) string {
	return "GET /socket.io/?" + query + " HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
}

// packets sends packets of Socket.IO, "b" for an attachment, and checks that they end the connection, or do not.
func (a *attacker) packets(ends bool, all ...string) {
	a.Helper()
	p := a.connect()
	p.t = new(testing.T) // it may be closed while it sends
	for _, one := range all {
		if one == "b" {
			p.binary(1)
		} else {
			p.send(one)
		}
	}
	synctest.Wait()
	p.t = a.T
	if s := a.io.Socket(p.id); (s == nil) != ends {
		a.Errorf("%.60q: its socket is %v", all, s)
	}
	p.CloseNow()
}

// advisories are those that SECURITY.md of socket.io and engine.io list, by their number.
var advisories = map[string]func(a *attacker){
	// engine.io: the body of a POST request took all memory.
	"CVE-2020-36048": func(a *attacker) {
		before := allocated()
		for range 20 {
			q := a.polling()
			if got := a.raw("POST /socket.io/?" + q + " HTTP/1.1\r\nHost: example.com\r\nContent-Length: 100000000000\r\n\r\n4"); !strings.HasPrefix(got, "HTTP/1.1 413 ") {
				a.Errorf("%.100q", got)
			}
		}
		if n := allocated() - before; n > 20<<20 { // sessions and net/http's buffers among it
			a.Errorf("%d bytes for 20 requests of 1 byte that promise 100 GB", n)
		}
	},
	// socket.io-parser: a long number of attachments, or a long namespace, was put together character by character.
	"CVE-2020-36049": func(a *attacker) {
		for _, text := range []string{"5" + strings.Repeat("1", 900_000) + `-["x"]`, "2/" + strings.Repeat("n", 900_000) + `,["x"]`, "2" + strings.Repeat("1", 900_000) + `["x"]`} {
			data := []byte(text)
			if n := testing.AllocsPerRun(10, func() { packet.Parse(data, 10) }); n > 2 {
				a.Errorf("%v allocations for %.20s", n, text)
			}
			a.packets(true, text)
		}
	},
	// socket.io: any origin was allowed.
	"CVE-2020-28481": func(a *attacker) {
		r, _ := http.NewRequest("GET", base+"?EIO=4&transport=polling", nil)
		r.Header.Set("Origin", "https://evil.example")
		resp, err := a.client.Do(r)
		if err != nil {
			a.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 403 || len(resp.Header["Access-Control-Allow-Origin"]) > 0 {
			a.Errorf("%d %v", resp.StatusCode, resp.Header)
		}
	},
	// engine.io: a frame with reserved bits, in one segment with the opening handshake, ended the process.
	"CVE-2022-21676": func(a *attacker) {
		got := a.raw(upgradeRequest("EIO=4&transport=websocket") + "\xf1\x82\x00\x00\x00\x0040")
		if !strings.HasPrefix(got, "HTTP/1.1 101 ") || !strings.Contains(got, "\x88") || strings.Contains(got, `40{"sid"`) {
			a.Errorf("%.300q", got)
		}
	},
	// socket.io-parser: the number of an attachment could be a name of the list's prototype.
	"CVE-2022-2421": func(a *attacker) {
		for _, num := range []string{`"splice"`, `"length"`, `"__proto__"`, `1`, `-1`, `0.5`, `{}`} {
			a.packets(true, `51-["x",{"_placeholder":true,"num":`+num+`}]`, "b")
		}
	},
	// engine.io: a connection that was reset while it was upgraded ended the process.
	"CVE-2022-41940": func(a *attacker) {
		q := strings.Replace(a.polling(), "polling", "websocket", 1)
		for _, query := range []string{"EIO=4&transport=websocket", "EIO=4&transport=websocket&sid=none", q} {
			request := upgradeRequest(query)
			for _, n := range []int{len(request), len(request) - 1, len(request) / 2} {
				nc, err := a.l.dial(context.Background(), "", "")
				if err != nil {
					a.Fatal(err)
				}
				io.WriteString(nc, request[:n])
				nc.Close()
			}
		}
		synctest.Wait()
	},
	// engine.io: a transport, or a session, named after a property that every object has ended the process.
	"CVE-2023-31125": func(a *attacker) {
		for _, name := range []string{"__proto__", "constructor", "toString", "webtransport", ""} {
			for _, query := range []string{"EIO=4&transport=" + name, "EIO=4&transport=websocket&sid=" + name, "EIO=4&transport=" + name + "&sid=" + name} {
				if got := a.raw(upgradeRequest(query)); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
					a.Errorf("upgrade, %s: %.100q", query, got)
				}
				if status, body := a.do("GET", query, ""); status != 400 {
					a.Errorf("%s: %d %s", query, status, body)
				}
			}
		}
	},
	// socket.io-parser: an event whose name is an object ended the process.
	"CVE-2023-32695": func(a *attacker) {
		for _, name := range []string{`{"toString":"foo"}`, `{}`, `[]`, `null`, `true`} {
			a.packets(true, `2[`+name+`]`)
		}
	},
	// socket.io: an event named error ended the process where nobody listened for it.
	"CVE-2024-38355": func(a *attacker) {
		a.packets(false, `2["error"]`, `2["error",{"message":"x"}]`, `21["error"]`)
	},
	// socket.io-parser: attachments without end were waited for.
	"CVE-2026-33151": func(a *attacker) {
		a.packets(true, `511-["x"]`)
		a.packets(true, `599999999-["x"]`)
		a.packets(false, append([]string{`510-["x"` + strings.Repeat(`,0`, 10) + `]`}, slices.Repeat([]string{"b"}, 10)...)...)
	},
}

// allocated returns how many bytes have been allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// TestAdvisories protects that what has ended Node's process, or taken its memory, does so here to nobody but who does it; a panic would be in the log.
func TestAdvisories(t *testing.T) {
	for name, attack := range advisories {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			inWorld(t, func(o *Options) {
				o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
			}, func(w *world) {
				w.io.On("x", func(*Socket, any) {})
				other := w.connect()
				attack(&attacker{w, t})
				synctest.Wait()
				w.io.Emit("y")
				other.expect(`2["y"]`)
				other.CloseNow()
			})
			if log.Len() > 0 {
				t.Error(log.String())
			}
		})
	}
}
