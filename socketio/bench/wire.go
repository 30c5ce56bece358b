//go:build linux

package main

// This file is what a client says, and how what it hears is taken apart: WebSocket frames, responses to polling.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// The heads of requests as Chromium 156 sends them, captured; the key is always the same.
const (
	socketHead = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" +
		"Host: 127.0.0.1:3000\r\n" +
		"Connection: Upgrade\r\n" +
		"Pragma: no-cache\r\n" +
		"Cache-Control: no-cache\r\n" +
		userAgent +
		"Upgrade: websocket\r\n" +
		"Origin: http://127.0.0.1:3000\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
		"Accept-Language: en-US,en;q=0.9\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
	pollTarget = "/socket.io/?EIO=4&transport=polling&t=abcdefgh"
	pollHead   = " HTTP/1.1\r\n" +
		"Host: 127.0.0.1:3000\r\n" +
		"Connection: keep-alive\r\n" +
		"sec-ch-ua-platform: \"Linux\"\r\n" +
		userAgent +
		"sec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\n" +
		"sec-ch-ua-mobile: ?0\r\n" +
		"Accept: */*\r\n" +
		"Sec-Fetch-Site: same-origin\r\n" +
		"Sec-Fetch-Mode: cors\r\n" +
		"Sec-Fetch-Dest: empty\r\n" +
		"Referer: http://127.0.0.1:3000/\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
		"Accept-Language: en-US,en;q=0.9\r\n"
	userAgent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " +
		"HeadlessChrome/156.0.0.0 Safari/537.36\r\n"
	acceptKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" // of RFC 6455, Section 1.3
)

// What events carry: 32 bytes.
const (
	bareText = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	text     = `"` + bareText + `"`
)

// stage is how far a client has come.
type stage int

const (
	asked    stage = iota // the first request is on its way
	opened                // on WebSocket: frames come; on polling: CONNECT is on its way
	awaiting              // on polling: the answer to CONNECT is
	joined
)

// join is CONNECT as a frame, pong the answer to a ping.
var (
	join = appendFrame(nil, "40")
	pong = appendFrame(nil, "3")
)

// first returns what a client sends first.
func (l *load) first() []byte {
	switch {
	case l.polling:
		return []byte("GET " + pollTarget + pollHead + "\r\n")
	case l.early:
		return append([]byte(socketHead), join...)
	default:
		return []byte(socketHead)
	}
}

// appendFrame appends a client's frame of up to 125 bytes.
func appendFrame(b []byte, payload string) []byte {
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(append(b, 0x81, 0x80|byte(len(payload))), mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i&3])
	}
	return b
}

// echoes returns n events that ask for an acknowledgement, as frames.
func echoes(n int) (b []byte) {
	for i := range n {
		b = appendFrame(b, "42"+strconv.Itoa(i)+`["echo",`+text+`]`)
	}
	return b
}

// shout returns an event that asks for n broadcasts.
func shout(n int) []byte { return appendFrame(nil, `42["shout",`+strconv.Itoa(n)+`]`) }

// consume takes apart what has come for c, and returns what is not whole.
func (l *load) consume(c *client, data []byte) (rest []byte, err error) {
	for len(data) > 0 {
		n := 0
		switch {
		case l.polling:
			n, err = l.response(c, data)
		case c.stage == asked:
			n, err = l.upgraded(c, data)
		default:
			n, err = l.frame(c, data)
		}
		if n == 0 || err != nil {
			return data, err
		}
		data = data[n:]
	}
	return nil, nil
}

// upgraded takes the response to an opening handshake. n is its length, or 0 if it is not whole.
func (l *load) upgraded(c *client, data []byte) (n int, err error) {
	head, _, whole := bytes.Cut(data, []byte("\r\n\r\n"))
	if !whole {
		return 0, nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) || !bytes.Contains(head, []byte(acceptKey)) {
		return 0, fmt.Errorf("refused: %q", data)
	}
	c.stage = opened
	return len(head) + 4, nil
}

// frame takes a frame, as upgraded does.
func (l *load) frame(c *client, data []byte) (n int, err error) {
	if len(data) < 4 {
		return 0, nil
	}
	head, size := 2, int(data[1])
	if size == 126 {
		head, size = 4, int(binary.BigEndian.Uint16(data[2:]))
	}
	if data[0] != 0x81 || size > 1<<16 || data[1] > 126 {
		return 0, fmt.Errorf("not a text frame: %q", data[:min(len(data), 100)])
	}
	if len(data) < head+size {
		return 0, nil
	}
	return head + size, l.packet(c, data[head:head+size])
}

// packet takes a packet over WebSocket.
func (l *load) packet(c *client, p []byte) error {
	switch {
	case len(p) > 1 && p[0] == '0':
		if l.early {
			return nil
		}
		return l.send(c, join)
	case len(p) == 1 && p[0] == '2':
		return l.send(c, pong)
	case len(p) > 2 && string(p[:2]) == "40" && c.stage == opened:
		c.stage = joined
		l.joined++
	case len(p) > 2 && p[0] == '4' && (p[1] == '2' || p[1] == '3') && bytes.HasSuffix(p, []byte(l.want)):
		l.heard++
	default:
		return fmt.Errorf("unexpected packet %q", p)
	}
	return nil
}

// response takes a response, as upgraded does, and sends the next request.
func (l *load) response(c *client, data []byte) (n int, err error) {
	head, body, whole := bytes.Cut(data, []byte("\r\n\r\n"))
	if !whole {
		return 0, nil
	}
	size, err := contentLength(string(head))
	if err != nil || len(body) < size {
		return 0, err
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		return 0, fmt.Errorf("refused: %q", data)
	}
	return len(head) + 4 + size, l.polled(c, string(body[:size]))
}

// contentLength returns what a head says of its body.
func contentLength(head string) (int, error) {
	_, after, found := strings.Cut(strings.ToLower(head), "\r\ncontent-length: ")
	if !found {
		return 0, fmt.Errorf("no length: %q", head)
	}
	digits, _, _ := strings.Cut(after, "\r\n")
	return strconv.Atoi(digits)
}

// polled deals with the body of a response.
func (l *load) polled(c *client, body string) error {
	switch {
	case c.stage == asked && strings.HasPrefix(body, "0{"):
		_, sid, _ := strings.Cut(body, `"sid":"`)
		c.sid, _, _ = strings.Cut(sid, `"`)
		c.stage = opened
		return l.send(c, []byte("POST "+pollTarget+"&sid="+c.sid+pollHead+
			"Origin: http://127.0.0.1:3000\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: 2\r\n\r\n40"))
	case c.stage == opened && body == "ok":
		c.stage = awaiting
	case c.stage == awaiting && strings.HasPrefix(body, "40{"):
		c.stage = joined
		l.joined++
	default:
		return fmt.Errorf("unexpected body %q", body)
	}
	return l.send(c, []byte("GET "+pollTarget+"&sid="+c.sid+pollHead+"\r\n"))
}
