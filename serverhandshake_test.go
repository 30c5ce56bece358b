package websocket

// This file tests the server's opening handshake without I/O, and over streams.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// TestHandshakeSameAnswer protects the twins: without I/O, every request gets the status, the fields and the body that
// UpgradeConn answers.
func TestHandshakeSameAnswer(t *testing.T) {
	offers := "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n"
	for _, request := range []string{
		minimalRequest, browserRequest, withFields(offers), requestWith("GET", "PUT"), requestWith("HTTP/1.1", "HTTP/1.0"),
		requestWith("n: 13", "n: 8"), requestWith(rfcKey, "x"), requestWith("Connection: Upgrade\r\n", ""),
		withFields("Origin: http://evil.example\r\n"), withFields("Content-Length: 5\r\n") + "hello",
	} {
		u := &Upgrader{Subprotocols: []string{"chat"}, Options: Options{Compression: &compress.Options{}}}
		nc := &scriptConn{input: request}
		c, wantErr := u.UpgradeConn(t.Context(), nc, nil)
		want, wantBody := readResponseTo(t, bufio.NewReader(bytes.NewReader(nc.output)))
		agreed, resp, err := u.Handshake(readRequest(t, request))
		var out bytes.Buffer
		if err := resp.Write(&out); err != nil {
			t.Fatal(err)
		}
		got, gotBody := readResponseTo(t, bufio.NewReader(&out))
		for _, h := range []http.Header{want.Header, got.Header} {
			// RFC 9110, Section 6.6.1.
			if _, err := http.ParseTime(h.Get("Date")); (err == nil) != (wantErr != nil) {
				t.Errorf("%q: Date %q", request, h["Date"])
			}
			h.Del("Date")
			if wantErr != nil {
				h.Del("Connection")
			}
		}
		if got.Status != want.Status || gotBody != wantBody || !maps.EqualFunc(got.Header, want.Header, slices.Equal) {
			t.Errorf("%q:\n%s %q %v, want\n%s %q %v", request, got.Status, gotBody, got.Header, want.Status, wantBody, want.Header)
		}
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Errorf("%q: error %v, want %v", request, err, wantErr)
		}
		if c == nil {
			continue
		}
		params, ok := c.Compression()
		if agreed.Subprotocol != c.Subprotocol() || ok != (agreed.Compression != nil) || ok && params != *agreed.Compression {
			t.Errorf("%q: agreed on %+v", request, agreed)
		}
		c.tracker.remove(c)
	}
}

