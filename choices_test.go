package websocket

// This file tests the hooks of an Upgrader, in all entry points, and what a handler can find out about a request.

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// allServers starts one server for each entry point of an Upgrader and returns their addresses.
func allServers(t *testing.T, u *Upgrader) map[string]string {
	byName := upgradeServers(t, u, func(c *Conn) { c.CloseNow() })
	for name, handler := range handlers {
		s := httptest.NewServer(handler(u, func(c *Conn, _ *http.Request) { c.CloseNow() }))
		t.Cleanup(s.Close)
		byName[name] = s.Listener.Addr().String()
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serveHandshake(t, u, w, r) }))
	t.Cleanup(s.Close)
	byName["Handshake"] = s.Listener.Addr().String()
	return byName
}

// serveHandshake answers a request by the handshake without I/O, as a server would that is not net/http's.
func serveHandshake(t *testing.T, u *Upgrader, w http.ResponseWriter, r *http.Request) {
	agreed, resp, refusal := u.Handshake(r)
	nc, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	resp.Close = refusal != nil
	if resp.Write(nc); refusal != nil {
		nc.Close()
		return
	}
	ServerConn(nc, &u.Options, agreed, nil).CloseNow()
}

// withFields returns the minimal request with further fields.
func withFields(fields string) string { return requestWith("Upgrade:", fields+"Upgrade:") }

// TestCheckOrigin protects the last word about an origin, whatever Origins says, and what the hook sees of the request.
func TestCheckOrigin(t *testing.T) {
	const fields = "Cookie: user=eve\r\nX-Tenant: 1\r\n"
	for _, tc := range []struct {
		name, origin string
		skip         bool
		allowed      bool // by the fields
	}{
		{"none", "", false, true},
		{"own", "Origin: http://server.example.com\r\n", false, true},
		{"named", "Origin: http://one.example\r\n", false, true},
		{"foreign", "Origin: http://evil.example\r\n", false, false},
		{"not checked", "Origin: http://evil.example\r\n", true, true},
	} {
		for _, want := range []bool{true, false} {
			check := func(r *http.Request, allowed bool) bool {
				cookie, err := r.Cookie("user")
				if err != nil || cookie.Value != "eve" || r.Header.Get("X-Tenant") != "1" || r.URL.Path != "/chat" ||
					r.Host != "server.example.com" || r.TLS != nil || r.Context() == nil {
					t.Errorf("%s: %+v", tc.name, r)
				}
				if allowed != tc.allowed {
					t.Errorf("%s: allowed %v, want %v", tc.name, allowed, tc.allowed)
				}
				return want
			}
			u := &Upgrader{Origins: []string{"one.example"}, InsecureSkipOriginCheck: tc.skip, CheckOrigin: check}
			for name, addr := range allServers(t, u) {
				if resp, _, _ := send(t, addr, withFields(fields+tc.origin)); (resp.StatusCode == 101) != want {
					t.Errorf("%s, %s: %s, want %v", name, tc.name, resp.Status, want)
				}
			}
			if got := u.AllowsOrigin(readRequest(t, withFields(fields+tc.origin))); got != want {
				t.Errorf("AllowsOrigin, %s: %v, want %v", tc.name, got, want)
			}
		}
	}
}

// TestSelectSubprotocol protects a choice that depends on what is offered, such as a token that must be sent back, and
// clients from one that they have not asked for (RFC 6455, Section 4.2.2).
func TestSelectSubprotocol(t *testing.T) {
	for _, tc := range []struct {
		name, fields string
		offered      []string // nil if the hook must not be called
		choice       string
		status       int
		want         string
	}{
		{"none", "", nil, "", 101, ""},
		{"one", "Sec-WebSocket-Protocol: token.abc\r\n", []string{"token.abc"}, "token.abc", 101, "token.abc"},
		{"two lines", "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n", []string{"a", "b", "c"}, "c", 101, "c"},
		{"declined", "Sec-WebSocket-Protocol: a\r\n", []string{"a"}, "", 101, ""},
		{"invented", "Sec-WebSocket-Protocol: a\r\n", []string{"a"}, "b", 500, ""},
	} {
		u := &Upgrader{
			Subprotocols: []string{"a"}, ErrorLog: log.New(io.Discard, "", 0),
			SelectSubprotocol: func(r *http.Request, offered []string) string {
				if tc.offered == nil || !slices.Equal(offered, tc.offered) || r.Method != "GET" {
					t.Errorf("%s: offered %q in %+v, want %q", tc.name, offered, r, tc.offered)
				}
				clear(offered) // it is the hook's
				return tc.choice
			},
		}
		for name, addr := range allServers(t, u) {
			resp, _, _ := send(t, addr, withFields(tc.fields))
			if got := resp.Header.Get("Sec-WebSocket-Protocol"); resp.StatusCode != tc.status || got != tc.want {
				t.Errorf("%s, %s: %s with %q, want %d with %q", name, tc.name, resp.Status, got, tc.status, tc.want)
			}
		}
	}
}

