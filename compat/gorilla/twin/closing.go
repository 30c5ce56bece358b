package main

// This file holds rows about the end of a connection, control frames, deadlines, and frames that break rules.

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

var closings = []row{
	{"close: codes and reasons", func() any {
		var got []any
		for _, code := range []int{1000, 1001, 1005, 1008, 1011, 1012, 1013, 3000, 4999} {
			for _, reason := range []string{"", "why", strings.Repeat("r", 123)} {
				got = append(got, pair(func(client, server *websocket.Conn) any {
					err := client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), soon())
					return all(err, read(server), read(client), read(server))
				})())
			}
		}
		return got
	}},
	{"close: codes that may not be sent", func() any {
		var got []any
		for _, payload := range []string{"\x03", "\x00\x00", "\x03\xed", "\x03\xee", "\x03\xf7", "\x03\xf8", "\x13\x88", "\x03\xe8\xff"} {
			got = append(got, pair(func(client, server *websocket.Conn) any {
				err := client.WriteControl(websocket.CloseMessage, []byte(payload), soon())
				return err == nil
			})())
		}
		return got
	}},
	{"close: by WriteMessage and NextWriter", pair(func(client, server *websocket.Conn) any {
		err := client.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "m"))
		w, werr := server.NextWriter(websocket.CloseMessage)
		w.Write(websocket.FormatCloseMessage(1001, "w"))
		return all(err, werr, w.Close(), read(client), read(server))
	})},
	{"close: writes behind it", pair(func(client, server *websocket.Conn) any {
		client.WriteControl(websocket.CloseMessage, nil, soon())
		pm, _ := websocket.NewPreparedMessage(1, nil)
		_, err := client.NextWriter(websocket.TextMessage)
		return all(client.WriteMessage(1, nil), client.WriteControl(websocket.PingMessage, nil, soon()),
			client.WriteControl(websocket.CloseMessage, nil, soon()), client.WriteJSON(1), client.WritePreparedMessage(pm), err)
	})},
	{"close: messages of the peer still come", pair(func(client, server *websocket.Conn) any {
		err := client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), soon())
		server.WriteMessage(websocket.TextMessage, []byte("late"))
		return all(err, read(client), read(server), read(client))
	})},
	{"close: answered by the default handler, then writes", pair(func(client, server *websocket.Conn) any {
		client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), soon())
		return all(read(server), server.WriteMessage(1, nil))
	})},
	{"close: a handler that does not answer", pair(func(client, server *websocket.Conn) any {
		var got []any
		server.SetCloseHandler(func(code int, text string) error { got = append(got, code, text); return nil })
		client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "x"), soon())
		got = append(got, read(server), server.WriteMessage(1, []byte("still")), read(client))
		server.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4002, "y"), soon())
		return all(append(got, read(client))...)
	})},
	{"close: a handler with an error", pair(func(client, server *websocket.Conn) any {
		failure := errors.New("x")
		server.SetCloseHandler(func(int, string) error { return failure })
		client.WriteControl(websocket.CloseMessage, nil, soon())
		_, _, err := server.ReadMessage()
		_, _, again := server.ReadMessage()
		return all(err == failure, again == failure)
	})},
	{"close: handlers", pair(func(client, server *websocket.Conn) any {
		client.SetCloseHandler(nil)
		client.SetPingHandler(nil)
		client.SetPongHandler(nil)
		return all(client.CloseHandler() != nil, client.PingHandler() != nil, client.PongHandler() != nil,
			client.PongHandler()("x"), client.PingHandler()("x"), client.CloseHandler()(1000, ""), client.WriteMessage(1, nil),
			client.PingHandler()("y"))
	})},
	{"close: the stream ends", pair(func(client, server *websocket.Conn) any {
		client.Close()
		return all(read(server), read(server))
	})},
	{"close: the stream ends in a message", withRaw(func(client raw, server *websocket.Conn) any {
		client.frame(0x01, "begin")
		_, r, err := server.NextReader()
		client.Close()
		p, rerr := io.ReadAll(r)
		return all(err, string(p), rerr, read(server))
	})},
	{"close: Close twice, and calls behind it", pair(func(client, server *websocket.Conn) any {
		return all(client.Close(), client.Close(), client.WriteMessage(1, nil), client.WriteMessage(1, nil),
			client.SetWriteDeadline(time.Time{}), client.SetReadDeadline(time.Time{}))
	})},
	{"close: Close ends a read", pair(func(client, server *websocket.Conn) any {
		got := make(chan error, 1)
		go func() {
			_, _, err := client.ReadMessage()
			got <- err
		}()
		client.Close()
		return told(<-got)
	})},
	{"close: a read that has failed is repeated", pair(func(client, server *websocket.Conn) any {
		client.Close()
		_, _, first := server.ReadMessage()
		for range 2000 {
			if _, _, err := server.NextReader(); err != first {
				return told(err)
			}
		}
		return told(first)
	})},
	{"ReadJSON and NextReader when the peer has closed", pair(func(client, server *websocket.Conn) any {
		client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, "a"), soon())
		var v any
		err := server.ReadJSON(&v)
		messageType, r, err2 := server.NextReader()
		return all(err, messageType, r == nil, err2)
	})},
}