// TestHandshakeConn protects the way from the agreement to a connection: with what was read behind the request.
func TestHandshakeConn(t *testing.T) {
	u := &Upgrader{Options: Options{Compression: &compress.Options{}, ReadLimit: 100}}
	a, b := netpipe.New(pipeSize)
	request := withFields("Sec-WebSocket-Extensions: permessage-deflate\r\n")
	p := peerOver(t, b, true)
	p.write([]byte(request), p.message("behind"))
	br := bufio.NewReader(a)
	r, err := http.ReadRequest(br)
	if err != nil {
		t.Fatal(err)
	}
	agreed, resp, err := u.Handshake(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Write(a); err != nil {
		t.Fatal(err)
	}
	behind, _ := br.Peek(br.Buffered())
	c := ServerConn(a, &u.Options, agreed, behind)
	defer c.CloseNow()
	m, err := c.Read(t.Context())
	wantMessage(t, m.Op, m.Data, err, "behind")
	if _, ok := c.Compression(); !ok {
		t.Error("nothing agreed on about compression")
	}
	if resp, _ := readResponseTo(t, p.br); resp.StatusCode != 101 {
		t.Error(resp.Status)
	}
	u.Shutdown(t.Context())
	if _, resp, err := u.Handshake(r); err == nil || resp.StatusCode != 503 {
		t.Errorf("after Shutdown: %v, %v", resp.Status, err)
	}
}

// streamRequest returns an extended CONNECT as net/http shows it.
func streamRequest(fields http.Header) *http.Request {
	r := &http.Request{
		Method: "CONNECT", Proto: "HTTP/2.0", ProtoMajor: 2, Host: "server.example.com", ContentLength: -1,
		Header: http.Header{":protocol": {"websocket"}, "Sec-Websocket-Version": {"13"}},
	}
	maps.Copy(r.Header, fields)
	return r
}

// TestAcceptStream_8441_5 protects the rules for streams: what of RFC 6455, Section 4.2.1, is left, and what is not.
func TestAcceptStream_8441_5(t *testing.T) {
	for _, tc := range []struct {
		name     string
		protocol string
		change   func(*http.Request)
		status   int
		says     string
		header   http.Header // of the response
	}{
		{"minimal", "websocket", func(*http.Request) {}, 200, "", http.Header{}},
		{"case", "WebSocket", func(*http.Request) {}, 200, "", http.Header{}},
		{"HTTP/3", "websocket", func(r *http.Request) { r.ProtoMajor = 3 }, 200, "", http.Header{}},
		{"a key is ignored", "websocket", func(r *http.Request) { r.Header["Sec-Websocket-Key"] = []string{"x"} }, 200, "", http.Header{}},
		{"options", "websocket", func(r *http.Request) {
			r.Header["Sec-Websocket-Protocol"] = []string{"superchat, chat"}
			r.Header["Sec-Websocket-Extensions"] = []string{"permessage-deflate"}
			r.Header["Origin"] = []string{"https://server.example.com"}
		}, 200, "", http.Header{"Sec-Websocket-Protocol": {"chat"}, "Sec-Websocket-Extensions": {"permessage-deflate"}}},
		{"GET", "websocket", func(r *http.Request) { r.Method = "GET" }, 400, "CONNECT", nil},
		{"other protocol", "connect-udp", func(*http.Request) {}, 501, "websocket", nil},
		{"no protocol", "", func(*http.Request) {}, 501, "websocket", nil},
		{"no authority", "websocket", func(r *http.Request) { r.Host = "" }, 400, "Host is missing", nil},
		{"malformed authority", "websocket", func(r *http.Request) { r.Host = "a@b" }, 400, "Host is malformed", nil},
		{"length", "websocket", func(r *http.Request) { r.Header["Content-Length"] = []string{"0"} }, 400, "body", nil},
		{"version 8", "websocket", func(r *http.Request) { r.Header["Sec-Websocket-Version"] = []string{"8"} }, 400, "13", http.Header{
			"Sec-Websocket-Version": {"13"}, "Upgrade": nil, "Connection": nil,
		}},
		{"no version", "websocket", func(r *http.Request) { delete(r.Header, "Sec-Websocket-Version") }, 400, "13", nil},
		{"origin", "websocket", func(r *http.Request) { r.Header["Origin"] = []string{"https://evil.example"} }, 403, "Origin", nil},
		{"extensions", "websocket", func(r *http.Request) { r.Header["Sec-Websocket-Extensions"] = []string{";"} }, 400, "malformed", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var refused []string
			u := &Upgrader{
				Subprotocols: []string{"chat"}, Options: Options{Compression: &compress.Options{}},
				OnRefuse: func(r *http.Request, e *HandshakeError) { refused = append(refused, e.Reason) },
			}
			r := streamRequest(nil)
			tc.change(r)
			near, far := netpipe.New(pipeSize)
			defer far.Close()
			var resp *http.Response
			c, err := u.AcceptStream(r, tc.protocol, func(answer *http.Response) (net.Conn, error) {
				if resp != nil {
					t.Error("respond was called twice")
				}
				resp = answer
				return near, nil
			})
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != tc.status || !strings.Contains(string(body), tc.says) {
				t.Fatalf("%s %q, want %d and %q", resp.Status, body, tc.status, tc.says)
			}
			for name, want := range tc.header {
				if got := resp.Header[name]; !slices.Equal(got, want) {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if tc.status != 200 {
				var e *HandshakeError
				if c != nil || !errors.As(err, &e) || e.Status != tc.status || len(refused) != 1 {
					t.Errorf("%v, %v; the hook saw %q", c, err, refused)
				}
				if _, err := far.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("a stream of a refused request is left open: %v", err)
				}
				return
			}
			if _, dated := http.ParseTime(resp.Header.Get("Date")); err != nil || dated != nil || len(resp.Header) != len(tc.header)+1 || len(refused) != 0 {
				t.Fatalf("%v, header %v", err, resp.Header)
			}
			// The whole of it: a message each way, and an end that Shutdown begins.
			agreed := Agreement{Subprotocol: c.Subprotocol()}
			if params, ok := c.Compression(); ok {
				agreed.Compression = &params
			}
			client := ClientConn(far, nil, agreed, nil)
			go func() {
				m, _ := c.Read(context.Background())
				c.Write(context.Background(), m.Op, m.Data)
				c.CloseRead(context.Background())
			}()
			client.Write(t.Context(), OpText, []byte("hi"))
			m, err := client.Read(t.Context())
			wantMessage(t, m.Op, m.Data, err, "hi")
			if u.Len() != 1 {
				t.Errorf("%d connections", u.Len())
			}
			client.CloseRead(t.Context())
			if err := u.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			_, err = client.Read(t.Context())
			wantClosed(t, err, StatusGoingAway, false)
		})
	}
}

// TestAcceptStreamFailure protects against streams that fail under the response, that there are none of, and that open
// while Shutdown runs.
func TestAcceptStreamFailure(t *testing.T) {
	broken := errors.New("RST_STREAM")
	for _, tc := range []struct {
		stream bool // respond returns one
		err    error
	}{{false, broken}, {false, nil}, {true, broken}} {
		near, far := netpipe.New(pipeSize)
		_, err := new(Upgrader).AcceptStream(streamRequest(nil), "websocket", func(*http.Response) (net.Conn, error) {
			if tc.stream {
				return near, tc.err
			}
			return nil, tc.err
		})
		var e *HandshakeError
		if !errors.As(err, &e) || e.Status != 0 || tc.err != nil && !errors.Is(err, tc.err) {
			t.Errorf("%v: %v", tc.err, err)
		}
		if tc.stream {
			if _, err := far.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("%v: the stream is left open: %v", tc.err, err)
			}
		}
	}
	u := &Upgrader{}
	near, far := netpipe.New(pipeSize)
	p := peerOver(t, far, true)
	ending := make(chan error, 1)
	_, err := u.AcceptStream(streamRequest(nil), "websocket", func(*http.Response) (net.Conn, error) {
		ending <- u.Shutdown(t.Context())
		return near, nil
	})
	if err == nil || <-ending != nil {
		t.Errorf("accepted during shutdown: %v", err)
	}
	p.close(StatusGoingAway, "")
	var status int
	u.AcceptStream(streamRequest(nil), "websocket", func(r *http.Response) (net.Conn, error) { status = r.StatusCode; return nil, nil })
	if status != 503 {
		t.Errorf("status %d after Shutdown", status)
	}
}

