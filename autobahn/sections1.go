package autobahn

// Section S1, the opening handshake: requests that a server must refuse or accept, and responses that a client must.

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func init() {
	titles["S1"] = "Opening handshake"
	titles["S1.1"] = "Requests that a server must refuse"
	titles["S1.2"] = "Requests that a server must accept"
	titles["S1.3"] = "Responses that a client must refuse"
	titles["S1.4"] = "Responses that a client must accept, and its own request"
}

func sectionS1() []*Case {
	return slices.Concat(
		numbered("S1.1", badRequests()...), numbered("S1.2", goodRequests()...),
		numbered("S1.3", badResponses()...), numbered("S1.4", goodResponses()...))
}

// change is something done to the suite's half of the opening handshake.
type change func(*httpHead)

func without(name string) change { return func(h *httpHead) { h.del(name) } }

func with(name, value string) change { return func(h *httpHead) { h.set(name, value) } }

func also(name, value string) change { return func(h *httpHead) { h.add(name, value) } }

func start(line string) change { return func(h *httpHead) { h.start = line } }

// status makes the response an ordinary one, whose body is the frame that follows.
func status(line string) change {
	return func(h *httpHead) {
		h.start = "HTTP/1.1 " + line
		h.set("Content-Length", strconv.Itoa(2+len(hello)))
	}
}

func badRequests() []*Case {
	refused := func(what string, c change, statuses ...int) *Case {
		return &Case{
			Description: "A request " + what + ".",
			Expectation: fmt.Sprintf("The server refuses, best with the status %s.", orList(statuses)),
			Roles:       Servers,
			open:        func(r *run) bool { return r.expectRefusal(c, statuses) },
		}
	}
	version := refused("for version 12 of the protocol", with("Sec-WebSocket-Version", "12"), 426, 400)
	version.Expectation += " RFC 6455, Section 4.4, asks for a Sec-WebSocket-Version field with what the server can do."
	version.judge = func(r *run) {
		if r.answer != nil && r.answer.status() != 101 && !r.answer.hasToken("Sec-WebSocket-Version", "13") {
			r.decide(Failed, "The refusal has no Sec-WebSocket-Version: 13.")
		}
	}
	subprotocol := refused("with a subprotocol that is not a token", with("Sec-WebSocket-Protocol", "a b"), 400)
	subprotocol.Expectation += " To agree is non-strict: the rule binds the client."
	subprotocol.judge = func(r *run) {
		if r.answer != nil && r.answer.status() == 101 {
			r.decide(NonStrict, "The server agreed: it does not look at the grammar of subprotocols.")
		}
	}
	return []*Case{
		refused("with the method POST", func(h *httpHead) { h.start = strings.Replace(h.start, "GET", "POST", 1) }, 405, 400),
		refused("of HTTP/1.0", func(h *httpHead) { h.start = strings.Replace(h.start, "HTTP/1.1", "HTTP/1.0", 1) }, 505, 400, 426),
		refused("without Host", without("Host"), 400),
		refused("with two Host fields", also("Host", "elsewhere.example"), 400),
		refused("without Upgrade", without("Upgrade"), 426, 400, 200, 404),
		refused("with Upgrade: h2c", with("Upgrade", "h2c"), 426, 400, 200, 404),
		refused("with Upgrade: websocketx", with("Upgrade", "websocketx"), 426, 400, 200, 404),
		refused("without Connection", without("Connection"), 426, 400, 200, 404),
		refused("with Connection: keep-alive", with("Connection", "keep-alive"), 426, 400, 200, 404),
		refused("with Connection: notupgrade", with("Connection", "notupgrade"), 426, 400, 200, 404),
		refused("without Sec-WebSocket-Version", without("Sec-WebSocket-Version"), 426, 400),
		version,
		refused("with the version 013", with("Sec-WebSocket-Version", "013"), 426, 400),
		refused("with two fields for the version, 13 and 12", also("Sec-WebSocket-Version", "12"), 400, 426),
		refused("without Sec-WebSocket-Key", without("Sec-WebSocket-Key"), 400),
		refused("with an empty key", with("Sec-WebSocket-Key", ""), 400),
		refused("with a key of 15 octets", with("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4P"), 400),
		refused("with a key of 17 octets", with("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEBE="), 400),
		refused("with a key that is not base64", with("Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!=="), 400),
		refused("with two keys", also("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEA=="), 400),
		refused("with a space between the name of a field and its colon", also("X-Extra ", "1"), 400),
		refused("with a line that is no field", func(h *httpHead) { h.start += "\r\nno field" }, 400),
		refused("with a NUL in a field", also("X-Extra", "a\x00b"), 400),
		subprotocol,
	}
}

