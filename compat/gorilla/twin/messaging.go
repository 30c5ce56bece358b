package main

// This file holds rows about messages.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"
)

var messages = []row{
	{"WriteMessage: types and sizes", pair(func(client, server *websocket.Conn) any {
		var got []string
		for _, c := range [][2]*websocket.Conn{{client, server}, {server, client}} {
			for _, size := range []int{0, 1, 125, 126, 4096, 65535, 65536, 3 << 20} {
				for _, messageType := range []int{websocket.TextMessage, websocket.BinaryMessage} {
					written := make(chan error, 1)
					go func() { written <- c[0].WriteMessage(messageType, bytes.Repeat([]byte("a"), size)) }()
					got = append(got, all(read(c[1]), <-written))
				}
			}
		}
		return got
	})},
	{"WriteMessage: wrong types", pair(func(client, _ *websocket.Conn) any {
		var got []string
		for _, messageType := range []int{-1, 0, 3, 7, 11} {
			_, err := client.NextWriter(messageType)
			got = append(got, all(client.WriteMessage(messageType, nil), err))
		}
		return append(got, told(client.WriteMessage(websocket.TextMessage, nil)))
	})},
	{"WriteMessage: does not change data", pair(func(client, _ *websocket.Conn) any {
		p := []byte("abc")
		return all(client.WriteMessage(websocket.TextMessage, p), string(p))
	})},
	{"NextWriter", pair(func(client, server *websocket.Conn) any {
		w, err := client.NextWriter(websocket.TextMessage)
		got := []any{err}
		for _, s := range []string{"a", "", "bc"} {
			n, err := io.WriteString(w, s)
			got = append(got, n, err)
		}
		got = append(got, w.Close(), w.Close() != nil)
		n, err := w.Write([]byte("x"))
		return all(append(got, n, err != nil, read(server))...)
	})},
	{"NextWriter: empty message", pair(func(client, server *websocket.Conn) any {
		w, err := client.NextWriter(websocket.BinaryMessage)
		return all(err, w.Close(), read(server))
	})},
	{"NextWriter: long message in pieces", pair(func(client, server *websocket.Conn) any {
		got := make(chan string, 1)
		go func() { got <- read(server) }()
		w, err := client.NextWriter(websocket.BinaryMessage)
		if err != nil {
			return err
		}
		for range 1000 {
			if n, err := w.Write(bytes.Repeat([]byte("z"), 333)); n != 333 || err != nil {
				return all(n, err)
			}
		}
		return all(w.Close(), <-got)
	})},
	{"NextWriter: closes the one before", pair(func(client, server *websocket.Conn) any {
		w1, _ := client.NextWriter(websocket.TextMessage)
		io.WriteString(w1, "one")
		w2, err := client.NextWriter(websocket.BinaryMessage)
		_, werr := io.WriteString(w1, "more")
		io.WriteString(w2, "two")
		return all(err, werr != nil, w1.Close() != nil, w2.Close(), read(server), read(server))
	})},
	{"NextWriter: control messages", pair(func(client, server *websocket.Conn) any {
		var pings []string
		server.SetPingHandler(func(s string) error { pings = append(pings, s); return nil })
		w, err := client.NextWriter(websocket.PingMessage)
		io.WriteString(w, "he")
		io.WriteString(w, "llo")
		return all(err, w.Close(), client.WriteMessage(1, nil), read(server), pings)
	})},
	{"NextWriter: control message too long", pair(func(client, server *websocket.Conn) any {
		w, err := client.NextWriter(websocket.PingMessage)
		_, werr := w.Write(make([]byte, 126))
		return all(err, werr != nil || w.Close() != nil)
	})},
	{"NextReader: in pieces", pair(func(client, server *websocket.Conn) any {
		client.WriteMessage(websocket.TextMessage, []byte("abcdef"))
		messageType, r, err := server.NextReader()
		got := []any{messageType, err}
		p := make([]byte, 4)
		for range 4 {
			n, err := r.Read(p)
			got = append(got, string(p[:n]), err)
		}
		return all(got...)
	})},
	{"NextReader: skips what was left", pair(func(client, server *websocket.Conn) any {
		client.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("a"), 20000))
		client.WriteMessage(websocket.BinaryMessage, []byte("b"))
		_, r1, err := server.NextReader()
		p := make([]byte, 3)
		n, rerr := io.ReadFull(r1, p)
		messageType, r2, err2 := server.NextReader()
		_, stale := r1.Read(p)
		rest, err3 := io.ReadAll(r2)
		return all(err, n, rerr, messageType, err2, stale, string(rest), err3)
	})},
	{"NextReader: empty message", pair(func(client, server *websocket.Conn) any {
		client.WriteMessage(websocket.BinaryMessage, nil)
		messageType, r, err := server.NextReader()
		p, rerr := io.ReadAll(r)
		return all(messageType, err, len(p), rerr)
	})},
	{"ReadMessage: keeps what it returned", pair(func(client, server *websocket.Conn) any {
		client.WriteMessage(websocket.BinaryMessage, []byte("one"))
		client.WriteMessage(websocket.BinaryMessage, []byte("two"))
		_, p1, _ := server.ReadMessage()
		_, p2, _ := server.ReadMessage()
		return all(string(p1), string(p2))
	})},
	{"ReadMessage: an empty message is not nil", pair(func(client, server *websocket.Conn) any {
		client.WriteMessage(websocket.BinaryMessage, nil)
		_, p, err := server.ReadMessage()
		return all(p == nil, len(p), err)
	})},
	{"WriteJSON: what is sent", pair(func(client, server *websocket.Conn) any {
		var got []any
		for _, v := range []any{nil, 1, "a<b", map[string]int{"x": 1}, []any{}, json.RawMessage("{}")} {
			got = append(got, client.WriteJSON(v), read(server))
		}
		return all(append(got, websocket.WriteJSON(client, true), read(server))...)
	})},
	{"WriteJSON: what cannot be encoded", pair(func(client, server *websocket.Conn) any {
		err := client.WriteJSON(func() {})
		return all(err != nil, client.WriteMessage(1, []byte("on")) == nil)
	})},
	{"WriteJSON: nothing is sent of what cannot be encoded", pair(func(client, server *websocket.Conn) any {
		client.WriteJSON(func() {})
		client.WriteMessage(websocket.TextMessage, []byte("on"))
		return read(server)
	})},
	{"ReadJSON", pair(func(client, server *websocket.Conn) any {
		var got []any
		for _, s := range []string{`{"x":1}`, ``, `{`, `1 2`, `"a"`, `  {"x":2}  `} {
			var v map[string]int
			client.WriteMessage(websocket.TextMessage, []byte(s))
			err := server.ReadJSON(&v)
			_, syntax := err.(*json.SyntaxError)
			_, mismatch := err.(*json.UnmarshalTypeError)
			got = append(got, fmt.Sprint(v), err == nil, err == io.ErrUnexpectedEOF, syntax, mismatch)
		}
		client.WriteMessage(websocket.BinaryMessage, []byte(`7`))
		var n int
		return all(append(got, websocket.ReadJSON(server, &n), n)...)
	})},
	{"JoinMessages", pair(func(client, server *websocket.Conn) any {
		for _, s := range []string{"a", "", "bc"} {
			client.WriteMessage(websocket.TextMessage, []byte(s))
		}
		client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), soon())
		p, err := io.ReadAll(websocket.JoinMessages(server, "\n"))
		return all(string(p), err)
	})},
	{"WritePreparedMessage", pair(func(client, server *websocket.Conn) any {
		var got []any
		data := []byte("prepared")
		text, err := websocket.NewPreparedMessage(websocket.TextMessage, data)
		long, err2 := websocket.NewPreparedMessage(websocket.BinaryMessage, bytes.Repeat([]byte("l"), 70000))
		got = append(got, err, err2)
		for _, c := range [][2]*websocket.Conn{{client, server}, {server, client}} {
			for _, pm := range []*websocket.PreparedMessage{text, long, text} {
				got = append(got, c[0].WritePreparedMessage(pm), read(c[1]))
			}
		}
		return all(got...)
	})},
	{"WritePreparedMessage: control", pair(func(client, server *websocket.Conn) any {
		ping, err := websocket.NewPreparedMessage(websocket.PingMessage, []byte("p"))
		bye, err2 := websocket.NewPreparedMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "bye"))
		var pings []string
		server.SetPingHandler(func(s string) error { pings = append(pings, s); return nil })
		return all(err, err2, client.WritePreparedMessage(ping), client.WritePreparedMessage(bye), read(server), pings,
			client.WritePreparedMessage(ping))
	})},
	{"a write while another one waits for the network", func() any {
		gate := gatedConn{entered: make(chan struct{}), release: make(chan struct{})}
		d := websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
			nc, err := net.Dial(network, addr)
			gate.Conn = nc
			return &gate, err
		}}
		return withPair(anyOrigin, &d, func(client, server *websocket.Conn) any {
			gate.closed = true
			first := make(chan error)
			go func() { first <- client.WriteMessage(websocket.TextMessage, []byte("one")) }()
			<-gate.entered
			second := outcome(func() error {
				client.SetWriteDeadline(time.Now().Add(time.Millisecond))
				return client.WriteMessage(websocket.TextMessage, []byte("two"))
			})
			close(gate.release)
			return all(second, <-first, read(server))
		})
	}},
	{"addresses and the net.Conn", pair(func(client, server *websocket.Conn) any {
		_, tcp := client.NetConn().(*net.TCPConn)
		_, tcp2 := server.UnderlyingConn().(*net.TCPConn)
		return all(tcp, tcp2, client.NetConn() == client.UnderlyingConn(), client.LocalAddr() == client.NetConn().LocalAddr(),
			client.LocalAddr().String() == server.RemoteAddr().String(), server.LocalAddr().String() == client.RemoteAddr().String(),
			client.Subprotocol())
	})},
	{"text that is not UTF-8", pair(func(client, server *websocket.Conn) any {
		err := client.WriteMessage(websocket.TextMessage, []byte("a\xff"))
		_, perr := websocket.NewPreparedMessage(websocket.TextMessage, []byte("a\xff"))
		return all(err == nil, perr == nil, client.WriteMessage(websocket.TextMessage, []byte("b")))
	})},
}

// gatedConn is a net.Conn whose writes wait, once it has been closed.
type gatedConn struct {
	net.Conn
	closed           bool
	entered, release chan struct{}
}

func (c *gatedConn) Write(p []byte) (int, error) {
	if c.closed {
		c.closed = false
		c.entered <- struct{}{}
		<-c.release
	}
	return c.Conn.Write(p)
}

// outcome tells how f ends.
func outcome(f func() error) (s string) {
	defer func() {
		if v := recover(); v != nil {
			s = fmt.Sprint("panic: ", v)
		}
	}()
	return told(f())
}