// TestRefuse protects that a server with its own HTTP refuses as UpgradeConn does: the same status, body and hook for the same error.
func TestRefuse(t *testing.T) {
	for _, cause := range []error{
		errors.New("not told"), &HandshakeError{Status: 401, Reason: "who are you", Header: http.Header{"Www-Authenticate": {"Basic"}}},
		&HandshakeError{Status: 402, Body: []byte("{}")}, &HandshakeError{Status: 200},
	} {
		hooked := 0
		u := &Upgrader{OnRefuse: func(r *http.Request, err *HandshakeError) { hooked++ }}
		nc := &scriptConn{input: minimalRequest}
		_, wantErr := u.UpgradeConn(t.Context(), nc, func(*Request) error { return cause })
		want, wantBody := readResponseTo(t, bufio.NewReader(bytes.NewReader(nc.output)))
		resp, err := u.Refuse(readRequest(t, minimalRequest), cause)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != want.StatusCode || string(body) != wantBody || resp.Header.Get("Www-Authenticate") != want.Header.Get("Www-Authenticate") {
			t.Errorf("%v: %d %q %v, want %d %q", cause, resp.StatusCode, body, resp.Header, want.StatusCode, wantBody)
		}
		if err.Error() != wantErr.Error() || hooked != 2 {
			t.Errorf("%v: %v, want %v; %d calls of the hook", cause, err, wantErr, hooked)
		}
	}
}