func orList(statuses []int) string {
	s := ""
	for i, n := range statuses {
		if i > 0 {
			s += " or "
		}
		s += fmt.Sprint(n)
	}
	return s
}

// expectRefusal sends a wrong request and judges the response.
func (r *run) expectRefusal(c change, statuses []int) bool {
	r.closeMoot = true
	req := r.requestHead(newKey())
	c(req)
	r.sendHead(req)
	r.readAnswer()
	switch {
	case r.res.WasOpenHandshakeTimeout:
		r.decide(Failed, "The server neither answered nor closed the connection.")
	case r.answer == nil && r.note != "":
		r.decide(Failed, "The server's answer is not HTTP: "+r.note+".")
	case r.answer == nil:
		r.decide(NonStrict, "The server closed the connection without an answer.")
	case r.answer.status() == 101:
		r.decide(Failed, "The server agreed to a request that it must refuse.")
	case slices.Contains(statuses, r.answer.status()):
		r.decide(OK, fmt.Sprintf("The server refused with %d.", r.answer.status()))
	case r.answer.status() >= 400:
		r.decide(NonStrict, fmt.Sprintf("The server refused with %d in place of %s.", r.answer.status(), orList(statuses)))
	default:
		r.decide(Failed, fmt.Sprintf("The server answered %q.", r.answer.start))
	}
	r.drop()
	return false
}

// echoHello is the script of a case that is about the opening handshake: it shows that the connection works.
func echoHello(c *Case) *Case {
	c.expect, c.close = want(textMessage(hello)), weClose(1000)
	c.script = append(c.script, send(text(hello)), kill(second))
	return c
}

func goodRequests() []*Case {
	accepted := func(what string, c change) *Case {
		return echoHello(&Case{
			Description: "A request " + what + ".",
			Expectation: "The server agrees, and echoes a message.",
			Roles:       Servers,
			tamper:      c,
		})
	}
	two := accepted("with two Sec-WebSocket-Protocol fields", func(h *httpHead) {
		h.set("Sec-WebSocket-Protocol", "x-unheard-of-1")
		h.add("Sec-WebSocket-Protocol", "x-unheard-of-2")
	})
	slow := accepted("that arrives octet by octet", nil)
	slow.open = func(r *run) bool {
		r.chopHead = 1
		return openAsClient(r)
	}
	origin := accepted("with Origin: http://elsewhere.example", with("Origin", "http://elsewhere.example"))
	origin.Expectation = "The server agrees, or refuses with 403: the case only shows what it does by default."
	origin.judge = func(r *run) {
		switch {
		case r.opened:
			r.decide(Informational, "The server agrees to any origin.")
		case r.answer != nil && r.answer.status() == 403:
			r.decide(Informational, "The server refuses foreign origins.")
			r.res.BehaviorClose = Informational
		}
	}
	return []*Case{
		accepted("with Connection: keep-alive, Upgrade", with("Connection", "keep-alive, Upgrade")),
		accepted("with a Connection field for keep-alive and another for Upgrade", func(h *httpHead) {
			h.set("Connection", "keep-alive")
			h.add("Connection", "Upgrade")
		}),
		accepted("with empty elements in Connection", with("Connection", ", ,Upgrade,")),
		accepted("with Upgrade: WebSocket and Connection: uPGRADE", func(h *httpHead) {
			h.set("Upgrade", "WebSocket")
			h.set("Connection", "uPGRADE")
		}),
		accepted("with names of fields in lower case", func(h *httpHead) {
			for i := range h.fields {
				h.fields[i].name = strings.ToLower(h.fields[i].name)
			}
		}),
		accepted("with names of fields in upper case", func(h *httpHead) {
			for i := range h.fields {
				h.fields[i].name = strings.ToUpper(h.fields[i].name)
			}
		}),
		accepted("with spaces and tabs around the values", func(h *httpHead) {
			for i := range h.fields {
				h.fields[i].value = " \t" + h.fields[i].value + "\t "
			}
		}),
		accepted("with a cookie of 4 KiB", with("Cookie", "c="+strings.Repeat("x", 4<<10))),
		accepted("with the subprotocols x-unheard-of-1 and x-unheard-of-2", with("Sec-WebSocket-Protocol", "x-unheard-of-1, x-unheard-of-2")),
		two,
		slow,
		origin,
	}
}

