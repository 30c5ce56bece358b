package websocket

// This file holds the rows of TestReceiver: wire bytes of hostile and of well-mannered peers, by the section of RFC
// 6455 that decides about them.

import (
	"fmt"
	"strings"
)

// receiverRows returns the rows by section.
func receiverRows() map[string][]receiverRow {
	return map[string][]receiverRow{
		"5.2":   headerRows(),
		"5.4":   fragmentRows(),
		"5.5":   controlRows(),
		"5.5.1": closeRows(),
		"7.4":   closeCodeRows(),
		"8.1":   textRows(),
		"10.4":  limitRows(),
	}
}

func headerRows() []receiverRow {
	rows := []receiverRow{
		{name: "text", frames: []string{"8105|48656c6c6f"}, items: []string{`text "Hello"`}},
		{name: "empty messages", frames: []string{"8100|", "8200|"}, items: []string{`text ""`, `binary ""`}},
		{name: "binary of any bytes", frames: []string{"8204|00ff80c0"}, items: []string{`binary "\x00\xff\x80\xc0"`}},
		{name: "125 bytes", frames: []string{"827d|" + strings.Repeat("00", 125)}, items: []string{item("binary", zeros(125))}},
		{name: "126 bytes", frames: []string{"827e007e|" + strings.Repeat("00", 126)}, items: []string{item("binary", zeros(126))}},
		{name: "length 125 in 16 bits", frames: []string{"827e007d|"}, code: 1002, err: "minimally encoded (RFC 6455, Section 5.2)"},
		{name: "length 0 in 16 bits", frames: []string{"827e0000|"}, code: 1002, err: "minimally encoded"},
		{name: "length 65535 in 64 bits", frames: []string{"827f000000000000ffff|"}, code: 1002, err: "minimally encoded"},
		{name: "length 0 in 64 bits", frames: []string{"827f0000000000000000|"}, code: 1002, err: "minimally encoded"},
		{name: "length with top bit", frames: []string{"827f8000000000000000|"}, code: 1002, err: "top bit set (RFC 6455, Section 5.2)"},
		{name: "length 2^64-1", frames: []string{"827fffffffffffffffff|"}, code: 1002, err: "top bit"},
		{name: "after a message", frames: []string{"8101|61", "8301|61"}, items: []string{`text "a"`}, code: 1002, err: "reserved opcode 3"},
	}
	for _, op := range []int{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		rows = append(rows, receiverRow{
			name: fmt.Sprint("opcode ", op), frames: []string{fmt.Sprintf("%02x00|", 0x80|op)},
			code: 1002, err: fmt.Sprintf("reserved opcode %d (RFC 6455, Section 5.2)", op),
		})
	}
	for rsv := 1; rsv < 8; rsv++ {
		for _, op := range []int{0x81, 0x82, 0x88, 0x89, 0x8a, 0x01} {
			rows = append(rows, receiverRow{
				name: fmt.Sprintf("rsv %03b on %02x", rsv, op), frames: []string{fmt.Sprintf("%02x00|", op|rsv<<4)},
				code: 1002, err: "reserved bit set on a ",
			})
		}
	}
	return append(rows, receiverRow{
		name: "rsv on a continuation", frames: []string{"0100|", "c000|"}, code: 1002, err: "reserved bit set on a continuation frame",
	})
}

func fragmentRows() []receiverRow {
	return []receiverRow{
		{name: "two fragments", frames: []string{"0103|48656c", "8002|6c6f"}, items: []string{`text "Hello"`}},
		{name: "three with empty ones", frames: []string{"0200|", "0001|61", "0000|", "8000|"}, items: []string{`binary "a"`}},
		{name: "control frames between", frames: []string{"0101|61", "8901|78", "0001|62", "8a00|", "8001|63"},
			items: []string{`ping "x"`, `pong ""`, `text "abc"`}},
		{name: "close between", frames: []string{"0101|61", "8802|03e8", "8001|62"}, items: []string{`close 1000 ""`}},
		{name: "many pings between", frames: []string{"0101|61", "8900|", "8900|", "8900|", "8001|62"},
			items: []string{`ping ""`, `ping ""`, `ping ""`, `text "ab"`}},
		{name: "one after the other", frames: []string{"0101|61", "8001|62", "0201|63", "8001|64"},
			items: []string{`text "ab"`, `binary "cd"`}},
		{name: "continuation first", frames: []string{"8001|61"}, code: 1002,
			err: "continuation frame without a message to continue (RFC 6455, Section 5.4)"},
		{name: "continuation first, not final", frames: []string{"0001|61"}, code: 1002, err: "without a message"},
		{name: "continuation after a whole message", frames: []string{"8101|61", "8001|62"}, items: []string{`text "a"`},
			code: 1002, err: "without a message"},
		{name: "continuation after a fragmented one", frames: []string{"0101|61", "8001|62", "0001|63"}, items: []string{`text "ab"`},
			code: 1002, err: "without a message"},
		{name: "text inside", frames: []string{"0101|61", "8101|62"}, code: 1002,
			err: "text frame inside of a fragmented message (RFC 6455, Section 5.4)"},
		{name: "binary inside, not final", frames: []string{"0101|61", "0201|62"}, code: 1002, err: "binary frame inside"},
		{name: "text inside after a ping", frames: []string{"0201|61", "8900|", "8100|"}, items: []string{`ping ""`}, code: 1002,
			err: "text frame inside"},
	}
}