// seenRefusal is what OnRefuse has seen.
type seenRefusal struct {
	path   string // "none" without a request
	status int
	reason string
}

// TestOnRefuse protects that no entry point refuses a request unseen, and that what the hook changes is sent.
func TestOnRefuse(t *testing.T) {
	for _, tc := range []struct {
		name, request string
		want          seenRefusal
	}{
		{"method", requestWith("GET", "PUT"), seenRefusal{"/chat", 405, "GET"}},
		{"no upgrade", requestWith("Connection: Upgrade\r\n", ""), seenRefusal{"/chat", 400, "Connection"}},
		{"version", requestWith("n: 13", "n: 8"), seenRefusal{"/chat", 426, "13"}},
		{"origin", withFields("Origin: http://evil.example\r\n"), seenRefusal{"/chat", 403, "Origin"}},
	} {
		seen := make(chan seenRefusal, 1)
		u := &Upgrader{OnRefuse: func(r *http.Request, e *HandshakeError) {
			seen <- seenRefusal{r.URL.Path, e.Status, e.Reason}
			e.Status, e.Body = 418, []byte("short and stout")
			if e.Header == nil {
				e.Header = http.Header{}
			}
			e.Header.Set("Content-Type", "text/tea")
		}}
		for name, addr := range allServers(t, u) {
			resp, body, _ := send(t, addr, tc.request)
			got := <-seen
			if got.path != tc.want.path || got.status != tc.want.status || !strings.Contains(got.reason, tc.want.reason) {
				t.Errorf("%s, %s: hook saw %+v, want %+v", name, tc.name, got, tc.want)
			}
			if resp.StatusCode != 418 || body != "short and stout" || resp.Header.Get("Content-Type") != "text/tea" {
				t.Errorf("%s, %s: %s, %q, %v", name, tc.name, resp.Status, body, resp.Header)
			}
		}
	}
}

// TestOnRefuseConn protects what only UpgradeConn can refuse, the errors of the application, which the hook gets a
// copy of, and the status from one that refuses nothing.
func TestOnRefuseConn(t *testing.T) {
	shared := &HandshakeError{Status: 401, Header: http.Header{"Www-Authenticate": {"Basic"}}}
	for _, tc := range []struct {
		name, request string
		accept        error
		want          seenRefusal
	}{
		{"not HTTP", "GET\r\n\r\n", nil, seenRefusal{"none", 400, "the request line is malformed (RFC 9112)"}},
		{"no request", "", nil, seenRefusal{"none", 0, "the request could not be read"}},
		{"application", minimalRequest, shared, seenRefusal{"/chat", 401, ""}},
		{"application's text", minimalRequest, io.EOF, seenRefusal{"/chat", 403, "the application refused the request"}},
	} {
		var seen []seenRefusal
		u := &Upgrader{OnRefuse: func(r *http.Request, e *HandshakeError) {
			path := "none"
			if r != nil {
				path = r.URL.Path
			}
			seen = append(seen, seenRefusal{path, e.Status, e.Reason})
			e.Status, e.Reason = 200, "changed"
			if e.Header != nil {
				e.Header.Set("Www-Authenticate", "Bearer")
			}
		}}
		nc := &scriptConn{input: tc.request}
		_, err := u.UpgradeConn(t.Context(), nc, func(*Request) error { return tc.accept })
		if !slices.Equal(seen, []seenRefusal{tc.want}) {
			t.Errorf("%s: hook saw %+v, want %+v", tc.name, seen, tc.want)
		}
		var e *HandshakeError
		if !errors.As(err, &e) || e.Reason != "changed" || e.Status != tc.want.status {
			t.Errorf("%s: the caller has %+v", tc.name, err)
		}
		if resp := string(nc.output); (tc.want.status != 0) != strings.Contains(resp, ": changed\n") {
			t.Errorf("%s: response %q", tc.name, resp)
		}
	}
	if shared.Status != 401 || shared.Reason != "" || shared.Header.Get("Www-Authenticate") != "Basic" {
		t.Errorf("the application's error was changed: %+v", shared)
	}
}

