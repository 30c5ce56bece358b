package main

// This file holds rows about the opening handshake of servers.

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// fields are the header of a request that is right.
func fields(changes ...string) http.Header {
	h := http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	for i := 0; i < len(changes); i += 2 {
		h.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			h.Del(changes[i])
		}
	}
	return h
}

// refused tells how an Upgrader answers a request that it does not accept.
func refused(u websocket.Upgrader, method string, header, responseHeader http.Header) func() any {
	return func() any {
		r := httptest.NewRequest(method, "http://example.com/", nil)
		r.Header = header
		w := httptest.NewRecorder()
		c, err := u.Upgrade(w, r, responseHeader)
		return []any{c == nil, told(err), w.Code, strings.TrimSpace(w.Body.String()), w.Header().Get("Sec-Websocket-Version")}
	}
}

// answered tells status and header of the response to a request.
func answered(u websocket.Upgrader, header, responseHeader http.Header, shown ...string) func() any {
	return func() any {
		subprotocol := make(chan string, 1)
		url, stop := serve(&u, responseHeader, func(c *websocket.Conn) { subprotocol <- c.Subprotocol() })
		defer stop()
		nc, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
		if err != nil {
			return err
		}
		defer nc.Close()
		r, _ := http.NewRequest("GET", "http://example.com/", nil)
		r.Header = header
		r.Write(nc)
		resp, err := http.ReadResponse(bufio.NewReader(nc), r)
		if err != nil {
			return told(err)
		}
		got := []any{resp.StatusCode}
		for _, name := range shown {
			got = append(got, strings.ToLower(fmt.Sprint(resp.Header.Values(name))))
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			got = append(got, "subprotocol "+<-subprotocol)
		}
		return got
	}
}