func badResponses() []*Case {
	refused := func(what string, c change) *Case {
		return &Case{
			Description: "A response " + what + ", and a text message.",
			Expectation: "The client gives the connection up, without a frame.",
			Roles:       Clients,
			accept: func(r *run, req *httpHead) bool {
				return r.expectGivingUp(req, c)
			},
		}
	}
	return []*Case{
		refused("with the status 200", status("200 OK")),
		refused("with the status 400", status("400 Bad Request")),
		refused("with the status 1011", start("HTTP/1.1 1011 Switching Protocols")),
		refused("of HTTP/1.0", start("HTTP/1.0 101 Switching Protocols")),
		refused("whose first line is nonsense", start("nonsense")),
		refused("without Upgrade", without("Upgrade")),
		refused("with Upgrade: h2c", with("Upgrade", "h2c")),
		refused("without Connection", without("Connection")),
		refused("with Connection: close", with("Connection", "close")),
		refused("with Connection: notupgrade", with("Connection", "notupgrade")),
		refused("without Sec-WebSocket-Accept", without("Sec-WebSocket-Accept")),
		refused("with an empty Sec-WebSocket-Accept", with("Sec-WebSocket-Accept", "")),
		refused("with a Sec-WebSocket-Accept for another key", with("Sec-WebSocket-Accept", acceptKey(""))),
		refused("with Sec-WebSocket-Accept in upper case", func(h *httpHead) {
			h.set("Sec-WebSocket-Accept", strings.ToUpper(h.get("Sec-WebSocket-Accept")))
		}),
		refused("with two different Sec-WebSocket-Accept fields", also("Sec-WebSocket-Accept", acceptKey(""))),
		refused("with a subprotocol that the client did not ask for", with("Sec-WebSocket-Protocol", "x-unheard-of")),
		refused("with an extension that the client did not offer", with("Sec-WebSocket-Extensions", "x-unheard-of")),
		refused("with a line that is no field", func(h *httpHead) { h.start += "\r\nno field" }),
	}
}

