package main

// This file holds the rows.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/seed-d69ae1b7/websocket/compat/twin"
)

var values = []row{
	{"StatusCode.String", func() any {
		var got []string
		for code := websocket.StatusCode(-1); code < 5001; code++ {
			if code < 2 || code > 998 && code < 1018 || code > 4999 {
				got = append(got, code.String())
			}
		}
		return got
	}},
	{"MessageType.String", func() any {
		return []string{websocket.MessageText.String(), websocket.MessageBinary.String(), websocket.MessageType(0).String()}
	}},
	{"CloseError and CloseStatus", func() any {
		ce := websocket.CloseError{Code: 1000, Reason: "a\n"}
		return all(ce.Error(), websocket.CloseStatus(ce), websocket.CloseStatus(fmt.Errorf("x: %w", ce)), websocket.CloseStatus(nil),
			websocket.CloseStatus(io.EOF), websocket.ErrMessageTooBig.Error())
	}},
}

// header is that of a request that is right.
func header(changes ...string) http.Header {
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

// accepted tells status and header of the response to a request.
func accepted(o *websocket.AcceptOptions, method string, h http.Header, shown ...string) func() any {
	return func() any {
		failed := make(chan bool, 1)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Own", "1")
			c, err := websocket.Accept(w, r, o)
			failed <- err != nil
			if err == nil {
				c.CloseNow()
			}
		}))
		defer s.Close()
		nc, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			return err
		}
		defer nc.Close()
		r, _ := http.NewRequest(method, "http://example.com/", nil)
		r.Header = h
		r.Write(nc)
		resp, err := http.ReadResponse(bufio.NewReader(nc), r)
		if err != nil {
			return err
		}
		got := []any{resp.StatusCode, <-failed, resp.Header.Get("X-Own")}
		for _, name := range shown {
			got = append(got, strings.ToLower(resp.Header.Get(name)))
		}
		return all(got...)
	}
}

var openings = []row{
	{"Accept", accepted(nil, "GET", header(), "Upgrade", "Connection", "Sec-Websocket-Accept", "Sec-Websocket-Protocol")},
	{"Accept: no Connection", accepted(nil, "GET", header("Connection", ""), "Upgrade")},
	{"Accept: no Upgrade", accepted(nil, "GET", header("Upgrade", ""), "Upgrade")},
	{"Accept: POST", accepted(nil, "POST", header())},
	{"Accept: version", accepted(nil, "GET", header("Sec-Websocket-Version", "8"), "Sec-Websocket-Version")},
	{"Accept: no key", accepted(nil, "GET", header("Sec-Websocket-Key", ""))},
	{"Accept: wrong key", accepted(nil, "GET", header("Sec-Websocket-Key", "a"))},
	{"Accept: own origin", accepted(nil, "GET", header("Origin", "https://example.com"))},
	{"Accept: another origin", accepted(nil, "GET", header("Origin", "https://other.com"))},
	{"Accept: malformed origin", accepted(nil, "GET", header("Origin", "://"))},
	{"Accept: InsecureSkipVerify", accepted(&websocket.AcceptOptions{InsecureSkipVerify: true}, "GET", header("Origin", "https://other.com"))},
	{"Accept: pattern", accepted(&websocket.AcceptOptions{OriginPatterns: []string{"x", "*.OTHER.com"}}, "GET",
		header("Origin", "https://a.other.com"))},
	{"Accept: pattern, other port", accepted(&websocket.AcceptOptions{OriginPatterns: []string{"*.other.com"}}, "GET",
		header("Origin", "https://a.other.com:8080"))},
	{"Accept: pattern with a scheme", accepted(&websocket.AcceptOptions{OriginPatterns: []string{"https://other.com"}}, "GET",
		header("Origin", "https://other.com"))},
	{"Accept: pattern with another scheme", accepted(&websocket.AcceptOptions{OriginPatterns: []string{"http://other.com"}}, "GET",
		header("Origin", "https://other.com"))},
	{"Accept: subprotocol", accepted(&websocket.AcceptOptions{Subprotocols: []string{"b", "a"}}, "GET",
		header("Sec-Websocket-Protocol", "a, b"), "Sec-Websocket-Protocol")},
	{"Accept: no common subprotocol", accepted(&websocket.AcceptOptions{Subprotocols: []string{"b"}}, "GET",
		header("Sec-Websocket-Protocol", "a"), "Sec-Websocket-Protocol")},
	{"Accept: compression", accepted(&websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover}, "GET",
		header("Sec-Websocket-Extensions", "permessage-deflate"), "Sec-Websocket-Extensions")},
	{"Accept: compression without takeover", accepted(&websocket.AcceptOptions{CompressionMode: websocket.CompressionNoContextTakeover}, "GET",
		header("Sec-Websocket-Extensions", "permessage-deflate; client_no_context_takeover"), "Sec-Websocket-Extensions")},
	{"Accept: compression disabled", accepted(nil, "GET", header("Sec-Websocket-Extensions", "permessage-deflate"),
		"Sec-Websocket-Extensions")},
	{"Accept: no Hijacker", func() any {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header = header()
		_, err := websocket.Accept(w, r, nil)
		return all(err != nil, w.Code)
	}},
}

