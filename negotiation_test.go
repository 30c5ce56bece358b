//go:build !js

package websocket

// This file tests the negotiation of permessage-deflate through the opening handshake, in both roles, on sockets: RFC
// 7692, Sections 5 and 7.1, and RFC 6455, Section 9.1.

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// noDeflate stands for no agreement.
var noDeflate compress.Params

// TestOffers protects a server's answer to what a client offers, with and without net/http, and what Compression then
// says.
func TestOffers(t *testing.T) {
	zero := &compress.Options{}
	small := &compress.Options{FromServer: compress.Direction{MaxWindowBits: 10}, FromClient: compress.Direction{MaxWindowBits: 11}}
	alone := &compress.Options{FromServer: compress.Direction{NoContextTakeover: true}, FromClient: compress.Direction{NoContextTakeover: true}}
	const d = "permessage-deflate"
	for _, row := range []struct {
		name   string
		o      *compress.Options
		offer  string // lines are separated by |
		answer string // "" for none, with status 101; "400" for a refusal
		p      compress.Params
	}{
		{"off", nil, d, "", noDeflate},
		{"nothing offered", zero, "", "", noDeflate},
		{"another extension", zero, "x-webkit-deflate-frame", "", noDeflate},
		{"7.1 plain", zero, d, d, paramsOf(15, true)},
		{"7.1 as a browser", zero, d + "; client_max_window_bits", d, paramsOf(15, true)},
		{"7.1 among others", zero, "foo; bar=1, " + d + ", baz", d, paramsOf(15, true)},
		{"7.1 on two lines", zero, "foo|" + d, d, paramsOf(15, true)},
		{"7.1.1.1", zero, d + "; server_no_context_takeover", d + "; server_no_context_takeover", compress.Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{"7.1.1.1 unasked", alone, d, d + "; server_no_context_takeover; client_no_context_takeover", paramsOf(15, false)},
		{"7.1.1.2", zero, d + "; client_no_context_takeover", d + "; client_no_context_takeover", compress.Params{ClientNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{"7.1.2.1", zero, d + "; server_max_window_bits=10", d + "; server_max_window_bits=10", compress.Params{ServerMaxWindowBits: 10, ClientMaxWindowBits: 15}},
		{"7.1.2.1 smaller", small, d + "; server_max_window_bits=12; client_max_window_bits", d + "; server_max_window_bits=10; client_max_window_bits=11", compress.Params{ServerMaxWindowBits: 10, ClientMaxWindowBits: 11}},
		{"7.1.2.1 unasked", small, d + "; client_max_window_bits", d + "; server_max_window_bits=10; client_max_window_bits=11", compress.Params{ServerMaxWindowBits: 10, ClientMaxWindowBits: 11}},
		{"7.1.2.2 value", zero, d + "; client_max_window_bits=9", d + "; client_max_window_bits=9", compress.Params{ServerMaxWindowBits: 15, ClientMaxWindowBits: 9}},
		{"7.1.2.2 not offered, so not answered", small, d, d + "; client_no_context_takeover; server_max_window_bits=10",
			compress.Params{ClientNoContextTakeover: true, ServerMaxWindowBits: 10, ClientMaxWindowBits: 15}},
		{"9.1 quoted", zero, d + `; server_max_window_bits="10"`, d + "; server_max_window_bits=10", compress.Params{ServerMaxWindowBits: 10, ClientMaxWindowBits: 15}},
		{"9.1 quoted with an escape", zero, d + `; server_max_window_bits="1\0"`, d + "; server_max_window_bits=10", compress.Params{ServerMaxWindowBits: 10, ClientMaxWindowBits: 15}},
		{"9.1 quoted nothing", zero, d + `; server_max_window_bits=""`, "400", noDeflate},
		{"9.1 no value behind =", zero, d + `; server_max_window_bits=`, "400", noDeflate},
		{"9.1 no parameter behind ;", zero, d + ";", "400", noDeflate},

		{"7.1 unknown parameter", zero, d + "; fast", "", noDeflate},
		{"7.1 duplicate", zero, d + "; server_no_context_takeover; server_no_context_takeover", "", noDeflate},
		{"7.1 duplicate bits", zero, d + "; server_max_window_bits=10; server_max_window_bits=10", "", noDeflate},
		{"7.1 duplicate bits, one without", zero, d + "; client_max_window_bits; client_max_window_bits=10", "", noDeflate},
		{"7.1 bits of 7", zero, d + "; server_max_window_bits=7", "", noDeflate},
		{"7.1 bits of 16", zero, d + "; client_max_window_bits=16", "", noDeflate},
		{"7.1 bits of 08", zero, d + "; server_max_window_bits=08", "", noDeflate},
		{"7.1 bits of 010", zero, d + "; client_max_window_bits=010", "", noDeflate},
		{"7.1 no bits where they must be", zero, d + "; server_max_window_bits", "", noDeflate},
		{"7.1 value where none may be", zero, d + "; server_no_context_takeover=1", "", noDeflate},
		{"7.1 quoted value where none may be", zero, d + `; client_no_context_takeover="true"`, "", noDeflate},
		{"7.1 letters", zero, d + "; server_max_window_bits=ten", "", noDeflate},
		{"7.1 another case", zero, d + "; Server_No_Context_Takeover", "", noDeflate},

		{"5 passed over", zero, d + "; fast, " + d + "; server_max_window_bits=7, " + d + "; server_max_window_bits=9, " + d,
			d + "; server_max_window_bits=9", compress.Params{ServerMaxWindowBits: 9, ClientMaxWindowBits: 15}},
		{"5 passed over on another line", zero, d + "; fast|" + d, d, paramsOf(15, true)},
		{"5 first of several", zero, d + "; client_no_context_takeover, " + d, d + "; client_no_context_takeover", compress.Params{ClientNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{"5 none of several", zero, d + "; a, " + d + "; b", "", noDeflate},
	} {
		t.Run(row.name, func(t *testing.T) {
			u := &Upgrader{Options: Options{Compression: row.o}}
			conns := make(chan *Conn, 1)
			s := httptest.NewServer(u.Handler(func(c *Conn, _ *http.Request) { conns <- c; c.Read(c.Context()) }))
			defer s.Close()
			nc, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			checkAnswer(t, nc, row.offer, row.answer, row.p, conns)

			client, server := tcpPair(t)
			go func() {
				if c, err := u.UpgradeConn(context.Background(), server, nil); err == nil {
					conns <- c
					c.Read(context.Background())
				} else {
					server.Close()
				}
			}()
			checkAnswer(t, client, row.offer, row.answer, row.p, conns)
		})
	}
}

// checkAnswer sends an opening handshake with an offer and checks what comes of it.
func checkAnswer(t *testing.T, nc net.Conn, offer, answer string, p compress.Params, conns <-chan *Conn) {
	t.Helper()
	defer nc.Close()
	request := strings.TrimSuffix(minimalRequest, "\r\n")
	for line := range strings.SplitSeq(offer, "|") {
		if line != "" {
			request += "Sec-WebSocket-Extensions: " + line + "\r\n"
		}
	}
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(nc, request+"\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer == "400" {
		if resp.StatusCode != 400 {
			t.Errorf("status %d, want 400", resp.StatusCode)
		}
		return
	}
	if got := strings.Join(resp.Header["Sec-Websocket-Extensions"], "|"); resp.StatusCode != 101 || got != answer {
		t.Errorf("status %d, answer %q, want %q", resp.StatusCode, got, answer)
	}
	c := <-conns
	defer c.CloseNow()
	if got, ok := c.Compression(); got != p || ok != (answer != "") {
		t.Errorf("Compression is %+v, %v, want %+v", got, ok, p)
	}
}

// TestAnswers protects what a client offers and how it takes the server's answer: it obeys what it may be told unasked,
// and anything that does not match the offer fails the handshake and closes the connection.
func TestAnswers(t *testing.T) {
	zero := &compress.Options{}
	small := &compress.Options{FromServer: compress.Direction{MaxWindowBits: 10}, FromClient: compress.Direction{MaxWindowBits: 11}}
	alone := &compress.Options{FromServer: compress.Direction{NoContextTakeover: true}, FromClient: compress.Direction{NoContextTakeover: true}}
	strict, strictAlone := new(compress.Options), new(compress.Options)
	*strict, *strictAlone = *small, *alone
	strict.Strict, strictAlone.Strict = true, true
	const d = "permessage-deflate"
	plain := d + "; client_max_window_bits"
	for _, row := range []struct {
		name          string
		o             *compress.Options
		offer, answer string // lines are separated by |
		p             compress.Params
		err           string
	}{
		{"off", nil, "", "", noDeflate, ""},
		{"off, answered", nil, "", d, noDeflate, "not offered"},
		{"declined", zero, plain, "", noDeflate, ""},
		{"7.1 plain", zero, plain, d, paramsOf(15, true), ""},
		{"7.1 unasked", zero, plain, d + "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=8",
			compress.Params{ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 9, ClientMaxWindowBits: 8}, ""},
		{"9.1 quoted", zero, plain, d + `; server_max_window_bits="9"`, compress.Params{ServerMaxWindowBits: 9, ClientMaxWindowBits: 15}, ""},
		{"7.1.1.1", alone, d + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits", d + "; server_no_context_takeover", paramsOf(15, false), ""},
		{"7.1.1.1 not answered", alone, d + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits", d,
			compress.Params{ClientNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}, ""},
		{"7.1.1.1 not answered, strict", strictAlone, "", d, noDeflate, "server_no_context_takeover"},
		{"7.1.2.1 not answered, a wish", small, d + "; client_max_window_bits=11; server_max_window_bits=10", d, compress.Params{ServerMaxWindowBits: 15, ClientMaxWindowBits: 11}, ""},
		{"7.1.2.1 larger, a wish", small, "", d + "; server_max_window_bits=11", compress.Params{ServerMaxWindowBits: 11, ClientMaxWindowBits: 11}, ""},
		{"7.1.2.2 larger, a wish", small, "", d + "; server_max_window_bits=10; client_max_window_bits=12", compress.Params{ServerMaxWindowBits: 10, ClientMaxWindowBits: 11}, ""},
		{"9.1 both of two offers", strict, "", d + "; server_max_window_bits=10, " + d + "; server_no_context_takeover", noDeflate, "more than one"},
		{"7.1.2.1", strict, d + "; client_max_window_bits=11; server_max_window_bits=10", d + "; server_max_window_bits=8; client_max_window_bits=9",
			compress.Params{ServerMaxWindowBits: 8, ClientMaxWindowBits: 9}, ""},
		{"7.1.2.1 second offer", strict, "", d + "; server_no_context_takeover", compress.Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 11}, ""},
		{"7.1.2.1 not answered", strict, "", d, noDeflate, "server_max_window_bits"},
		{"7.1.2.1 larger", strict, "", d + "; server_max_window_bits=11", noDeflate, "server_max_window_bits"},
		{"7.1.2.2 larger", strict, "", d + "; server_max_window_bits=10; client_max_window_bits=12", noDeflate, "client_max_window_bits"},
		{"7.1 unknown parameter", zero, plain, d + "; fast", noDeflate, "fast"},
		{"7.1 duplicate", zero, plain, d + "; client_no_context_takeover; client_no_context_takeover", noDeflate, "client_no_context_takeover"},
		{"7.1 no bits", zero, plain, d + "; client_max_window_bits", noDeflate, "client_max_window_bits"},
		{"7.1 bits of 7", zero, plain, d + "; server_max_window_bits=7", noDeflate, "server_max_window_bits"},
		{"7.1 bits of 16", zero, plain, d + "; client_max_window_bits=16", noDeflate, "client_max_window_bits"},
		{"7.1 bits of 09", zero, plain, d + "; server_max_window_bits=09", noDeflate, "server_max_window_bits"},
		{"7.1 value where none may be", zero, plain, d + "; server_no_context_takeover=1", noDeflate, "server_no_context_takeover"},
		{"9.1 another extension", zero, plain, "foo", noDeflate, "not offered"},
		{"9.1 another one beside", zero, plain, d + ", foo", noDeflate, "more than one"},
		{"9.1 twice", zero, plain, d + ", " + d, noDeflate, "more than one"},
		{"9.1 two lines", zero, plain, d + "|" + d, noDeflate, "repeated"},
		{"9.1 malformed", zero, plain, d + "; server_max_window_bits=", noDeflate, "malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, server := tcpPair(t)
			defer server.Close()
			offered := make(chan string, 1)
			closed := inGoroutine(func() error {
				br := bufio.NewReader(server)
				request, err := http.ReadRequest(br)
				if err != nil {
					return err
				}
				offered <- strings.Join(request.Header["Sec-Websocket-Extensions"], "|")
				response := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
					AcceptKey(request.Header.Get("Sec-WebSocket-Key")) + "\r\n"
				for line := range strings.SplitSeq(row.answer, "|") {
					if line != "" {
						response += "Sec-WebSocket-Extensions: " + line + "\r\n"
					}
				}
				io.WriteString(server, response+"\r\n")
				if row.err == "" {
					return nil
				}
				server.SetReadDeadline(time.Now().Add(30 * time.Second))
				_, err = br.ReadByte() // waits for the client to close
				return err
			})
			dialer := Dialer{Options: Options{Compression: row.o}}
			dialer.DialContext = func(context.Context, string, string) (net.Conn, error) { return client, nil }
			c, _, err := dialer.Dial(t.Context(), "ws://server.example/")
			if got := <-offered; row.offer != "" && !sameOffer(got, row.offer) {
				t.Errorf("offered %q, want %q", got, row.offer)
			}
			if row.err != "" {
				var refused *HandshakeError
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), row.err) {
					t.Errorf("error %v, want %q", err, row.err)
				}
				if err := <-closed; err != io.EOF && !errors.Is(err, net.ErrClosed) {
					t.Errorf("the server's connection ends with %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if got, ok := c.Compression(); got != row.p || ok != (row.answer != "") {
				t.Errorf("Compression is %+v, %v, want %+v", got, ok, row.p)
			}
		})
	}
}

// sameOffer reports whether the first element of what was offered has the parameters of want, in any order.
func sameOffer(got, want string) bool {
	first, _, _ := strings.Cut(got, ",")
	if len(first) != len(want) {
		return false
	}
	for param := range strings.SplitSeq(want, "; ") {
		if !strings.Contains(first, param) {
			return false
		}
	}
	return true
}

// TestDialWrongCompression protects that options out of range are refused before anything is sent.
func TestDialWrongCompression(t *testing.T) {
	d := Dialer{Options: Options{Compression: &compress.Options{FromServer: compress.Direction{MaxWindowBits: 7}}}}
	d.DialContext = func(context.Context, string, string) (net.Conn, error) {
		t.Error("a connection was made")
		return nil, io.EOF
	}
	if _, _, err := d.Dial(t.Context(), "ws://server.example/"); err == nil || !strings.Contains(err.Error(), "window of 7 bits") {
		t.Error(err)
	}
}

// TestWishes protects the connection from a wish: whatever a real server makes of windows and takeover that a client would
// like but does not insist on, the handshake succeeds, and what is agreed on is what both sides then do. The servers
// answer as those do that they are named after.
func TestWishes(t *testing.T) {
	const d = compress.Name
	elements := func(offer string) []string { return strings.Split(offer, ", ") }
	servers := map[string]func(offer string) (answer string){
		// The first element without what it cannot do.
		"coder": func(offer string) string {
			for _, e := range elements(offer) {
				if !strings.Contains(e, "server_max_window_bits") {
					if strings.Contains(e, "server_no_context_takeover") {
						return d + "; server_no_context_takeover"
					}
					return d
				}
			}
			return ""
		},
		// Its own way, whatever is asked.
		"gorilla": func(string) string { return d + "; server_no_context_takeover; client_no_context_takeover" },
		"tornado": func(string) string { return d },
		// Every element, one behind the other, which stand for two filters.
		"libsoup": func(offer string) string {
			return strings.NewReplacer("; client_max_window_bits=9", "", "; client_max_window_bits", "").Replace(offer)
		},
		"off": func(string) string { return "" },
	}
	type outcome struct {
		compressed, alone bool // alone: the server does without takeover
		bits              int
	}
	window := compress.Options{FromServer: compress.Direction{MaxWindowBits: 10}, FromClient: compress.Direction{MaxWindowBits: 9}}
	insisting, alone := window, compress.Options{FromServer: compress.Direction{NoContextTakeover: true}}
	insisting.Strict = true
	fails := outcome{}
	for _, row := range []struct {
		name string
		o    compress.Options
		want map[string]outcome
	}{
		{"zero", compress.Options{}, map[string]outcome{
			"coder": {true, false, 15}, "gorilla": {true, true, 15}, "tornado": {true, false, 15}, "libsoup": {true, false, 15}, "off": {bits: -1},
		}},
		{"window", window, map[string]outcome{
			"coder": {bits: -1}, "gorilla": {true, true, 15}, "tornado": {true, false, 15}, "libsoup": {true, false, 10}, "off": {bits: -1},
		}},
		{"no takeover", alone, map[string]outcome{
			"coder": {true, true, 15}, "gorilla": {true, true, 15}, "tornado": {true, false, 15}, "libsoup": {true, true, 15}, "off": {bits: -1},
		}},
		{"strict window", insisting, map[string]outcome{
			"coder": {true, true, 15}, "gorilla": {true, true, 15}, "tornado": fails, "libsoup": fails, "off": {bits: -1},
		}},
	} {
		for name, server := range servers {
			dialer := Dialer{Options: Options{Compression: &row.o}}
			opening, err := dialer.Handshake("ws://server.example/")
			if err != nil {
				t.Fatal(err)
			}
			r := opening.Request()
			header := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}
			header.Set("Sec-WebSocket-Accept", AcceptKey(r.Header.Get("Sec-WebSocket-Key")))
			if answer := server(r.Header.Get("Sec-WebSocket-Extensions")); answer != "" {
				header.Set("Sec-WebSocket-Extensions", answer)
			}
			agreed, err := opening.Check(&http.Response{StatusCode: 101, ProtoMajor: 1, ProtoMinor: 1, Header: header})
			got := outcome{bits: -1}
			if p := agreed.Compression; p != nil {
				got = outcome{true, p.ServerNoContextTakeover, p.ServerMaxWindowBits}
			}
			if err != nil {
				got = fails
			}
			if want := row.want[name]; got != want {
				t.Errorf("%s asked of %s: %+v, %v; want %+v", row.name, name, got, err, want)
			}
		}
	}
}