// TestOnRefuseLate protects the hook against failures behind the decision: of the connection, and by Shutdown.
func TestOnRefuseLate(t *testing.T) {
	var seen []int
	u := &Upgrader{OnRefuse: func(r *http.Request, e *HandshakeError) {
		seen = append(seen, e.Status)
		e.Status = 418 // where there is somebody to tell
	}}
	client, server := net.Pipe()
	client.Close()
	w := &pipeHijacker{ResponseRecorder: httptest.NewRecorder(), nc: server}
	if _, err := u.Upgrade(w, readRequest(t, minimalRequest)); w.Body.Len() > 0 || err.(*HandshakeError).Status != 0 {
		t.Errorf("a connection that was taken over is answered: %v, %q", err, w.Body)
	}
	u.Upgrade(brokenHijacker{httptest.NewRecorder()}, readRequest(t, minimalRequest))
	u.Shutdown(t.Context())
	u.Upgrade(httptest.NewRecorder(), readRequest(t, minimalRequest))
	if want := []int{0, 500, 503}; !slices.Equal(seen, want) {
		t.Errorf("statuses %v, want %v", seen, want)
	}
}

// TestHookPanics protects Shutdown from waiting for functions that never began, and net/http from an answer.
func TestHookPanics(t *testing.T) {
	for name, handler := range handlers {
		u := &Upgrader{CheckOrigin: func(*http.Request, bool) bool { panic("x") }}
		func() {
			defer func() {
				if v := recover(); v != "x" {
					t.Errorf("%s: recovered %v", name, v)
				}
			}()
			handler(u, nil).ServeHTTP(httptest.NewRecorder(), readRequest(t, minimalRequest))
		}()
		if n := u.conns.functions(); n != 0 {
			t.Errorf("%s: %d functions are waited for", name, n)
		}
	}
}

