//go:build linux

package main

import "testing"

const (
	accepted = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " + acceptKey + "\r\n\r\n"
	news     = `42["news",` + text + `]`
)

// However what a server says is cut, the same is heard.
func TestConsumeInPieces(t *testing.T) {
	said := []byte(accepted)
	for _, packet := range []string{`0{"sid":"a"}`, `40{"sid":"b"}`, news, `430[` + text + `]`} {
		said = appendServerFrame(said, packet)
	}
	for cut := range len(said) + 1 {
		l, c := &load{early: true, want: text + "]"}, &client{}
		rest, err := l.consume(c, said[:cut:cut])
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		rest, err = l.consume(c, append(rest, said[cut:]...))
		if err != nil || len(rest) > 0 || l.joined != 1 || l.heard != 2 {
			t.Errorf("cut at %d: %d joined, %d heard, rest %q, %v", cut, l.joined, l.heard, rest, err)
		}
	}
}

// What a server must not say ends the run: it would be measured otherwise.
func TestConsumeRefuses(t *testing.T) {
	frame := func(p string) string { return string(appendServerFrame(nil, p)) }
	for name, said := range map[string]string{
		"refusal":         "HTTP/1.1 400 Bad Request\r\n\r\n",
		"another key":     "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n\r\n",
		"another text":    accepted + frame("40{}") + frame(`42["news","y"]`),
		"joined twice":    accepted + frame("40{}") + frame("40{}"),
		"CONNECT_ERROR":   accepted + frame(`44{"message":"x"}`),
		"a close frame":   accepted + "\x88\x02\x03\xe8",
		"a binary frame":  accepted + "\x82\x02ab",
		"a masked answer": accepted + "\x81\x82abcd42",
	} {
		l := &load{early: true, want: text + "]"}
		if _, err := l.consume(&client{}, []byte(said)); err == nil {
			t.Errorf("%s: no error, %d joined, %d heard", name, l.joined, l.heard)
		}
	}
}

// The responses to polling are told apart, too.
func TestConsumePollingRefuses(t *testing.T) {
	for name, said := range map[string]string{
		"refusal":   "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
		"no length": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"a body":    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	} {
		l := &load{polling: true}
		if _, err := l.consume(&client{}, []byte(said)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