func controlRows() []receiverRow {
	full := strings.Repeat("2a", 125)
	var rows []receiverRow
	for _, op := range []string{"9", "a"} {
		name := map[string]string{"9": "ping", "a": "pong"}[op]
		rows = append(rows,
			receiverRow{name: name + " empty", frames: []string{"8" + op + "00|"}, items: []string{name + ` ""`}},
			receiverRow{name: name, frames: []string{"8" + op + "03|00ff80"}, items: []string{name + ` "\x00\xff\x80"`}},
			receiverRow{name: name + " of 125 bytes", frames: []string{"8" + op + "7d|" + full}, items: []string{item(name, strings.Repeat("*", 125))}},
			receiverRow{name: name + " of 126 bytes", frames: []string{"8" + op + "7e007e|" + full + "2a"}, code: 1002,
				err: name + " frame over 125 bytes (RFC 6455, Section 5.5)"},
			receiverRow{name: name + " of 2^62 bytes", frames: []string{"8" + op + "7f4000000000000000|"}, code: 1002, err: "over 125 bytes"},
			receiverRow{name: name + " fragmented", frames: []string{"0" + op + "00|"}, code: 1002,
				err: "fragmented " + name + " frame (RFC 6455, Section 5.5)"},
			receiverRow{name: "two of " + name, frames: []string{"8" + op + "02|6162", "8" + op + "01|63"},
				items: []string{name + ` "ab"`, name + ` "c"`}},
		)
	}
	return append(rows,
		receiverRow{name: "close fragmented", frames: []string{"0800|"}, code: 1002, err: "fragmented close frame"},
		receiverRow{name: "close of 126 bytes", frames: []string{"887e007e|03e8" + full[2:]}, code: 1002, err: "close frame over 125 bytes"},
	)
}

func closeRows() []receiverRow {
	return []receiverRow{
		{name: "empty", frames: []string{"8800|"}, items: []string{`close 1005 ""`}},
		{name: "code", frames: []string{"8802|03e8"}, items: []string{`close 1000 ""`}},
		{name: "code and reason", frames: []string{"8805|03e9627965"}, items: []string{`close 1001 "bye"`}},
		{name: "longest reason", frames: []string{"887d|03e8" + strings.Repeat("7a", 123)},
			items: []string{item("close 1000", strings.Repeat("z", 123))}},
		{name: "payload of one byte", frames: []string{"8801|03"}, code: 1002, err: "payload of one byte (RFC 6455, Section 5.5.1)"},
		{name: "reason is not UTF-8", frames: []string{"8804|03e8c328"}, code: 1007, err: "reason of a close frame is not valid UTF-8"},
		{name: "reason ends in a character", frames: []string{"8804|03e8e282"}, code: 1007, err: "RFC 6455, Section 8.1"},
		{name: "reason of other letters", frames: []string{"8806|03e8cebacf8c"}, items: []string{`close 1000 "κό"`}},
		{name: "more behind it", frames: []string{"8802|03e8", "8101|61", "8802|03e8", "f37f|"}, items: []string{`close 1000 ""`}},
	}
}

func closeCodeRows() []receiverRow {
	var rows []receiverRow
	row := func(code int, legal bool) {
		r := receiverRow{name: fmt.Sprint(code), frames: []string{fmt.Sprintf("8802|%04x", code)}}
		if legal {
			r.items = []string{fmt.Sprintf(`close %d ""`, code)}
		} else {
			r.code, r.err = 1002, fmt.Sprintf("close frame with status code %d", code)
		}
		rows = append(rows, r)
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		row(code, true)
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32768, 65535} {
		row(code, false)
	}
	return rows
}

