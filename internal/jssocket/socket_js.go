// Package jssocket is the WebSocket of the JavaScript around a program of GOOS=js: a browser's, or one that behaves as it. It
// is the only room that calls JavaScript, and knows messages, not frames.
package jssocket

// This file holds Socket, over the API of the HTML standard (websockets.spec.whatwg.org). Nothing here panics, whatever JavaScript throws or
// has put in the place of what should be there: see try.

import (
	"runtime"
	"syscall/js"
)

// Handler is told what happens to a Socket, after New has returned and until Release. Its methods run on JavaScript's event loop
// and must not wait.
type Handler interface {
	Opened()                        // the opening handshake is done
	Received(m Message)             // a message has come
	Closed(code int, reason string) // it has ended, or never began; what is called after it means nothing
}

// codeAbnormal is the code of an end without a close frame (RFC 6455, Section 7.1.5).
const codeAbnormal = 1006

// Socket is a WebSocket. Its methods may be called by any goroutine; there are no threads.
type Socket struct {
	ws      js.Value
	onEvent js.Func
	handler Handler
	opened  bool
	encoder js.Value // a TextEncoder
	decoder js.Value // a TextDecoder
	bytes   js.Value // the class Uint8Array
	buffer  js.Value // the prototype of ArrayBuffers
	outside int      // bytes of messages that JavaScript has made since Go's last collection that was due to them
}

// maxOutside is how many bytes of messages may have passed before Go's garbage is collected. JavaScript keeps what a js.Value refers to
// until then, and its size says nothing to Go's collector: messages would be kept for ever where Go itself needs no memory.
const maxOutside = 32 << 20

// collect counts n bytes of a message.
func (s *Socket) collect(n int) {
	if s.outside += n; s.outside > maxOutside {
		s.outside = 0
		runtime.GC()
	}
}

// The states of a WebSocket, its readyState.
const stateOpen = 1

// events are the names of the events, each handled by the property that is called "on" and the name.
var events = [...]string{"open", "message", "error", "close"}

// New begins to open a WebSocket. The error is what JavaScript threw, such as for an URL that it does not allow here.
func New(url string, subprotocols []string, h Handler) (*Socket, error) {
	s := &Socket{handler: h}
	s.onEvent = js.FuncOf(func(_ js.Value, args []js.Value) any {
		s.event(args)
		return nil
	})
	if err := try(func() { s.open(url, subprotocols) }); err != nil {
		s.Release()
		return nil, err
	}
	return s, nil
}

// open is what New tries.
func (s *Socket) open(url string, subprotocols []string) {
	global := js.Global()
	s.bytes, s.buffer = get(global, "Uint8Array"), get(get(global, "ArrayBuffer"), "prototype")
	s.encoder = get(global, "TextEncoder").New()
	// A text may begin with U+FEFF, which a decoder would take for a byte order mark. The runtime's own does: a js.Value of a
	// string lacks it.
	s.decoder = get(global, "TextDecoder").New("utf-8", map[string]any{"ignoreBOM": true})
	protocols := make([]any, len(subprotocols))
	for i, p := range subprotocols {
		protocols[i] = p
	}
	s.ws = get(global, "WebSocket").New(url, protocols)
	set(s.ws, "binaryType", "arraybuffer")
	for _, name := range events {
		set(s.ws, "on"+name, s.onEvent)
	}
}

// event deals with an event. One that is not what it should be ends the connection.
func (s *Socket) event(args []js.Value) {
	err := try(func() {
		if len(args) == 0 {
			panic(unexpected("an event"))
		}
		switch e := args[0]; get(e, "type").String() {
		case "open":
			s.opened = true
			s.handler.Opened()
		case "message":
			s.handler.Received(s.message(get(e, "data")))
		case "close":
			s.handler.Closed(number(get(e, "code")), get(e, "reason").String())
		case "error":
			// It says nothing, and "close" follows; but not in Node.js 20 where nothing had been opened.
			if !s.opened {
				s.handler.Closed(codeAbnormal, "")
			}
		}
	})
	if err != nil {
		s.Close(0, "")
		s.handler.Closed(codeAbnormal, "")
	}
}