// expectGivingUp answers wrongly and judges what the client does.
func (r *run) expectGivingUp(req *httpHead, c change) bool {
	r.closeMoot = true
	resp, err := r.responseHead(req)
	if err != nil {
		return r.refuse(err)
	}
	c(resp)
	s := resp.String()
	r.res.HTTPResponse = strings.TrimSpace(s)
	r.sendRaw(appendFrame([]byte(s), text(hello), false, [4]byte{}))
	r.rx.rest = nil
	late := false
	r.after(giveUp, func() { late = true })
	r.pump(func() bool { return late || len(r.rx.rest) >= len("GET ") })
	ordinary := resp.status() != 101 && resp.status() != 0
	switch {
	case ordinary && strings.HasPrefix(string(r.rx.rest), "GET "):
		r.decide(OK, "The client used the connection for another request.")
	case len(r.rx.rest) > 0 && r.rx.rest[0]&0xF == opClose:
		r.decide(NonStrict, "The client sent a Close frame on a connection that was not open.")
	case len(r.rx.rest) > 0:
		r.decide(Failed, "The client took the connection for open and sent a frame.")
	case late && ordinary: // the connection may be kept for other requests
		r.decide(OK, "The client did not take the connection for open.")
	case late:
		r.decide(Failed, fmt.Sprintf("The client did not close the connection in %v.", giveUp))
	default:
		r.decide(OK, "The client gave the connection up.")
	}
	r.drop()
	return false
}

// giveUp is how long a client may take to close a connection that it must refuse: coder/websocket listens for three
// seconds, to tell its user what the server sent.
const giveUp = 4 * time.Second

func goodResponses() []*Case {
	accepted := func(what string, c change) *Case {
		return echoHello(&Case{
			Description: "A response " + what + ".",
			Expectation: "The client takes the connection for open, and echoes a message.",
			Roles:       Clients,
			tamper:      c,
		})
	}
	together := accepted("with a text message in the same segment", nil)
	together.script = []step{kill(second)}
	together.accept = func(r *run, req *httpHead) bool {
		resp, err := r.responseHead(req)
		if err != nil {
			return r.refuse(err)
		}
		s := resp.String()
		r.res.HTTPResponse = strings.TrimSpace(s)
		r.sendRaw(appendFrame([]byte(s), text(hello), false, [4]byte{}))
		return true
	}
	slow := accepted("that arrives octet by octet", nil)
	slow.accept = func(r *run, req *httpHead) bool {
		r.chopHead = 1
		return openAsServer(req)(r)
	}
	return []*Case{
		accepted("with Upgrade: WebSocket and Connection: uPGRADE", func(h *httpHead) {
			h.set("Upgrade", "WebSocket")
			h.set("Connection", "uPGRADE")
		}),
		accepted("with Connection: keep-alive, Upgrade", with("Connection", "keep-alive, Upgrade")),
		accepted("with names of fields in lower case", func(h *httpHead) {
			for i := range h.fields {
				h.fields[i].name = strings.ToLower(h.fields[i].name)
			}
		}),
		accepted("with spaces and tabs around the values", func(h *httpHead) {
			for i := range h.fields {
				h.fields[i].value = " \t" + h.fields[i].value + "\t "
			}
		}),
		accepted("without a reason in its first line", start("HTTP/1.1 101 ")),
		accepted("with a cookie of 4 KiB", with("Set-Cookie", "c="+strings.Repeat("x", 4<<10))),
		together,
		slow,
		echoHello(&Case{
			Description: "The client's request is looked at closely.",
			Expectation: "Every field of the handshake is there once and has no more in it than it should.",
			Roles:       Clients,
			accept: func(r *run, req *httpHead) bool {
				if err := strictRequest(req); err != nil {
					return r.refuse(err)
				}
				return openAsServer(req)(r)
			},
		}),
	}
}

// strictRequest finds fault with what checkRequest lets pass.
func strictRequest(h *httpHead) error {
	for _, name := range []string{"Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"} {
		if len(h.values(name)) != 1 {
			return fmt.Errorf("not exactly one %s field", name)
		}
	}
	if !strings.EqualFold(h.get("Upgrade"), "websocket") {
		return fmt.Errorf("wrong Upgrade: %q", h.get("Upgrade"))
	}
	if len(h.get("Sec-WebSocket-Key")) != 24 {
		return fmt.Errorf("wrong Sec-WebSocket-Key: %q", h.get("Sec-WebSocket-Key"))
	}
	if len(h.values("Sec-WebSocket-Accept")) > 0 {
		return errors.New("a request with Sec-WebSocket-Accept")
	}
	return nil
}
