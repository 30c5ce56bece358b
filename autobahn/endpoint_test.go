package autobahn

// This file is an endpoint for the suite to test: a strict echo in either role, whose faults can be turned on one by
// one. It is written apart from the engine (run.go, receive.go), so that a mistake there is not shared.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// endpoint is one connection of the endpoint under test.
type endpoint struct {
	faults
	server  bool
	conn    net.Conn
	in      []byte
	deflate *deflater
	inflate *inflater
	sent    bool // a Close frame was sent
	bounded bool // refuses messages of more than a few MiB

	op     byte // message under way
	parts  int  // its fragments
	packed bool
	msg    []byte
}

var errEnd = errors.New("the connection is over")

// violation is a reason to fail the connection.
type violation int

func (v violation) Error() string { return fmt.Sprint("violation ", int(v)) }

// serve plays the endpoint until the connection is over, and closes it.
func (e *endpoint) serve(target string) {
	defer e.conn.Close()
	var err error
	if e.server {
		err = e.accept()
	} else {
		err = e.connect(target)
	}
	for err == nil {
		err = e.frame()
	}
	if v := violation(0); errors.As(err, &v) {
		e.sendClose(int(v))
		e.linger()
	}
}

// linger lets the suite read what was sent before TCP is closed, and waits for it to close.
func (e *endpoint) linger() {
	if m, ok := e.conn.(*memConn); ok && e.server && !e.keepTCP {
		m.out.end(false)
	}
	io.Copy(io.Discard, e.conn)
}

func (e *endpoint) more() error {
	e.in = slices.Grow(e.in, 4<<10) // S4.4.4 opens 200 connections
	n, err := e.conn.Read(e.in[len(e.in):cap(e.in)])
	e.in = e.in[:len(e.in)+n]
	if n > 0 {
		return nil
	}
	return err
}

func (e *endpoint) head() (*httpHead, error) {
	for {
		h, n, err := parseHead(e.in)
		if err != nil && e.lenientOpen {
			head, rest, _ := strings.Cut(string(e.in), "\r\n\r\n")
			e.in = []byte(rest)
			return lenientHead(head), nil
		}
		if err != nil {
			return nil, err
		}
		if h != nil {
			e.in = e.in[n:]
			return h, nil
		}
		if err := e.more(); err != nil {
			return nil, err
		}
	}
}