// TestHTTPRequest protects the view that hooks have of UpgradeConn's requests: net/http's.
func TestHTTPRequest(t *testing.T) {
	ctx := context.WithValue(t.Context(), valueKey("a"), "b")
	for _, request := range []string{
		minimalRequest, browserRequest, requestWith("/chat", "http://other.example/a%2Fb?c=d"), requestWith("HTTP/1.1", "HTTP/1.2"),
		withFields("X: 1\r\nx: 2\r\nX-Y:\r\n"),
	} {
		var got *http.Request
		nc := &scriptConn{input: request + "behind"}
		u := &Upgrader{InsecureSkipOriginCheck: true, CheckOrigin: func(r *http.Request, _ bool) bool { got = r; return true }}
		c, err := u.UpgradeConn(ctx, nc, func(r *Request) error {
			if r.HTTPRequest() != got {
				t.Error("another request")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		c.tracker.remove(c)
		want := readRequest(t, request)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(http.Request{}), cmpopts.IgnoreFields(http.Request{}, "RemoteAddr")); diff != "" {
			t.Errorf("%q (-net/http +ours):\n%s", request, diff)
		}
		if got.RemoteAddr != nc.RemoteAddr().String() || got.Context().Value(valueKey("a")) != "b" {
			t.Errorf("address %q, context %v", got.RemoteAddr, got.Context())
		}
	}
	// What net/http refuses is shown as it was sent.
	nc := &scriptConn{input: requestWith("/chat", "/%zz")}
	u := &Upgrader{OnRefuse: func(r *http.Request, _ *HandshakeError) {
		if r.URL.String() != "/%zz" || r.RequestURI != "/%zz" {
			t.Errorf("URL %v", r.URL)
		}
	}}
	if _, err := u.UpgradeConn(ctx, nc, func(*Request) error { return io.EOF }); err == nil {
		t.Error("accepted")
	}
}

// TestIsUpgrade protects handlers that answer other requests too.
func TestIsUpgrade(t *testing.T) {
	for request, want := range map[string]bool{
		minimalRequest:                                             true,
		browserRequest:                                             true,
		requestWith("n: 13", "n: 8"):                               true, // a wrong one gets its answer from Upgrade
		requestWith("Connection: Upgrade\r\n", ""):                 false,
		requestWith("Connection: Upgrade", "Connection: a"):        false,
		requestWith("Upgrade: websocket\r\n", ""):                  false,
		requestWith("Upgrade: websocket", "Upgrade: h2c"):          false,
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n":                        false,
		requestWith("Upgrade: websocket", "Upgrade: a, WebSocket"): true,
	} {
		if got := IsUpgrade(readRequest(t, request)); got != want {
			t.Errorf("%q: %v", request, got)
		}
	}
	stream := &http.Request{Method: "CONNECT", Header: http.Header{":protocol": {"websocket"}}} // RFC 8441, Section 5
	if !IsUpgrade(stream) || IsUpgrade(&http.Request{Method: "CONNECT"}) {
		t.Error("extended CONNECT")
	}
}

// TestSubprotocolsOf protects the order of what a client asks for.
func TestSubprotocolsOf(t *testing.T) {
	r := readRequest(t, withFields("Sec-WebSocket-Protocol: b,, a\r\nSec-WebSocket-Protocol: c\r\n"))
	if got := Subprotocols(r); !slices.Equal(got, []string{"b", "a", "c"}) {
		t.Errorf("%q", got)
	}
	if got := Subprotocols(readRequest(t, minimalRequest)); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// TestReservedFields protects users who set a field of the handshake's from silence: it is said in the log.
func TestReservedFields(t *testing.T) {
	for _, field := range []string{"Sec-WebSocket-Protocol", "sec-websocket-extensions", "Content-Length", "X"} {
		logged := make(lineWriter, 2)
		u := &Upgrader{ErrorLog: log.New(logged, "", 0)}
		nc := &scriptConn{}
		w := &pipeHijacker{ResponseRecorder: httptest.NewRecorder(), nc: nc}
		w.Header()[field] = []string{"1"}
		c, err := u.Upgrade(w, readRequest(t, minimalRequest))
		if err != nil {
			t.Fatal(err)
		}
		c.tracker.remove(c)
		nc.input = minimalRequest
		if c, err = u.UpgradeConn(t.Context(), nc, func(r *Request) error { r.AddResponseHeader(field, "1"); return nil }); err != nil {
			t.Fatal(err)
		}
		c.tracker.remove(c)
		close(logged)
		lines := 0
		for line := range logged {
			if lines++; !strings.Contains(line, field+" is the handshake's own") {
				t.Errorf("log %q", line)
			}
		}
		want := 0
		if strings.EqualFold(field[:1], "s") {
			want = 2
		}
		if lines != want {
			t.Errorf("%s: %d lines in the log, want %d", field, lines, want)
		}
	}
}

// observer is middleware that wants to know of status 101.
type observer struct {
	unwrapper
	switched *int
}

func (o observer) SwitchedProtocols() { *o.switched++ }

// TestSwitchObserver protects middleware that counts statuses, at any depth, and only when the response has been sent.
func TestSwitchObserver(t *testing.T) {
	for name, handler := range handlers {
		var switched int
		h := handler(new(Upgrader), func(c *Conn, r *http.Request) {})
		served := make(chan bool, 1)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner := observer{unwrapper{plainWriter{w}}, &switched}
			h.ServeHTTP(observer{unwrapper{plainWriter{inner}}, &switched}, r)
			served <- true
		}))
		for want, request := range []string{0: requestWith("n: 13", "n: 8"), 2: minimalRequest} {
			if request == "" {
				continue
			}
			send(t, s.Listener.Addr().String(), request)
			if <-served; switched != want {
				t.Errorf("%s: %d calls, want %d", name, switched, want)
			}
		}
		s.Close()
	}
}