func textRows() []receiverRow {
	const wrong = "text message that is not valid UTF-8 (RFC 6455, Section 8.1)"
	rows := []receiverRow{
		{name: "two bytes", frames: []string{"8102|c3a9"}, items: []string{`text "é"`}},
		{name: "all sizes", frames: []string{"810a|24c2a2e282acf0908d88"}, items: []string{`text "$¢€𐍈"`}},
		{name: "greatest character", frames: []string{"8104|f48fbfbf"}, items: []string{`text "\U0010ffff"`}},
		{name: "not characters, but valid", frames: []string{"8106|efbfbeefbfbf"}, items: []string{"text \"\\ufffe\\uffff\""}},
		{name: "character cut by a frame", frames: []string{"0102|e282", "8001|ac"}, items: []string{`text "€"`}},
		{name: "character cut by frames and a ping", frames: []string{"0101|f0", "0001|90", "8902|c328", "0001|8d", "8001|88"},
			items: []string{`ping "\xc3("`, `text "𐍈"`}},
		{name: "character cut by empty frames", frames: []string{"0101|c3", "0000|", "0000|", "8001|a9"}, items: []string{`text "é"`}},
		{name: "binary is not checked", frames: []string{"0202|c328", "8001|ff"}, items: []string{`binary "\xc3(\xff"`}},
		{name: "state does not pass on", frames: []string{"0202|61e2", "8000|", "8101|61"}, items: []string{`binary "a\xe2"`, `text "a"`}},
		{name: "bad in the second frame", frames: []string{"0101|61", "8002|62ff"}, code: 1007, err: wrong},
		{name: "bad in the second message", frames: []string{"8101|61", "8101|ff"}, items: []string{`text "a"`}, code: 1007, err: wrong},
		{name: "character cut by the wrong frame", frames: []string{"0102|e282", "8001|61"}, code: 1007, err: wrong},
		{name: "incomplete at the end of the frame", frames: []string{"8103|61e282"}, code: 1007, err: wrong},
		{name: "incomplete at the end of the message", frames: []string{"0103|61e282", "8000|"}, code: 1007, err: wrong},
		{name: "bad before the end of the frame", frames: []string{"817d|c3280000"}, code: 1007, err: wrong},
	}
	for _, bad := range []string{
		"80", "bf", "c0", "c080", "c1bf", "c328", "e08080", "e09fbf", "eda080", "edbfbf", "e28228", "f0808080", "f08fbfbf",
		"f4908080", "f5808080", "f8", "fb", "fe", "ff", "f0288cbc", "f09028bc", "f0908c28", "c3c3",
	} {
		for _, before := range []string{"", "61", "e282ac"} {
			p := before + bad
			rows = append(rows, receiverRow{
				name: "bad " + p, frames: []string{fmt.Sprintf("81%02x|%s", len(p)/2, p)}, code: 1007, err: wrong,
			})
		}
	}
	return rows
}

func limitRows() []receiverRow {
	const big = "message over the read limit (RFC 6455, Section 7.4.1)"
	return []receiverRow{
		{name: "at the limit", limit: 5, frames: []string{"8105|48656c6c6f"}, items: []string{`text "Hello"`}},
		{name: "over it", limit: 4, frames: []string{"8105|48656c6c6f"}, code: 1009, err: big},
		{name: "over it, announced only", limit: 5, frames: []string{"827f7fffffffffffffff|"}, code: 1009, err: big},
		{name: "8 GiB announced", limit: 1 << 20, frames: []string{"827f0000000200000000|"}, code: 1009, err: big},
		{name: "over it in the second frame", limit: 5, frames: []string{"0103|48656c", "8003|6c6f21"}, code: 1009, err: big},
		{name: "sum that would overflow", limit: 5, frames: []string{"0201|61", "807f7fffffffffffffff|"}, code: 1009, err: big},
		{name: "every message for itself", limit: 2, frames: []string{"8102|6161", "0101|62", "8001|62", "8202|6363"},
			items: []string{`text "aa"`, `text "bb"`, `binary "cc"`}},
		{name: "control frames do not count", limit: 2, frames: []string{"0101|61", "897d|" + strings.Repeat("00", 125), "8001|62"},
			items: []string{item("ping", zeros(125)), `text "ab"`}},
		{name: "no limit", frames: []string{"827f7fffffffffffffff|6162"}},
	}
}

// zeros returns n zero bytes.
func zeros(n int) string { return strings.Repeat("\x00", n) }
