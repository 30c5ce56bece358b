package main

// This file holds rows about compression.

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
)

var compressing = websocket.Upgrader{EnableCompression: true, CheckOrigin: func(*http.Request) bool { return true }}

// deflated is pair with compression.
func deflated(f func(client, server *websocket.Conn) any) func() any {
	return func() any { return withPair(&compressing, &websocket.Dialer{EnableCompression: true}, f) }
}

var deflates = []row{
	{"compression: messages", deflated(func(client, server *websocket.Conn) any {
		var got []any
		for _, c := range [][2]*websocket.Conn{{client, server}, {server, client}} {
			for _, size := range []int{0, 1, 100, 5000, 100000, 2 << 20} {
				written := make(chan error, 1)
				go func() { written <- c[0].WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("a"), size)) }()
				got = append(got, read(c[1]), <-written)
			}
		}
		return all(got...)
	})},
	{"compression: switched off and on", deflated(func(client, server *websocket.Conn) any {
		var got []any
		text := []byte(strings.Repeat("compress me ", 50))
		for _, on := range []bool{true, false, true} {
			client.EnableWriteCompression(on)
			got = append(got, client.WriteMessage(websocket.TextMessage, text), len(read(server)))
		}
		return all(got...)
	})},
	{"compression: levels", deflated(func(client, server *websocket.Conn) any {
		var got []any
		text := []byte(strings.Repeat("compress me ", 50))
		for level := -3; level <= 10; level++ {
			got = append(got, level, client.SetCompressionLevel(level) == nil, client.WriteMessage(1, text), len(read(server)))
		}
		return all(got...)
	})},
	{"compression: levels of a connection without", pair(func(client, server *websocket.Conn) any {
		client.EnableWriteCompression(true)
		return all(client.SetCompressionLevel(10) == nil, client.SetCompressionLevel(9), client.WriteMessage(1, []byte("x")), read(server))
	})},
	{"compression: NextWriter", deflated(func(client, server *websocket.Conn) any {
		got := make(chan string, 1)
		go func() { got <- read(server) }()
		w, err := client.NextWriter(websocket.BinaryMessage)
		for range 100 {
			w.Write(bytes.Repeat([]byte("q"), 999))
		}
		return all(err, w.Close(), <-got)
	})},
	{"compression: prepared messages", deflated(func(client, server *websocket.Conn) any {
		var got []any
		pm, err := websocket.NewPreparedMessage(websocket.TextMessage, bytes.Repeat([]byte("p"), 300))
		for _, c := range [][2]*websocket.Conn{{client, server}, {server, client}} {
			for _, on := range []bool{true, false, true} {
				c[0].EnableWriteCompression(on)
				got = append(got, c[0].WritePreparedMessage(pm), read(c[1]))
			}
		}
		return all(append(got, err)...)
	})},
	{"compression: JSON", deflated(func(client, server *websocket.Conn) any {
		var v []int
		err := client.WriteJSON(make([]int, 1000))
		return all(err, server.ReadJSON(&v), len(v))
	})},
	{"compression: the limit is of what is inflated", deflated(func(client, server *websocket.Conn) any {
		server.SetReadLimit(1000)
		client.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("a"), 1001))
		return read(server)
	})},
	{"compression: client offers, server does not", func() any {
		return withPair(anyOrigin, &websocket.Dialer{EnableCompression: true}, func(client, server *websocket.Conn) any {
			return all(client.WriteMessage(1, bytes.Repeat([]byte("a"), 500)), read(server))
		})
	}},
}