// dialed tells what a server gets of Dial, and what Dial returns.
func dialed(o *websocket.DialOptions, shown ...string) func() any {
	return func() any {
		var got []any
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if o != nil && o.Host != "" {
				got = append(got, r.Host)
			}
			for _, name := range shown {
				got = append(got, strings.ToLower(r.Header.Get(name)))
			}
			if c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"b"}}); err == nil {
				c.CloseNow()
			}
		}))
		defer s.Close()
		c, resp, err := websocket.Dial(soon(), "ws"+s.URL[4:], o)
		if err != nil {
			return all(append(got, resp == nil, err)...)
		}
		defer c.CloseNow()
		return all(append(got, resp.StatusCode, c.Subprotocol(), err)...)
	}
}

var dials = []row{
	{"Dial", dialed(nil, "Upgrade", "Connection", "Sec-Websocket-Version", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions")},
	{"Dial: header", dialed(&websocket.DialOptions{HTTPHeader: http.Header{"X-A": {"1"}, "Cookie": {"a=b"}}}, "X-A", "Cookie")},
	{"Dial: Host", dialed(&websocket.DialOptions{Host: "other.example"})},
	{"Dial: subprotocols", dialed(&websocket.DialOptions{Subprotocols: []string{"a", "b"}}, "Sec-Websocket-Protocol")},
	{"Dial: compression with takeover", dialed(&websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover}, "Sec-Websocket-Extensions")},
	{"Dial: compression without takeover", dialed(&websocket.DialOptions{CompressionMode: websocket.CompressionNoContextTakeover}, "Sec-Websocket-Extensions")},
	{"Dial: refused", func() any {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(401)
			fmt.Fprint(w, strings.Repeat("x", 5000))
		}))
		defer s.Close()
		c, resp, err := websocket.Dial(soon(), s.URL, nil)
		body, berr := io.ReadAll(resp.Body)
		return all(c == nil, resp.StatusCode, len(body), berr, err)
	}},
	{"Dial: redirect", redirected("/b")},
	{"Dial: redirect to ws", redirected("ws")},
	{"Dial: wrong scheme", func() any {
		c, resp, err := websocket.Dial(soon(), "ftp://127.0.0.1/", nil)
		return all(c == nil, resp == nil, err)
	}},
	{"Dial: context over", func() any {
		c, resp, err := websocket.Dial(over(), "ws://127.0.0.1:1/", nil)
		return all(c == nil, resp == nil, err)
	}},
	{"Dial: Timeout of the client's", func() any {
		return withPair(nil, &websocket.DialOptions{HTTPClient: &http.Client{Timeout: twin.Limit / 2}}, func(client, server *websocket.Conn) any {
			return all(client.Write(soon(), websocket.MessageText, []byte("a")), read(server))
		})
	}},
}

