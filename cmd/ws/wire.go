package main

// This file holds ws dial -v: what passes over the wire, shown as it does.

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
)

// wire shows what passes. Lines begin with > for what was sent, with < for what has come, and with * for what follows from it.
type wire struct{ w io.Writer }

func newWire(w io.Writer) *wire { return &wire{w} }

// line writes a line.
func (v *wire) line(mark, format string, args ...any) {
	fmt.Fprintln(v.w, mark, harmless.Line(fmt.Sprintf(format, args...)))
}

// watch has frames shown, and what pings and pongs carry.
func (v *wire) watch(o *websocket.Options) {
	o.Trace = &websocket.Trace{
		FrameIn:  func(_ *websocket.Conn, h websocket.Header) { v.line("<", "%s", frame(h)) },
		FrameOut: func(_ *websocket.Conn, h websocket.Header) { v.line(">", "%s", frame(h)) },
	}
	o.OnPing = func(_ *websocket.Conn, payload []byte) bool {
		v.line("*", "ping %q", payload)
		return false
	}
	o.OnPong = func(_ *websocket.Conn, payload []byte) { v.line("*", "pong %q", payload) }
}

// frame describes a frame.
func frame(h websocket.Header) string {
	s := fmt.Sprintf("frame %v, %d bytes", h.Opcode, h.Length)
	if h.RSV1 {
		s += ", compressed"
	}
	if !h.Fin {
		s += ", not the last of its message"
	}
	return s
}

// opening shows an opening handshake. conn is nil if it failed, and resp if there was no response.
func (v *wire) opening(conn *websocket.Conn, resp *http.Response) {
	if resp == nil {
		return
	}
	if r := resp.Request; r != nil {
		v.line(">", "%s %s %s", r.Method, r.URL.RequestURI(), r.Proto)
		v.line(">", "Host: %s", r.Host)
		v.fields(">", r.Header)
	}
	v.line("<", "%s %s", resp.Proto, resp.Status)
	v.fields("<", resp.Header)
	if conn == nil {
		return
	}
	agreed := []string{"no compression"}
	if p, ok := conn.Compression(); ok {
		agreed[0] = fmt.Sprintf("permessage-deflate: server's window 2^%d%s, client's 2^%d%s",
			p.ServerMaxWindowBits, alone(p.ServerNoContextTakeover), p.ClientMaxWindowBits, alone(p.ClientNoContextTakeover))
	}
	if p := conn.Subprotocol(); p != "" {
		agreed = append(agreed, "subprotocol "+p)
	}
	v.line("*", "connected from %v to %v: %s", conn.LocalAddr(), conn.RemoteAddr(), strings.Join(agreed, "; "))
}

func alone(noContextTakeover bool) string {
	if noContextTakeover {
		return " without context takeover"
	}
	return ""
}

// secret are the header fields whose values are not shown: what is on the screen is copied into reports.
var secret = []string{"authorization", "proxy-authorization", "cookie", "set-cookie"}

// fields shows header fields, in the order of their names.
func (v *wire) fields(mark string, h http.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			if slices.Contains(secret, strings.ToLower(name)) {
				value = "(not shown)"
			}
			v.line(mark, "%s: %s", name, value)
		}
	}
}