var controls = []row{
	{"ping: default handler", withRaw(func(client raw, server *websocket.Conn) any {
		client.frame(0x89, "ping")
		client.frame(0x82, "m")
		return all(read(server), client.next())
	})},
	{"ping: handlers", pair(func(client, server *websocket.Conn) any {
		var got []any
		server.SetPingHandler(func(s string) error { got = append(got, "ping "+s); return nil })
		server.SetPongHandler(func(s string) error { got = append(got, "pong "+s); return nil })
		client.WriteControl(websocket.PingMessage, []byte("a"), soon())
		client.WriteControl(websocket.PongMessage, []byte("b"), time.Time{})
		client.WriteMessage(websocket.PingMessage, nil)
		client.WriteMessage(websocket.TextMessage, []byte("c"))
		return all(append(got, read(server), fmt.Sprint(got))...)
	})},
	{"ping: a handler's error", pair(func(client, server *websocket.Conn) any {
		failure := errors.New("x")
		server.SetPongHandler(func(string) error { return failure })
		client.WriteControl(websocket.PongMessage, nil, soon())
		client.WriteMessage(1, nil)
		_, _, err := server.ReadMessage()
		_, _, again := server.ReadMessage()
		return all(err == failure, again == failure, server.WriteMessage(1, nil))
	})},
	{"ping: between fragments", withRaw(func(client raw, server *websocket.Conn) any {
		var order []string
		server.SetPingHandler(func(s string) error { order = append(order, "ping "+s); return nil })
		client.frame(0x01, "a")
		client.frame(0x89, "p")
		client.frame(0x80, "b")
		return all(read(server), order)
	})},
	{"ping: a handler that writes", pair(func(client, server *websocket.Conn) any {
		server.SetPingHandler(func(s string) error { return server.WriteMessage(websocket.TextMessage, []byte("got "+s)) })
		client.WriteControl(websocket.PingMessage, []byte("x"), soon())
		client.WriteMessage(1, []byte("y"))
		return all(read(server), read(client))
	})},
	{"WriteControl: what is wrong", pair(func(client, server *websocket.Conn) any {
		return all(client.WriteControl(websocket.TextMessage, nil, soon()) != nil, client.WriteControl(0, nil, soon()) != nil,
			client.WriteControl(websocket.PingMessage, make([]byte, 126), soon()) != nil,
			client.WriteControl(websocket.PingMessage, make([]byte, 125), soon()), client.WriteMessage(1, nil))
	})},
	{"WriteControl: a deadline that is over", pair(func(client, server *websocket.Conn) any {
		err := client.WriteControl(websocket.PingMessage, nil, past)
		ne, ok := err.(net.Error)
		return all(ok && ne.Timeout(), client.WriteMessage(1, []byte("on")), read(server))
	})},
	{"WriteControl: between the fragments of NextWriter", pair(func(client, server *websocket.Conn) any {
		var order []string
		server.SetPingHandler(func(s string) error { order = append(order, "ping "+s); return nil })
		w, _ := client.NextWriter(websocket.BinaryMessage)
		got := make(chan string, 1)
		go func() { got <- read(server) }()
		w.Write(make([]byte, 100000))
		err := client.WriteControl(websocket.PingMessage, []byte("p"), soon())
		w.Write(make([]byte, 100))
		return all(err, w.Close(), <-got, order)
	})},
}