var messages = []row{
	{"Write and Read", pair(func(client, server *websocket.Conn) any {
		var got []any
		for _, c := range [][2]*websocket.Conn{{client, server}, {server, client}} {
			for _, size := range []int{0, 1, 126, 4096, 32768} {
				for _, typ := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
					came := reading(c[1])
					got = append(got, c[0].Write(soon(), typ, bytes.Repeat([]byte("a"), size)), <-came)
				}
			}
		}
		return all(got...)
	})},
	{"Writer and Reader", pair(func(client, server *websocket.Conn) any {
		w, err := client.Writer(soon(), websocket.MessageText)
		fmt.Fprint(w, "a")
		fmt.Fprint(w, "bc")
		got := []any{err, w.Close(), w.Close() != nil}
		typ, r, err := server.Reader(soon())
		p, rerr := io.ReadAll(r)
		return all(append(got, typ, err, string(p), rerr)...)
	})},
	{"writes by several goroutines", pair(func(client, server *websocket.Conn) any {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					client.Write(soon(), websocket.MessageText, bytes.Repeat([]byte("x"), 1000))
				}
			})
		}
		whole := 0
		for range 160 {
			if read(server) == `MessageText "1000 of \"x\""` {
				whole++
			}
		}
		wg.Wait()
		return whole
	})},
	{"read limit", pair(func(client, server *websocket.Conn) any {
		came := reading(client)
		err := client.Write(soon(), websocket.MessageBinary, make([]byte, 32769))
		return all(err, read(server), <-came)
	})},
	{"read limit: set", pair(func(client, server *websocket.Conn) any {
		server.SetReadLimit(3)
		came := reading(client)
		client.Write(soon(), websocket.MessageText, []byte("abc"))
		client.Write(soon(), websocket.MessageText, []byte("abcd"))
		return all(read(server), read(server), <-came)
	})},
	{"read limit: none", pair(func(client, server *websocket.Conn) any {
		server.SetReadLimit(-1)
		came := reading(server)
		return all(client.Write(soon(), websocket.MessageBinary, make([]byte, 1<<21)), <-came)
	})},
	{"compression", func() any {
		var got []any
		for _, mode := range []websocket.CompressionMode{websocket.CompressionContextTakeover, websocket.CompressionNoContextTakeover} {
			got = append(got, withPair(&websocket.AcceptOptions{CompressionMode: mode}, &websocket.DialOptions{CompressionMode: mode},
				func(client, server *websocket.Conn) any {
					var got []any
					for range 3 {
						came := reading(server)
						got = append(got, client.Write(soon(), websocket.MessageText, bytes.Repeat([]byte("z"), 3000)), <-came)
					}
					return all(got...)
				}))
		}
		return all(got...)
	}},
	{"wsjson", pair(func(client, server *websocket.Conn) any {
		var v map[string]int
		err := wsjson.Write(soon(), client, map[string]int{"a": 1})
		return all(err, wsjson.Read(soon(), server, &v), v, wsjson.Write(soon(), client, "<"), read(server))
	})},
	{"wsjson: no JSON", pair(func(client, server *websocket.Conn) any {
		client.Write(soon(), websocket.MessageText, []byte("{"))
		came := reading(client)
		var v any
		return all(wsjson.Read(soon(), server, &v), <-came)
	})},
	{"wsjson: what cannot be encoded", pair(func(client, server *websocket.Conn) any {
		return all(wsjson.Write(soon(), client, func() {}))
	})},
}

