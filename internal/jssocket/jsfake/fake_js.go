// Package jsfake puts a class in the place of JavaScript's WebSocket that has no network and does what a test says.
package jsfake

import (
	"fmt"
	"syscall/js"
	"testing"
)

// class is the WebSocket. It opens by itself, keeps what is sent, and answers close as a server would that is there. Its methods answer,
// message and end are what happens to it; %s is the place of members that replace these.
const class = `(class {
	constructor(url, protocols) {
		Object.assign(this, { url, protocols, protocol: protocols[0] ?? "", extensions: "", readyState: 0, bufferedAmount: 0 });
		Object.assign(this, { sent: [], closes: [] });
		globalThis.fakeSocket = this;
		queueMicrotask(() => this.answer());
	}
	answer() { this.readyState = 1; this.onopen({ type: "open" }) }
	message(data) { this.onmessage({ type: "message", data }) }
	end(code, reason) { this.readyState = 3; this.onclose({ type: "close", code, reason }) }
	send(data) { this.sent.push(data) }
	close(code, reason) {
		if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException(this.url, "InvalidAccessError");
		if (this.readyState >= 2) return;
		this.readyState = 2;
		this.closes.push(code === undefined ? "" : code + " " + reason);
		queueMicrotask(() => this.closed(code ?? 1005, reason ?? ""));
	}
	closed(code, reason) { this.end(code, reason) }
	%s
})`

// Install puts the class there until the test ends. members replace those of the class that they name.
func Install(t testing.TB, members string) {
	global := js.Global()
	before := global.Get("WebSocket")
	t.Cleanup(func() {
		global.Set("WebSocket", before)
		global.Delete("fakeSocket")
	})
	global.Set("WebSocket", global.Call("eval", fmt.Sprintf(class, members)))
}

// Last returns the newest object of the class.
func Last() js.Value { return js.Global().Get("fakeSocket") }

// Bytes returns an ArrayBuffer with the bytes of p.
func Bytes(p []byte) js.Value {
	data := js.Global().Get("Uint8Array").New(len(p))
	js.CopyBytesToJS(data, p)
	return data.Get("buffer")
}

// Text returns a string of p, which is UTF-8. A string of Go's lacks a byte order mark when JavaScript has it.
func Text(p []byte) js.Value {
	decoder := js.Global().Get("TextDecoder").New("utf-8", map[string]any{"ignoreBOM": true})
	return decoder.Call("decode", Bytes(p))
}

// Sent returns the n-th message that a Socket has sent, and whether it is text.
func Sent(socket js.Value, n int) (p []byte, text bool) {
	data := socket.Get("sent").Index(n)
	if text = data.Type() == js.TypeString; text {
		data = js.Global().Get("TextEncoder").New().Call("encode", data)
	}
	p = make([]byte, data.Get("byteLength").Int())
	js.CopyBytesToGo(p, data)
	return p, text
}