// lenientHead leaves out the lines that are no fields.
func lenientHead(s string) *httpHead {
	lines := strings.Split(s, "\r\n")
	h := &httpHead{start: lines[0]}
	for _, l := range lines[1:] {
		if name, value, ok := strings.Cut(l, ":"); ok {
			h.add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return h
}

func (e *endpoint) accept() error {
	req, err := e.head()
	if e.silentOpen {
		e.linger()
		return errEnd
	}
	if err == nil && !e.lenientOpen {
		err = strictlyChecked(req)
	}
	if e.strictHost && err == nil && unusual(req) {
		err = errors.New("unusual")
	}
	if err != nil || e.refuse {
		status := "400 Bad Request"
		if e.refuse {
			status = "503 Service Unavailable"
		}
		if e.answer200 {
			status = "200 OK"
		}
		e.conn.Write([]byte("HTTP/1.1 " + status + "\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n"))
		return errEnd
	}
	key := req.get("Sec-WebSocket-Key")
	if e.wrongAccept {
		key += "x"
	}
	resp := &httpHead{start: "HTTP/1.1 101 Switching Protocols"}
	resp.add("Upgrade", "websocket")
	resp.add("Connection", "Upgrade")
	resp.add("Sec-WebSocket-Accept", acceptKey(key))
	if x := e.negotiate(req.values(extensions)); x != "" {
		resp.add(extensions, x)
	}
	_, err = e.conn.Write([]byte(resp.String()))
	return err
}

// strictlyChecked is checkRequest and what the cases of S1.1 add to it.
func strictlyChecked(h *httpHead) error {
	for _, f := range h.fields {
		if strings.ContainsAny(f.value, "\x00\r\n") {
			return errors.New("a control character")
		}
		if strings.EqualFold(f.name, "Sec-WebSocket-Protocol") && strings.Contains(strings.ReplaceAll(f.value, ", ", ","), " ") {
			return errors.New("not a token")
		}
	}
	return checkRequest(h)
}

// unusual tells a head from the plainest there is.
func unusual(h *httpHead) bool {
	for _, f := range h.fields {
		switch f.name {
		case "Host", "User-Agent", "Server", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions":
		case "Upgrade":
			if f.value != "websocket" {
				return true
			}
		case "Connection":
			if f.value != "Upgrade" {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// negotiate answers an offer and sets compression up by it.
func (e *endpoint) negotiate(values []string) string {
	if e.invent {
		return "x-invented; a=1"
	}
	exts, err := parseExtensions(values)
	if err != nil || e.noDeflate {
		return ""
	}
	for _, x := range exts {
		if x.name != deflateName {
			continue
		}
		if e.anyOffer {
			e.deflate, e.inflate = newDeflater(15, false), newInflater(15, false)
			return deflateName
		}
		p, err := parseDeflate(x, true)
		if err != nil {
			continue
		}
		if p.clientBits == unvalued {
			p.clientBits = e.limitBits
		}
		p.clientNoContext = false
		e.agreed(p)
		return p.String()
	}
	return ""
}

func (e *endpoint) agreed(p deflateParams) {
	mineBits, mineNo, theirBits, theirNo := p.serverBits, p.serverNoContext, p.clientBits, p.clientNoContext
	if !e.server {
		mineBits, mineNo, theirBits, theirNo = theirBits, theirNo, mineBits, mineNo
	}
	if e.ignoreWindow {
		mineBits, mineNo = 15, false
	}
	e.deflate, e.inflate = newDeflater(mineBits, mineNo), newInflater(theirBits, theirNo || e.forgets)
	if e.deflate.small != nil {
		e.deflate.small.window += e.beyond
	}
	e.inflate.window -= e.narrow
}

func (e *endpoint) connect(target string) error {
	key := newKey()
	req := &httpHead{start: "GET " + target + " HTTP/1.1"}
	req.add("Host", "test")
	req.add("Upgrade", "websocket")
	req.add("Connection", "Upgrade")
	req.add("Sec-WebSocket-Version", "13")
	req.add("Sec-WebSocket-Key", key)
	if e.refuse {
		req.set("Upgrade", "h2c")
	}
	if e.oneKey {
		req.add("Upgrade", "h2c") // also a request with something twice
	}
	if !e.noDeflate {
		req.add(extensions, deflateParams{serverNoContext: false, clientNoContext: true, clientBits: unvalued}.String())
	}
	if e.ask != "" {
		req.set(extensions, e.ask)
	}
	if _, err := e.conn.Write([]byte(req.String())); err != nil {
		return err
	}
	if e.silentOpen {
		e.linger()
		return errEnd
	}
	resp, err := e.head()
	if err != nil {
		if e.lenientOpen {
			e.sendFrame(text("open"))
		}
		return errEnd
	}
	if e.lenientOpen {
		if len(resp.values(extensions)) > 0 {
			e.agreed(deflateParams{})
		}
		return nil
	}
	err = e.checkAnswer(resp, key)
	if err != nil {
		if e.reuses {
			e.conn.Write([]byte(req.String()))
		}
		time.Sleep(e.lingers)
	}
	return err
}

func (e *endpoint) checkAnswer(resp *httpHead, key string) error {
	if e.strictHost && unusual(resp) || e.strictHost && resp.start == "HTTP/1.1 101 " {
		return errEnd
	}
	r := &run{c: &Case{wishes: []deflateWish{{}}}}
	if e.noDeflate {
		r.c.wishes = nil
	}
	if err := r.checkResponse(resp, &httpHead{}, key); err != nil || !strings.HasPrefix(resp.start, "HTTP/1.1 ") {
		return errEnd
	}
	if r.agreed != nil {
		e.agreed(*r.agreed)
	}
	return nil
}

// frame reads one frame and does what it asks.
func (e *endpoint) frame() error {
	if e.vanish {
		e.more()
		return errEnd
	}
	if e.deaf {
		e.linger()
		return errEnd
	}
	h, n := parseHeader(e.in)
	for n == 0 {
		if err := e.more(); err != nil {
			return err
		}
		h, n = parseHeader(e.in)
	}
	e.in = e.in[n:]
	if err := e.check(h); err != nil && !e.lax {
		return err
	}
	if e.noTopBit {
		h.length &^= 1 << 63
	}
	payload, err := e.payload(h)
	if err != nil {
		return err
	}
	if h.opcode >= opClose {
		return e.control(h, payload)
	}
	return e.data(h, payload)
}

func (e *endpoint) check(h header) error {
	control := h.opcode >= opClose
	switch {
	case h.rsv&3 != 0,
		h.rsv == rsv1 && (e.inflate == nil || !e.packedRSV && (control || h.opcode == opContinuation)),
		h.masked != e.server && !e.anyMask,
		h.opcode > opBinary && h.opcode < opClose, h.opcode > opPong,
		h.length>>63 != 0 && !e.noTopBit,
		h.form != minimalForm(h.length) && !e.keepLength && !(h.length>>63 != 0),
		control && (!h.fin || h.length > 125),
		h.opcode == opContinuation && e.op == 0,
		!control && h.opcode != opContinuation && e.op != 0:
		return violation(1002)
	}
	return nil
}

// payload reads the payload of a frame; that of a text message is checked as it arrives.
func (e *endpoint) payload(h header) ([]byte, error) {
	fresh := h.opcode == opText || h.opcode == opContinuation && e.op == opText && !e.packed && len(e.msg) < 1<<10
	if e.bounded && (h.length > 4<<20 || uint64(len(e.msg))+h.length > 4<<20) {
		return nil, violation(1009)
	}
	var prefix []byte
	if h.opcode == opContinuation {
		prefix = e.msg
	}
	for uint64(len(e.in)) < h.length {
		if fresh && h.rsv == 0 && !e.noUTF8 && !e.lateUTF8 && len(e.in) < 1<<10 {
			if !couldBeText(append(bytes.Clone(prefix), unmask(h, e.in)...)) {
				return nil, violation(1007)
			}
		}
		if err := e.more(); err != nil {
			return nil, err
		}
	}
	p := unmask(h, e.in[:h.length])
	e.in = e.in[h.length:]
	return p, nil
}

func unmask(h header, b []byte) []byte {
	b = bytes.Clone(b)
	if h.masked {
		for i := range b {
			b[i] ^= h.key[i%4]
		}
	}
	return b
}

// most is the size of the largest message.
func (e *endpoint) most() int {
	if e.bounded {
		return 4 << 20
	}
	return maxMessage
}

// couldBeText tells whether b can be the beginning of valid UTF-8.
func couldBeText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			return len(b) < 4 && slices.ContainsFunc([]string{"\x80", "\x80\x80", "\x80\x80\x80", "\xbf", "\xbf\x80", "\xbf\x80\x80", "\xa0\x80", "\x90\x80\x80"},
				func(rest string) bool { return utf8.Valid(append(bytes.Clone(b), rest...)) })
		}
		b = b[n:]
	}
	return true
}

func (e *endpoint) control(h header, payload []byte) error {
	switch h.opcode {
	case opClose:
		return e.closed(payload)
	case opPing:
		switch {
		case e.noPong, e.sent && !e.echoOnClose:
		case e.wrongPong:
			e.sendFrame(pong(string(payload) + "!"))
		default:
			e.sendFrame(pong(string(payload)))
		}
	case opPong:
		if e.eagerPong {
			e.sendFrame(pong(string(payload)))
		}
	}
	return nil
}

func (e *endpoint) closed(payload []byte) error {
	if e.noClose {
		return nil
	}
	if !e.anyClose {
		if len(payload) == 1 {
			return violation(1002)
		}
		if len(payload) >= 2 {
			code := int(binary.BigEndian.Uint16(payload))
			if !legalCloseCode(code) || e.refuseCodes && code != 1000 {
				return violation(1002)
			}
			if !utf8.Valid(payload[2:]) {
				return violation(1007)
			}
		}
	}
	if e.echoOnClose {
		for range 4 {
			if err := e.frame(); err != nil {
				break
			}
		}
	}
	e.sendClose(1000)
	e.linger()
	return errEnd
}

func (e *endpoint) data(h header, payload []byte) error {
	if h.opcode != opContinuation {
		e.op, e.packed, e.msg = h.opcode, h.rsv&rsv1 != 0 && e.inflate != nil, nil
	}
	e.msg = append(e.msg, payload...)
	if e.op == opText && !e.packed && !e.noUTF8 && !e.lateUTF8 && len(e.msg) < 1<<10 && !couldBeText(e.msg) {
		return violation(1007)
	}
	if e.parts++; e.mostFragments > 0 && e.parts > e.mostFragments {
		return violation(1008)
	}
	if !h.fin {
		return nil
	}
	e.parts = 0
	op, msg := e.op, e.msg
	e.op = 0
	if e.packed {
		var err error
		if msg, err = e.inflate.message(msg, e.most()); err != nil {
			if !e.takeDeflate {
				return violation(1007)
			}
			msg = []byte(e.tookDeflate)
		}
	}
	if op == opText && !e.noUTF8 && !utf8.Valid(msg) {
		return violation(1007)
	}
	return e.echo(op, bytes.Clone(msg))
}

func (e *endpoint) echo(op byte, msg []byte) error {
	if e.silent {
		return nil
	}
	if e.pings {
		e.sendFrame(ping(""))
	}
	if e.flood {
		for {
			if _, err := e.conn.Write(e.octets(ping("flood"))); err != nil {
				return err
			}
			time.Sleep(time.Millisecond) // in synctest no time passes while anything runs
		}
	}
	if e.giant {
		e.conn.Write(e.octets(frame{opcode: op, lie: true, length: 1 << 62}))
	}
	msg = e.spoil(msg)
	if e.otherKind {
		op ^= opText ^ opBinary
	}
	f := frame{opcode: op, payload: msg}
	switch {
	case e.badDeflate && e.deflate != nil:
		f.rsv, f.payload = rsv1, []byte{0x06}
	case e.deflate != nil:
		f.rsv, f.payload = rsv1, bytes.Clone(e.deflate.message(msg))
	}
	e.sendFrame(f)
	if e.double {
		e.sendFrame(f)
	}
	return nil
}

func (e *endpoint) octets(f frame) []byte {
	var key [4]byte
	if !e.oneKey {
		binary.LittleEndian.PutUint32(key[:], rand.Uint32()|1)
	}
	return appendFrame(nil, f, e.server == e.masksWrong, key)
}

func (e *endpoint) sendFrame(f frame) { e.conn.Write(e.octets(f)) }

func (e *endpoint) sendClose(code int) {
	if e.sent || e.noClose {
		return
	}
	e.sent = true
	if e.badClose {
		code = 1011
	}
	if wrong := wrongOwn[e.ownClose]; wrong != nil {
		e.conn.Write(wrong(e, closeFrame(code, "")))
		return
	}
	e.sendFrame(closeFrame(code, e.reason))
}