var closings = []row{
	{"Close", func() any {
		var got []any
		for _, code := range []websocket.StatusCode{1000, 1001, 1005, 1008, 1012, 3000, 4999} {
			got = append(got, pair(func(client, server *websocket.Conn) any {
				came := reading(server)
				return all(client.Close(code, "why"[:3*min(1, max(0, int(code)-1005), 1)]), <-came)
			})())
		}
		return all(got...)
	}},
	{"Close: codes that may not be sent", func() any {
		var got []any
		for _, code := range []websocket.StatusCode{0, 999, 1004, 1006, 1015, 2000, 5000} {
			got = append(got, pair(func(client, server *websocket.Conn) any {
				go server.Read(soon())
				return client.Close(code, "") != nil
			})())
		}
		return all(got...)
	}},
	{"Close twice", pair(func(client, server *websocket.Conn) any {
		go server.Read(soon())
		return all(client.Close(1000, ""), client.Close(1000, ""), client.CloseNow())
	})},
	{"CloseNow twice", pair(func(client, server *websocket.Conn) any {
		return all(client.CloseNow(), client.CloseNow(), client.Close(1000, ""))
	})},
	{"CloseNow: what the peer reads", pair(func(client, server *websocket.Conn) any {
		client.CloseNow()
		return read(server)
	})},
	{"calls after CloseNow", pair(func(client, server *websocket.Conn) any {
		client.CloseNow()
		_, _, rerr := client.Reader(soon())
		_, werr := client.Writer(soon(), websocket.MessageText)
		return all(read(client), client.Write(soon(), websocket.MessageText, nil) != nil, client.Ping(soon()) != nil, rerr != nil, werr != nil)
	})},
	{"calls after the peer has closed", pair(func(client, server *websocket.Conn) any {
		go client.Close(4000, "bye")
		return all(read(server), read(server), server.Write(soon(), websocket.MessageText, nil) != nil, server.Close(1000, "") == nil)
	})},
	{"CloseRead", pair(func(client, server *websocket.Conn) any {
		ctx := server.CloseRead(context.Background())
		err := client.Close(1000, "")
		<-ctx.Done()
		return all(err, ctx.Err(), server.CloseRead(context.Background()).Err())
	})},
	{"CloseRead: a message", pair(func(client, server *websocket.Conn) any {
		ctx := server.CloseRead(context.Background())
		client.Write(soon(), websocket.MessageText, []byte("a"))
		got := read(client)
		<-ctx.Done()
		return got
	})},
	{"CloseRead: the context ends", pair(func(client, server *websocket.Conn) any {
		parent, cancel := context.WithCancel(context.Background())
		ctx := server.CloseRead(parent)
		cancel()
		<-ctx.Done()
		got := read(client)
		return all(ctx.Err(), strings.HasPrefix(got, "error(-1"))
	})},
	{"Ping", pair(func(client, server *websocket.Conn) any {
		client.CloseRead(context.Background())
		server.CloseRead(context.Background())
		return all(client.Ping(soon()), server.Ping(soon()))
	})},
	{"OnPingReceived and OnPongReceived", func() any {
		var mu sync.Mutex
		pings, pongs := 0, 0
		a := &websocket.AcceptOptions{OnPingReceived: func(context.Context, []byte) bool {
			mu.Lock()
			defer mu.Unlock()
			pings++
			return pings == 1
		}}
		d := &websocket.DialOptions{OnPongReceived: func(context.Context, []byte) {
			mu.Lock()
			defer mu.Unlock()
			pongs++
		}}
		return withPair(a, d, func(client, server *websocket.Conn) any {
			client.CloseRead(context.Background())
			server.CloseRead(context.Background())
			first := client.Ping(soon())
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			second := client.Ping(ctx)
			mu.Lock()
			defer mu.Unlock()
			return all(first, second != nil, pings, pongs)
		})
	}},
}

