//go:build !js

package websocket

// This file holds the table of hostile peers: what each sends, and the exact outcome on both sides, for every way to
// open a connection and every way to read.

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/errno"
)

// hostileRow is a peer: what it sends and what comes of it.
type hostileRow struct {
	name   string
	frames []string // as in wire; sent at once
	then   string   // "": it reads to the end; "FIN": it ends its stream first; "RST": it resets the connection
	limit  int64    // Options.ReadLimit

	compression *compress.Options // Options.Compression

	echo   []string   // what it gets back before the close frame
	code   StatusCode // of the close frame that it gets; 0: none
	reason string     // what the reason of that contains
	err    CloseError // what the program sees: Code and Local; Reason when the peer closed
	is     error      // what that also is
	isNot  error
}

// violation is a row whose peer breaks a rule.
func violation(name string, code StatusCode, reason string, frames ...string) hostileRow {
	row := hostileRow{name: name, frames: frames, code: code, reason: reason, err: CloseError{Code: code, Local: true}, isNot: io.EOF}
	if code == StatusMessageTooBig {
		row.is = ErrMessageTooBig
	}
	return row
}

// ordinary is a row whose peer closes.
func ordinary(name string, code StatusCode, reason string, frames ...string) hostileRow {
	row := hostileRow{name: name, frames: frames, code: code, err: CloseError{Code: code, Reason: reason}, isNot: net.ErrClosed}
	if code == StatusNormalClosure || code == StatusGoingAway || code == StatusNoStatusReceived {
		row.is = io.EOF
	}
	return row
}

// vanished is a row whose peer is gone without a close frame.
func vanished(name, then string, frames ...string) hostileRow {
	row := hostileRow{name: name, frames: frames, then: then, err: CloseError{Code: StatusAbnormalClosure},
		is: io.ErrUnexpectedEOF, isNot: io.EOF}
	if then == "RST" {
		row.is = errno.ConnReset
	}
	return row
}

// echoing adds what the peer gets back first.
func (row hostileRow) echoing(items ...string) hostileRow {
	row.echo = items
	return row
}

// limited sets the read limit.
func (row hostileRow) limited(n int64) hostileRow {
	row.limit = n
	return row
}