// message makes a Message of an event's data. Text becomes bytes at once: how many they are is to be known.
func (s *Socket) message(data js.Value) Message {
	if data.Type() == js.TypeString {
		data = s.encoder.Call("encode", data)
		return Message{Text: true, Len: number(get(data, "byteLength")), socket: s, data: data}
	}
	// A property of the class's, asked of data: that throws unless data is of the class.
	size := number(get(s.buffer, "byteLength", data))
	return Message{Len: size, socket: s, data: s.bytes.New(data)}
}

// Message is one that has come, and is left where JavaScript has it.
type Message struct {
	Text   bool // it is UTF-8
	Len    int  // in bytes
	socket *Socket
	data   js.Value // a Uint8Array
}

// Copy copies bytes of the message from the n-th on to p, as many as fit, and returns how many.
func (m Message) Copy(p []byte, n int) (copied int, err error) {
	p = p[:min(len(p), m.Len-n)]
	err = try(func() { copied = js.CopyBytesToGo(p, m.data.Call("subarray", n, n+len(p))) })
	if err == nil && copied < len(p) {
		err = unexpected("a Uint8Array")
	}
	m.socket.collect(copied)
	return copied, err
}

// Send sends a message, which JavaScript queues: see Buffered. A text must be UTF-8. Once the connection is being closed, what is
// sent is lost without an error: see Open.
func (s *Socket) Send(text bool, p []byte) error {
	s.collect(len(p))
	return try(func() {
		data := s.copied(p)
		if text {
			data = s.decoder.Call("decode", data)
		}
		s.ws.Call("send", data)
	})
}

// copied returns a Uint8Array with the bytes of p.
func (s *Socket) copied(p []byte) js.Value {
	data := s.bytes.New(len(p))
	js.CopyBytesToJS(data, p)
	return data
}

// Buffered returns how many bytes of what was sent have not been given to the network. It only grows once the connection is being
// closed.
func (s *Socket) Buffered() (n int, err error) {
	err = try(func() { n = number(get(s.ws, "bufferedAmount")) })
	return n, err
}

// Open reports whether messages can be sent.
func (s *Socket) Open() (open bool) {
	try(func() { open = number(get(s.ws, "readyState")) == stateOpen })
	return open
}

// Subprotocol returns the subprotocol that the server has chosen, once the Socket is open.
func (s *Socket) Subprotocol() string { return s.text("protocol") }

// Extensions returns the value of Sec-WebSocket-Extensions that the server has answered, once the Socket is open.
func (s *Socket) Extensions() string { return s.text("extensions") }

// text returns a property that is a string, or nothing.
func (s *Socket) text(name string) (text string) {
	try(func() {
		if v := get(s.ws, name); v.Type() == js.TypeString {
			text = v.String()
		}
	})
	return text
}

// Close begins the closing handshake behind what was sent, or gives up one that is being opened. The code is 1000 or 3000 to 4999, or 0
// for none, and a reason has at most 123 bytes of UTF-8: everything else is an error. It does nothing when it was called before.
func (s *Socket) Close(code int, reason string) error {
	return try(func() {
		if code == 0 {
			s.ws.Call("close")
			return
		}
		s.ws.Call("close", code, s.decoder.Call("decode", s.copied([]byte(reason))))
	})
}

// Release lets go of the handler. JavaScript ends what Close has begun without it. Function.prototype is a function that does
// nothing: Node's ws ends the process over an error for which there is no handler.
func (s *Socket) Release() {
	try(func() {
		nothing := get(get(js.Global(), "Function"), "prototype")
		for _, name := range events {
			set(s.ws, "on"+name, nothing)
		}
	})
	s.onEvent.Release()
}

// number returns a value that must be a number, not negative and of a size that JavaScript counts to.
func number(v js.Value) int {
	if v.Type() != js.TypeNumber {
		panic(unexpected("a number"))
	}
	f := v.Float()
	if !(f >= 0 && f <= 1<<53) {
		panic(unexpected("a number of that size"))
	}
	return int(f)
}