var contexts = []row{
	{"Read: context over", pair(func(client, server *websocket.Conn) any {
		_, _, err := server.Read(over())
		return err != nil
	})},
	{"Read: context ends", pair(func(client, server *websocket.Conn) any {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, _, err := server.Read(ctx)
		return all(errors.Is(err, context.DeadlineExceeded), strings.HasPrefix(read(client), "error(-1"), strings.HasPrefix(read(server), "error(-1"))
	})},
	{"Read: client's context ends", pair(func(client, server *websocket.Conn) any {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, _, err := client.Read(ctx)
		return all(errors.Is(err, context.DeadlineExceeded), strings.HasPrefix(read(server), "error(-1"))
	})},
	{"Write: context ends while the peer takes nothing", pair(func(client, server *websocket.Conn) any {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		err := eventually(func() error { return server.Write(ctx, websocket.MessageBinary, make([]byte, 1<<20)) })
		return errors.Is(err, context.DeadlineExceeded)
	})},
	{"Ping: context ends", pair(func(client, server *websocket.Conn) any {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		return errors.Is(client.Ping(ctx), context.DeadlineExceeded)
	})},
}

var streams = []row{
	{"NetConn", pair(func(client, server *websocket.Conn) any {
		a := websocket.NetConn(context.Background(), client, websocket.MessageBinary)
		b := websocket.NetConn(context.Background(), server, websocket.MessageBinary)
		go func() {
			fmt.Fprint(a, "hello ")
			fmt.Fprint(a, "world")
			a.Close()
		}()
		p, err := io.ReadAll(b)
		return all(string(p), err, a.LocalAddr().Network(), a.RemoteAddr(), b.LocalAddr().Network())
	})},
	{"NetConn: another type", pair(func(client, server *websocket.Conn) any {
		b := websocket.NetConn(context.Background(), server, websocket.MessageBinary)
		client.Write(soon(), websocket.MessageText, []byte("x"))
		came := reading(client)
		_, err := b.Read(make([]byte, 1))
		return all(err != nil, <-came)
	})},
	{"NetConn: peer closes with another code", pair(func(client, server *websocket.Conn) any {
		b := websocket.NetConn(context.Background(), server, websocket.MessageBinary)
		go client.Close(1011, "x")
		_, err := b.Read(make([]byte, 1))
		return all(err == io.EOF, websocket.CloseStatus(err))
	})},
	{"NetConn: context ends", pair(func(client, server *websocket.Conn) any {
		ctx, cancel := context.WithCancel(context.Background())
		b := websocket.NetConn(ctx, server, websocket.MessageBinary)
		cancel()
		_, err := b.Read(make([]byte, 1))
		return all(err != nil)
	})},
	{"NetConn: deadline", pair(func(client, server *websocket.Conn) any {
		b := websocket.NetConn(context.Background(), server, websocket.MessageBinary)
		b.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := b.Read(make([]byte, 1))
		return all(err != nil)
	})},
	{"NetConn: more than the read limit", pair(func(client, server *websocket.Conn) any {
		b := websocket.NetConn(context.Background(), server, websocket.MessageBinary)
		go client.Write(soon(), websocket.MessageBinary, make([]byte, 100000))
		n, err := io.ReadFull(b, make([]byte, 100000))
		return all(n, err)
	})},
}

// redirected tells what Dial makes of a redirect: to a path, or to the same host by a scheme.
func redirected(to string) func() any {
	return func() any {
		mux := http.NewServeMux()
		asked := 0
		mux.HandleFunc("/a", func(w http.ResponseWriter, r *http.Request) {
			asked++
			if to == "ws" {
				http.Redirect(w, r, "ws://"+r.Host+"/b", 302)
				return
			}
			http.Redirect(w, r, to, 302)
		})
		mux.HandleFunc("/b", func(w http.ResponseWriter, r *http.Request) {
			if c, err := websocket.Accept(w, r, nil); err == nil {
				c.Close(1000, "")
			}
		})
		s := httptest.NewServer(mux)
		defer s.Close()
		c, resp, err := websocket.Dial(soon(), s.URL+"/a", nil)
		if err != nil {
			return all(asked, resp == nil, err)
		}
		return all(asked, resp.StatusCode, read(c))
	}
}
