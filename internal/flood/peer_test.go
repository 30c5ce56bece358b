package flood

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// request is an opening handshake that offers compression.
const request = "GET / HTTP/1.1\r\nHost: flood\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"

// patience is how long a peer waits for anything.
const patience = 30 * time.Second

// connect returns a connection that has done nothing yet.
func connect(t testing.TB, addr string) *net.TCPConn {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(patience))
	return nc.(*net.TCPConn)
}

// upgrade makes the opening handshake on nc. What follows it is not read.
func upgrade(t testing.TB, nc net.Conn) {
	io.WriteString(nc, request)
	var head []byte
	for b := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, b...) {
		if _, err := nc.Read(b); err != nil {
			t.Fatalf("the handshake failed behind %q: %v", head, err)
		}
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the response is %q, %v", head, err)
	}
}

// frame returns a client's frame, with a key of zeros.
func frame(fin bool, rsv1 bool, op websocket.Opcode, payload []byte) []byte {
	h := websocket.Header{Fin: fin, RSV1: rsv1, Opcode: op, Masked: true, Length: uint64(len(payload))}
	return append(websocket.AppendHeader(nil, h), payload...)
}

// announce returns the header of a message that does not follow.
func announce(n uint64) []byte {
	return websocket.AppendHeader(nil, websocket.Header{Fin: true, Opcode: websocket.OpBinary, Masked: true, Length: n})
}

// bomb is a message of a few kilobytes that inflates to much more.
var bomb = func() []byte {
	d := compress.NewDeflater(compress.DeflaterOptions{})
	return frame(true, true, websocket.OpBinary, d.AppendPart(nil, []byte(strings.Repeat("\x00", 16<<20)), true))
}()

// closeCode reads until a close frame, and returns its code; 0 if the stream ends without.
func closeCode(nc net.Conn) websocket.StatusCode {
	var r websocket.Receiver
	r.Reset(websocket.ReceiverOptions{Client: true})
	buf := make([]byte, 4<<10)
	for {
		n, err := nc.Read(buf)
		for in := buf[:n]; len(in) > 0; {
			_, ev, k, err := r.Next(nil, in)
			if ev.Kind == websocket.EventClose {
				return ev.Code
			}
			if err != nil {
				return 0
			}
			in = in[k:]
		}
		if err != nil {
			return 0
		}
	}
}
