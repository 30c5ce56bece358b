package autobahn

// This file is the opening handshake of RFC 6455, Section 4, in both roles, with nothing in it but what the suite
// needs. A case may change the suite's half before it is sent (Case.tamper).

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// requestOptions is what a client's request says besides the handshake itself.
type requestOptions struct {
	host      string
	target    string // path and query
	origin    string
	protocols []string
	fields    []field
}

const product = "seed-websocket-autobahn"

// acceptKey answers a Sec-WebSocket-Key (RFC 6455, Section 4.2.2, item 5.4).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func newKey() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// requestHead is the suite's request, well formed.
func (r *run) requestHead(key string) *httpHead {
	o := r.request
	h := &httpHead{start: "GET " + o.target + " HTTP/1.1"}
	h.add("Host", o.host)
	h.add("User-Agent", product)
	h.add("Upgrade", "websocket")
	h.add("Connection", "Upgrade")
	h.add("Sec-WebSocket-Key", key)
	h.add("Sec-WebSocket-Version", "13")
	if o.origin != "" {
		h.add("Origin", o.origin)
	}
	if len(o.protocols) > 0 {
		h.add("Sec-WebSocket-Protocol", strings.Join(o.protocols, ", "))
	}
	if len(r.c.wishes) > 0 {
		h.add("Sec-WebSocket-Extensions", offerString(r.c.wishes))
	}
	for _, f := range o.fields {
		h.set(f.name, f.value)
	}
	return h
}

// openAsClient asks the server under test for a WebSocket and tells whether it got one.
func openAsClient(r *run) bool {
	key := newKey()
	req := r.requestHead(key)
	if r.c.tamper != nil {
		r.c.tamper(req)
	}
	r.sendHead(req)
	if !r.readAnswer() {
		return false
	}
	if err := r.checkResponse(r.answer, req, key); err != nil {
		return r.refuse(err)
	}
	return true
}

// refuse gives up the connection before it was open.
func (r *run) refuse(err error) bool {
	r.res.Result = "Opening handshake: " + err.Error() + "."
	r.note = err.Error()
	r.drop()
	return false
}

func (r *run) sendHead(h *httpHead) {
	s := h.String()
	if r.isServer {
		r.res.HTTPResponse = strings.TrimSpace(s)
	} else {
		r.res.HTTPRequest = strings.TrimSpace(s)
	}
	r.traffic.PreopenOutgoingOctetsWireLevel += int64(len(s))
	r.fresh = append(r.fresh, s...)
	r.hand(r.chopHead, true)
}

// readAnswer waits for the head of the server's response.
func (r *run) readAnswer() bool {
	var err error
	n := 0
	r.pump(func() bool {
		r.answer, n, err = parseHead(r.rx.rest)
		return err != nil || r.answer != nil
	})
	if r.answer == nil && err == nil { // the last octets may have come together with the end of the stream
		r.answer, n, err = parseHead(r.rx.rest)
	}
	if err != nil {
		return r.refuse(err)
	}
	if r.answer == nil {
		return false
	}
	r.res.HTTPResponse = strings.TrimSpace(string(r.rx.rest[:n]))
	r.rx.rest = r.rx.rest[n:]
	return r.state != closed
}

// checkResponse holds a response against RFC 6455, Section 4.1, and the request.
func (r *run) checkResponse(h, req *httpHead, key string) error {
	switch {
	case h.status() != 101:
		return fmt.Errorf("the status is not 101: %q", h.start)
	case !strings.EqualFold(h.get("Upgrade"), "websocket"):
		return errors.New("the response has no Upgrade: websocket")
	case !h.hasToken("Connection", "upgrade"):
		return errors.New("the response has no Connection: Upgrade")
	case h.get("Sec-WebSocket-Accept") != acceptKey(key):
		return errors.New("Sec-WebSocket-Accept does not answer the key")
	}
	for _, p := range h.values("Sec-WebSocket-Protocol") {
		if !req.hasToken("Sec-WebSocket-Protocol", p) || strings.Contains(p, ",") {
			return fmt.Errorf("a subprotocol that was not asked for: %q", p)
		}
	}
	return r.checkExtensions(h)
}

// checkExtensions takes over what the server agreed to.
func (r *run) checkExtensions(h *httpHead) error {
	exts, err := parseExtensions(h.values("Sec-WebSocket-Extensions"))
	if err != nil || len(exts) == 0 {
		return err
	}
	if len(r.c.wishes) == 0 {
		return fmt.Errorf("an extension that was not offered: %s", exts[0].name)
	}
	if len(exts) > 1 || exts[0].name != deflateName {
		return errors.New("more or other extensions than were offered")
	}
	p, err := parseDeflate(exts[0], false)
	if err != nil {
		return err
	}
	r.agree(p)
	return nil
}

// openAsServer answers the request of the client under test, which the fuzzing server has read already.
func openAsServer(req *httpHead) func(*run) bool {
	return func(r *run) bool {
		resp, err := r.responseHead(req)
		if err != nil {
			bad := &httpHead{start: "HTTP/1.1 400 Bad Request"}
			bad.add("Connection", "close")
			bad.add("Content-Length", "0")
			r.sendHead(bad)
			return r.refuse(err)
		}
		if r.c.tamper != nil {
			r.c.tamper(resp)
		}
		r.sendHead(resp)
		return true
	}
}

// checkRequest holds a request against RFC 6455, Section 4.2.1.
func checkRequest(h *httpHead) error {
	parts := strings.Split(h.start, " ")
	key, err := base64.StdEncoding.DecodeString(h.get("Sec-WebSocket-Key"))
	switch {
	case len(parts) != 3 || parts[0] != "GET" || parts[2] != "HTTP/1.1":
		return fmt.Errorf("not a GET request of HTTP/1.1: %q", h.start)
	case len(h.values("Host")) != 1:
		return errors.New("not exactly one Host field")
	case !h.hasToken("Upgrade", "websocket"):
		return errors.New("the request has no Upgrade: websocket")
	case !h.hasToken("Connection", "upgrade"):
		return errors.New("the request has no Connection: Upgrade")
	case h.get("Sec-WebSocket-Version") != "13":
		return errors.New("the request has no Sec-WebSocket-Version: 13")
	case err != nil || len(key) != 16:
		return errors.New("Sec-WebSocket-Key is not 16 octets in base64")
	}
	return nil
}

// responseHead is the suite's response to a request, well formed, with what the case wants of permessage-deflate.
func (r *run) responseHead(req *httpHead) (*httpHead, error) {
	if err := checkRequest(req); err != nil {
		return nil, err
	}
	h := &httpHead{start: "HTTP/1.1 101 Switching Protocols"}
	h.add("Server", product)
	h.add("Upgrade", "websocket")
	h.add("Connection", "Upgrade")
	h.add("Sec-WebSocket-Accept", acceptKey(req.get("Sec-WebSocket-Key")))
	for _, p := range r.request.protocols {
		if req.hasToken("Sec-WebSocket-Protocol", p) {
			h.add("Sec-WebSocket-Protocol", p)
			break
		}
	}
	if r.answerWith != nil {
		h.add("Sec-WebSocket-Extensions", r.answerWith.String())
		r.agree(*r.answerWith)
	} else if len(r.c.wishes) > 0 {
		p, err := acceptOffers(req.values("Sec-WebSocket-Extensions"), r.c.wishes)
		if err != nil {
			return nil, err
		}
		if p != nil {
			h.add("Sec-WebSocket-Extensions", p.String())
			r.agree(*p)
		}
	}
	return h, nil
}