var deadlines = []row{
	{"read deadline that is over", pair(func(client, server *websocket.Conn) any {
		server.SetReadDeadline(past)
		_, _, err := server.ReadMessage()
		server.SetReadDeadline(time.Time{})
		client.WriteMessage(1, []byte("x"))
		_, _, again := server.ReadMessage()
		return all(err, again, server.WriteMessage(1, nil))
	})},
	{"read deadline in a message", withRaw(func(client raw, server *websocket.Conn) any {
		client.frame(0x01, "begin")
		_, r, err := server.NextReader()
		server.SetReadDeadline(past)
		p, rerr := io.ReadAll(r)
		return all(err, string(p), rerr)
	})},
	{"read deadline ends a read", pair(func(client, server *websocket.Conn) any {
		server.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, _, err := server.ReadMessage()
		return told(err)
	})},
	{"write deadline that is over", pair(func(client, server *websocket.Conn) any {
		err := server.SetWriteDeadline(past)
		first := server.WriteMessage(1, nil)
		server.SetWriteDeadline(time.Time{})
		return all(err, first, server.WriteMessage(1, nil))
	})},
	{"write deadline ends a write", pair(func(client, server *websocket.Conn) any {
		server.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		for {
			if err := server.WriteMessage(2, make([]byte, 1<<20)); err != nil {
				return all(err, server.WriteMessage(1, nil), server.WriteControl(websocket.PingMessage, nil, soon()))
			}
		}
	})},
	{"write deadline of WriteControl is not that of others", pair(func(client, server *websocket.Conn) any {
		server.SetWriteDeadline(past)
		return all(server.WriteControl(websocket.PingMessage, nil, soon()), server.WriteMessage(1, nil))
	})},
	{"read limit", func() any {
		var got []any
		for _, limit := range []int64{-1, 0, 1, 9, 10, 11} {
			got = append(got, withRaw(func(client raw, server *websocket.Conn) any {
				server.SetReadLimit(limit)
				client.frame(0x01, "01234")
				client.frame(0x80, "56789")
				first := read(server)
				if strings.HasSuffix(first, "nil") {
					return first
				}
				return all(first, read(server), client.next()[:13])
			})())
		}
		return got
	}},
	{"read limit is each message's", pair(func(client, server *websocket.Conn) any {
		server.SetReadLimit(3)
		client.WriteMessage(1, []byte("abc"))
		client.WriteMessage(1, []byte("def"))
		client.WriteMessage(1, []byte("ghij"))
		return all(read(server), read(server), read(server), read(client))
	})},
}

// violation tells what a server answers to frames, the first of which break a rule: the code of the close frame.
func violation(send func(client raw)) func() any {
	return withRaw(func(client raw, server *websocket.Conn) any {
		send(client)
		got := client.done(func() string { return read(server) })
		server.Close()
		answer := client.next()
		return all(got, answer[:min(len(answer), 12)])
	})
}

// done tells whether a read returned an error.
func (r raw) done(read func() string) string {
	if s := read(); !strings.HasSuffix(s, "nil") {
		return "fails"
	}
	return "goes on"
}

var raws = []row{
	{"violation: reserved bits", violation(func(c raw) { c.frame(0xC1, "a") })},
	{"violation: reserved opcode", violation(func(c raw) { c.frame(0x83, "a") })},
	{"violation: reserved control opcode", violation(func(c raw) { c.frame(0x8B, "a") })},
	{"violation: fragmented ping", violation(func(c raw) { c.frame(0x09, "a") })},
	{"violation: long ping", violation(func(c raw) { c.frame(0x89, strings.Repeat("p", 126)) })},
	{"violation: continuation of nothing", violation(func(c raw) { c.frame(0x80, "a") })},
	{"violation: message in a message", violation(func(c raw) { c.frame(0x01, "a"); c.frame(0x81, "b") })},
	{"violation: not masked", violation(func(c raw) { c.Write([]byte("\x81\x01a")) })},
	{"violation: close of one byte", violation(func(c raw) { c.frame(0x88, "\x03") })},
	{"violation: close with 1005", violation(func(c raw) { c.frame(0x88, "\x03\xed") })},
	{"violation: close reason is not UTF-8", violation(func(c raw) { c.frame(0x88, "\x03\xe8\xff") })},
	{"violation: length with its top bit", violation(func(c raw) { c.Write([]byte("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00")) })},
	{"violation: length not minimal", violation(func(c raw) { c.Write([]byte("\x82\xfe\x00\x01\x00\x00\x00\x00a")) })},
	{"violation: text is not UTF-8", withRaw(func(client raw, server *websocket.Conn) any {
		client.frame(0x81, "a\xff")
		return client.done(func() string { return read(server) })
	})},
	{"frames: message of three", withRaw(func(client raw, server *websocket.Conn) any {
		client.frame(0x02, "a")
		client.frame(0x00, "")
		client.frame(0x80, "b")
		return read(server)
	})},
	{"frames: what a server sends", withRaw(func(client raw, server *websocket.Conn) any {
		return all(server.WriteMessage(1, []byte("a")), server.WriteMessage(2, nil), server.WriteControl(9, []byte("p"), soon()),
			server.WriteControl(8, websocket.FormatCloseMessage(1000, "r"), soon()), client.next(), client.next(), client.next(),
			client.next())
	})},
}