func hostileRows() []hostileRow {
	hello := "8105|48656c6c6f"
	empty := append([]string{"0200|"}, slices.Repeat([]string{"0000|"}, 4096)...)
	// 3 bytes on the wire to a client for each of payload, 7 to a server.
	tiny := append([]string{"0201|61"}, slices.Repeat([]string{"0001|61"}, 70_000)...)
	rows := []hostileRow{
		violation("2^63-1 bytes announced", 1009, "message over the read limit", "827f7fffffffffffffff|"),
		violation("8 GiB announced", 1009, "message over the read limit", "827f0000000200000000|"),
		violation("8 GiB announced in the second fragment", 1009, "message over the read limit", "0201|61", "807f0000000200000000|"),
		violation("2^64-1 bytes announced", 1002, "top bit set", "827fffffffffffffffff|"),
		violation("a byte over the limit", 1009, "message over the read limit", "8206|48656c6c6f21").limited(5),
		violation("a byte over the limit in fragments", 1009, "message over the read limit", "0205|48656c6c6f", "8001|21").limited(5),
		violation("4097 empty fragments", 1008, "too many empty fragments", empty...),
		violation("wire over twice the limit and 64 KiB", 1009, "more than twice the read limit on the wire", tiny...).limited(70_001),

		violation("RSV1", 1002, "reserved bit", "c100|"),
		violation("RSV2", 1002, "reserved bit", "a100|"),
		violation("RSV3", 1002, "reserved bit", "9100|"),
		violation("RSV1 on a ping", 1002, "reserved bit", "c900|"),
		violation("RSV2 on a close frame", 1002, "reserved bit", "a802|03e8"),
		violation("fragmented ping", 1002, "fragmented ping frame", "0900|"),
		violation("fragmented pong", 1002, "fragmented pong frame", "0a00|"),
		violation("fragmented close frame", 1002, "fragmented close frame", "0802|03e8"),
		violation("ping of 126 bytes", 1002, "ping frame over 125 bytes", "897e007e|"+strings.Repeat("00", 126)),
		violation("close frame of 126 bytes", 1002, "close frame over 125 bytes", "887e007e|03e8"+strings.Repeat("61", 124)),
		violation("16-bit length of 125", 1002, "minimally encoded", "827e007d|"),
		violation("64-bit length of 65535", 1002, "minimally encoded", "827f000000000000ffff|"),
		violation("continuation of nothing", 1002, "without a message to continue", "8001|61"),
		violation("message in a message", 1002, "inside of a fragmented message", "0101|61", "8101|62"),

		violation("close frame of one byte", 1002, "payload of one byte", "8801|03"),
		violation("reason that is not UTF-8", 1007, "reason of a close frame", "8804|03e8c328"),
		violation("text with a bad first byte", 1007, "not valid UTF-8", "8101|ff"),
		violation("text with a bad byte in the second fragment", 1007, "not valid UTF-8", "0101|61", "8001|ff"),
		violation("text that ends in a character", 1007, "not valid UTF-8", "8102|e282"),
		violation("text with a bad byte and more to come", 1007, "not valid UTF-8", "817f0000000000010000|61ff"),
		violation("after a message", 1002, "reserved opcode 3", hello, "8300|").echoing(`text "Hello"`),

		ordinary("close", 1000, "bye", "8805|03e8627965"),
		ordinary("going away", 1001, "", "8802|03e9"),
		ordinary("close of an application", 4999, "", "8802|1387"),
		ordinary("close because of an error", 1011, "oops", "8806|03f36f6f7073"),
		ordinary("close without code", 1005, "", "8800|"),
		ordinary("close after a message", 1000, "", hello, "8802|03e8").echoing(`text "Hello"`),
		ordinary("close in a message", 1000, "", "0101|61", "8802|03e8"),
		ordinary("data after close", 1000, "", "8802|03e8", hello, "8900|"),
		ordinary("nonsense after close", 1000, "", "8802|03e8", "ff7f|ffff"),
		ordinary("two closes", 1000, "", "8802|03e8", "8802|03e9"),

		vanished("FIN at once", "FIN"),
		vanished("FIN in a header", "FIN", "82"),
		vanished("FIN in a long header", "FIN", "827f00000000"),
		vanished("FIN in a frame", "FIN", "8205|6162"),
		vanished("FIN in a large frame", "FIN", "827e8000|"+strings.Repeat("61", 20_000)),
		vanished("FIN in a ping", "FIN", "8905|6162"),
		vanished("FIN between fragments", "FIN", "0201|61"),
		vanished("FIN after a message", "FIN", hello).echoing(`text "Hello"`),
		vanished("FIN after messages", "FIN", hello, "8201|61", "8901|78").echoing(`text "Hello"`, `binary "a"`, `pong "x"`),
		vanished("RST at once", "RST"),
		vanished("RST in a frame", "RST", "8205|6162"),
		vanished("RST between fragments", "RST", "0201|61"),
	}
	for _, op := range []int{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		rows = append(rows, violation(fmt.Sprint("opcode ", op), 1002, fmt.Sprint("reserved opcode ", op), fmt.Sprintf("%02x00|", 0x80|op)))
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535} {
		rows = append(rows, violation(fmt.Sprint("close code ", code), 1002, fmt.Sprint("close frame with status code ", code),
			fmt.Sprintf("8802|%04x", code)))
	}
	return rows
}

