package socketio

// This file tests each requirement of the protocol, revision 5, that its repository states and checks, by our own code.

import (
	"strings"
	"testing"
	"time"
)

// suite is the server that the requirements are about.
func suite(t *testing.T, f func(w *world)) {
	t.Helper()
	inWorld(t, func(o *Options) { o.ConnectTimeout = time.Second }, func(w *world) {
		for _, n := range []*Namespace{w.io.Namespace, w.io.Of("/custom")} {
			n.OnConnect(func(s *Socket) {
				s.Emit("auth", s.Handshake().Auth)
				s.On("message", func(a Args) { s.Emit("message-back", a) })
				s.Handle("message-with-ack", func(a Args) (Args, error) { return a, nil })
			})
		}
		f(w)
	})
}

func TestSuiteConnectOverPolling(t *testing.T) {
	for _, one := range []struct{ send, prefix, auth string }{
		{`40`, `40{"sid":"`, `42["auth",{}]`},
		{`40{"token":"123"}`, `40{"sid":"`, `42["auth",{"token":"123"}]`},
		{`40/custom,`, `40/custom,{"sid":"`, `42/custom,["auth",{}]`},
		{`40/custom,{"token":"abc"}`, `40/custom,{"sid":"`, `42/custom,["auth",{"token":"abc"}]`},
	} {
		suite(t, func(w *world) {
			q := w.polling()
			got := w.poll(q, one.send)
			for !strings.Contains(got, "\x1e") {
				got += "\x1e" + w.poll(q)
			}
			reply, auth, _ := strings.Cut(got, "\x1e")
			if !strings.HasPrefix(reply, one.prefix) || len(reply) != len(one.prefix)+20+2 || auth != one.auth {
				t.Errorf("%s: %q", one.send, got)
			}
		})
	}
}

func TestSuiteConnectOverWebSocket(t *testing.T) {
	suite(t, func(w *world) {
		p := w.open()
		p.send(`0`)
		one := p.accepted("")
		p.expect(`2["auth",{}]`)
		p.send(`0/custom,{"token":"abc"}`)
		two := p.accepted("/custom,")
		p.expect(`2/custom,["auth",{"token":"abc"}]`)
		if one == two {
			t.Error("the identifiers of two namespaces are the same")
		}
	})
}

func TestSuiteUnknownNamespace(t *testing.T) {
	suite(t, func(w *world) {
		p := w.open()
		p.send(`0/random`)
		p.expect(`4/random,{"message":"Invalid namespace"}`)
		p.send(`0`) // the connection is as good as before
		p.accepted("")
	})
}

func TestSuiteInvalidHandshake(t *testing.T) {
	suite(t, func(w *world) {
		p := w.open()
		p.send(`abc`)
		p.closed()
	})
}

func TestSuiteNoHandshake(t *testing.T) {
	suite(t, func(w *world) {
		p := w.open()
		start := time.Now()
		p.closed()
		if d := time.Since(start); d != time.Second {
			t.Errorf("closed after %v", d)
		}
	})
}

func TestSuiteDisconnect(t *testing.T) {
	suite(t, func(w *world) {
		p := w.connect()
		p.expect(`2["auth",{}]`)
		p.send(`1`)
		p.silent() // but for pings
	})
	suite(t, func(w *world) {
		p := w.connect()
		p.expect(`2["auth",{}]`)
		p.send(`0/custom`)
		p.accepted("/custom,")
		p.expect(`2/custom,["auth",{}]`)
		p.send(`1/custom`)
		p.send(`2["message","message to main namespace"]`)
		p.expect(`2["message-back","message to main namespace"]`)
	})
}

func TestSuiteMessages(t *testing.T) {
	suite(t, func(w *world) {
		p := w.connect()
		p.expect(`2["auth",{}]`)
		p.send(`2["message",1,"2",{"3":[true]}]`)
		p.expect(`2["message-back",1,"2",{"3":[true]}]`)

		p.send(`52-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
		p.binary(1, 2, 3)
		p.binary(4, 5, 6)
		p.expect(`52-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "\x01\x02\x03", "\x04\x05\x06")

		p.send(`2456["message-with-ack",1,"2",{"3":[false]}]`)
		p.expect(`3456[1,"2",{"3":[false]}]`)

		p.send(`52-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
		p.binary(1, 2, 3)
		p.binary(4, 5, 6)
		p.expect(`62-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "\x01\x02\x03", "\x04\x05\x06")
	})
}

func TestSuiteInvalidFormat(t *testing.T) {
	for _, text := range []string{`abc`, `2{}`, `2abc["message-with-ack",1,"2",{"3":[false]}]`} {
		suite(t, func(w *world) {
			p := w.connect()
			p.expect(`2["auth",{}]`)
			p.send(text)
			p.closed()
		})
	}
}