var openings = []row{
	{"Upgrade: no Connection", refused(websocket.Upgrader{}, "GET", fields("Connection", ""), nil)},
	{"Upgrade: no Upgrade", refused(websocket.Upgrader{}, "GET", fields("Upgrade", ""), nil)},
	{"Upgrade: another Upgrade", refused(websocket.Upgrader{}, "GET", fields("Upgrade", "h2c"), nil)},
	{"Upgrade: POST", refused(websocket.Upgrader{}, "POST", fields(), nil)},
	{"Upgrade: version 8", refused(websocket.Upgrader{}, "GET", fields("Sec-WebSocket-Version", "8"), nil)},
	{"Upgrade: no version", refused(websocket.Upgrader{}, "GET", fields("Sec-WebSocket-Version", ""), nil)},
	{"Upgrade: no key", refused(websocket.Upgrader{}, "GET", fields("Sec-WebSocket-Key", ""), nil)},
	{"Upgrade: short key", refused(websocket.Upgrader{}, "GET", fields("Sec-WebSocket-Key", "c2hvcnQ="), nil)},
	{"Upgrade: another origin", refused(websocket.Upgrader{}, "GET", fields("Origin", "http://other.example"), nil)},
	{"Upgrade: malformed origin", refused(websocket.Upgrader{}, "GET", fields("Origin", "http://%zz"), nil)},
	{"Upgrade: CheckOrigin false", refused(websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return false }}, "GET", fields(), nil)},
	{"Upgrade: no Hijacker", refused(websocket.Upgrader{}, "GET", fields(), nil)},
	{"Upgrade: extensions of the application's", refused(websocket.Upgrader{}, "GET", fields(),
		http.Header{"Sec-Websocket-Extensions": {"x"}})},
	{"Upgrade: Error", refused(websocket.Upgrader{Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
		w.WriteHeader(418)
		fmt.Fprint(w, status, " ", told(reason))
	}}, "POST", fields(), nil)},
	{"Upgrade: own origin", answered(websocket.Upgrader{}, fields("Origin", "http://EXAMPLE.com"), nil)},
	{"Upgrade: own host by https", answered(websocket.Upgrader{}, fields("Origin", "https://example.com"), nil)},
	{"Upgrade: own host with another port", answered(websocket.Upgrader{}, fields("Origin", "http://example.com:81"), nil)},
	{"Upgrade: CheckOrigin true", answered(websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }},
		fields("Origin", "http://other.example"), nil)},
	{"Upgrade: response", answered(websocket.Upgrader{}, fields(), http.Header{"X-A": {"1", "2"}, "Set-Cookie": {"a=b"}},
		"Upgrade", "Connection", "Sec-Websocket-Accept", "X-A", "Set-Cookie", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions")},
	{"Upgrade: line break in the response's header", answered(websocket.Upgrader{}, fields(),
		http.Header{"X-A": {"1\r\nX-B: 2"}}, "X-B")},
	{"Upgrade: subprotocol, server's preference", answered(websocket.Upgrader{Subprotocols: []string{"b", "a"}},
		fields("Sec-WebSocket-Protocol", "a, b"), nil, "Sec-WebSocket-Protocol")},
	{"Upgrade: subprotocol that is no token", answered(websocket.Upgrader{Subprotocols: []string{"SPDY/3.1+x"}},
		fields("Sec-WebSocket-Protocol", "SPDY/3.1+x"), nil, "Sec-WebSocket-Protocol")},
	{"Upgrade: no common subprotocol", answered(websocket.Upgrader{Subprotocols: []string{"b"}},
		fields("Sec-WebSocket-Protocol", "a"), nil, "Sec-WebSocket-Protocol")},
	{"Upgrade: subprotocol of responseHeader", answered(websocket.Upgrader{}, fields("Sec-WebSocket-Protocol", "a, b"),
		http.Header{"Sec-Websocket-Protocol": {"b"}}, "Sec-WebSocket-Protocol")},
	{"Upgrade: Subprotocols and responseHeader", answered(websocket.Upgrader{Subprotocols: []string{"a"}},
		fields("Sec-WebSocket-Protocol", "a, b"), http.Header{"Sec-Websocket-Protocol": {"b"}}, "Sec-WebSocket-Protocol")},
	{"Upgrade: subprotocol of responseHeader that was not asked for", answered(websocket.Upgrader{}, fields(),
		http.Header{"Sec-Websocket-Protocol": {"b"}}, "Sec-WebSocket-Protocol")},
	{"Upgrade: HandshakeTimeout", answered(websocket.Upgrader{HandshakeTimeout: time.Minute}, fields(), nil)},
	{"Upgrade: compression", answered(websocket.Upgrader{EnableCompression: true},
		fields("Sec-WebSocket-Extensions", "permessage-deflate"), nil, "Sec-WebSocket-Extensions")},
	{"Upgrade: compression without takeover asked for", answered(websocket.Upgrader{EnableCompression: true},
		fields("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"), nil,
		"Sec-WebSocket-Extensions")},
	{"Upgrade: compression not enabled", answered(websocket.Upgrader{},
		fields("Sec-WebSocket-Extensions", "permessage-deflate"), nil, "Sec-WebSocket-Extensions")},
	{"the function Upgrade does not answer", func() any {
		w := httptest.NewRecorder()
		c, err := websocket.Upgrade(w, httptest.NewRequest("POST", "/", nil), nil, 0, 0)
		return []any{c == nil, told(err), w.Body.String(), len(w.Header())}
	}},
	{"the function Upgrade does not check the origin", func() any {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := websocket.Upgrade(w, r, nil, 512, 512); err == nil {
				c.Close()
			}
		}))
		defer s.Close()
		_, resp, err := websocket.DefaultDialer.Dial("ws"+s.URL[4:], http.Header{"Origin": {"http://other.example"}})
		return []any{resp.StatusCode, told(err)}
	}},
	{"Upgrade: bytes behind the request", func() any {
		got := make(chan string, 1)
		url, stop := serve(anyOrigin, nil, func(c *websocket.Conn) { got <- read(c) })
		defer stop()
		nc, _ := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
		defer nc.Close()
		fmt.Fprint(nc, goodRequest+"\x81\x81\x00\x00\x00\x00a")
		resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
		if err != nil {
			return "refused"
		}
		return []any{resp.StatusCode, <-got}
	}},
}