// TestHostilePeers protects the outcome of every row, on the wire and for the program.
func TestHostilePeers(t *testing.T) {
	for i, row := range append(hostileRows(), hostileDeflateRows()...) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for how, meet := range meetings(everyLoop...) {
				t.Run(how, func(t *testing.T) { row.run(t, meet, false) })
			}
			if row.then == "RST" || len(wire(t, false, row.frames...)) > 1000 {
				return
			}
			name := []string{"Messages", "MessagesInPlace", "AppendRead", "Read", "Reader"}[i%5]
			for how, meet := range meetings(name) {
				t.Run(how+"/one by one", func(t *testing.T) { row.run(t, meet, true) })
			}
		})
	}
}

func (row *hostileRow) run(t *testing.T, meet meeting, oneByOne bool) {
	peer, prog := meet(t, Options{ReadLimit: row.limit, Compression: row.compression})
	peer.SetDeadline(time.Now().Add(30 * time.Second)) // so that a test fails, and does not hang
	stream := wire(t, peer.server, row.frames...)
	switch {
	case oneByOne:
		peer.sendOneByOne(t, prog.conn, stream)
	default:
		if _, err := peer.Write(stream); err != nil && row.code == 0 {
			t.Fatal(err)
		}
	}
	switch row.then {
	case "FIN":
		peer.CloseWrite()
	case "RST":
		peer.SetLinger(0)
		peer.Close()
	}
	if row.then != "RST" {
		items, closed, err := peer.finish()
		row.checkWire(t, items, closed, err)
	}
	row.checkError(t, prog.wait(t))
	peer.Close()
	prog.conn.CloseNow()
}

// checkWire checks what the peer got.
func (row *hostileRow) checkWire(t *testing.T, items []string, closed *receivedFrame, err error) {
	if err != nil {
		t.Errorf("the peer's read ends with %v", err)
	}
	if !slices.Equal(items, row.echo) {
		t.Errorf("the peer got %q, want %q", items, row.echo)
	}
	switch {
	case closed == nil && row.code != 0:
		t.Errorf("the peer got no close frame, want %d", row.code)
	case closed != nil && row.code == 0:
		t.Errorf("the peer got a close frame %q", closed.payload)
	case closed != nil:
		if closed.code() != row.code || !strings.Contains(closed.payload, row.reason) {
			t.Errorf("the peer got a close frame %d %q, want %d %q", closed.code(), closed.payload, row.code, row.reason)
		}
	}
}

// checkError checks what the program got.
func (row *hostileRow) checkError(t *testing.T, err error) {
	var closed *CloseError
	if !errors.As(err, &closed) {
		t.Fatalf("the program's error is %v", err)
	}
	if closed.Code != row.err.Code || closed.Local != row.err.Local || !closed.Local && closed.Reason != row.err.Reason {
		t.Errorf("the program's error is %+v, want %+v", *closed, row.err)
	}
	var violation *ProtocolError
	if errors.As(err, &violation) != row.err.Local || row.err.Local && violation.Code != row.code {
		t.Errorf("the program's error wraps %+v", violation)
	}
	if row.is != nil && !errors.Is(err, row.is) {
		t.Errorf("%v is not %v", err, row.is)
	}
	if errors.Is(err, row.isNot) {
		t.Errorf("%v is %v", err, row.isNot)
	}
	if errors.Is(err, net.ErrClosed) {
		t.Errorf("%v: is net.ErrClosed, which only the application's own end is", err)
	}
}

// TestHostileMasking protects the rule about masks, which has no twin: a client's frames are masked, a server's are
// not.
func TestHostileMasking(t *testing.T) {
	for how, meet := range meetings(everyLoop...) {
		t.Run(how, func(t *testing.T) {
			peer, prog := meet(t, Options{})
			reason := "unmasked frame from a client"
			if peer.server {
				reason = "masked frame from a server"
			}
			row := violation("", 1002, reason)
			peer.Write(wire(t, !peer.server, "8105|48656c6c6f"))
			items, closed, err := peer.finish()
			row.checkWire(t, items, closed, err)
			row.checkError(t, prog.wait(t))
		})
	}
}
