package engineio

// This file holds the options, and what a zero in them stands for.

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// The values that a zero in Options stands for. They are those of the Node implementation, but for WriteBuffer, which it does not have.
const (
	DefaultPingInterval    = 25 * time.Second
	DefaultPingTimeout     = 20 * time.Second
	DefaultUpgradeTimeout  = 10 * time.Second
	DefaultMaxPayload      = 1_000_000 // bytes
	DefaultWriteBuffer     = 1 << 20   // bytes
	DefaultBodyTimeout     = 30 * time.Second
	DefaultHTTPCompression = 1024 // bytes
)

// Options configure a Server. The zero value is right for most. They are read by NewServer and when a session begins; do not
// change what they point to afterwards.
type Options struct {
	PingInterval   time.Duration // between the server's pings, the first after the handshake
	PingTimeout    time.Duration // for the pong; it begins again, with a ping, when any byte has come, or Handler.Message was running
	UpgradeTimeout time.Duration // from the opening of a second transport to the end of its probe
	BodyTimeout    time.Duration // for the body of a POST request, and a second more for each 4 KiB that have come

	// MaxPayload is the most bytes that a message, and the body of a POST request, may have. The client is told. A larger one ends the
	// session: 413 is the answer to a request, and 1009 the code on WebSocket.
	MaxPayload int64

	// WriteBuffer bounds the bytes that wait for a client. A client that does not keep up is closed with the reason
	// TransportError. One message, or one Prepared, of any size is taken when nothing waits.
	WriteBuffer int

	// Transports are those that are offered; nil means both. With WebSocket alone, no polling request is served.
	Transports []Transport

	// Origins are the other origins whose pages may connect, as in websocket.Upgrader. They govern WebSocket and, by
	// cross-origin resource sharing, polling. "*" alone stands for every origin, without credentials.
	Origins []string

	// Credentials lets the pages of Origins send cookies.
	Credentials bool

	// CheckOrigin, if not nil, has the last word about the origin of every request. allowed is what Origins says, and true
	// where there is no Origin.
	CheckOrigin func(r *http.Request, allowed bool) bool

	// Cookie, if not nil, is set by the handshake's response with the session's identifier as its value, for load
	// balancers that keep a session with its server.
	Cookie *http.Cookie

	// Accept, if not nil, decides about every handshake, inside of ServeHTTP, and gives what Session.Value returns. An error
	// refuses it with Forbidden; the text of an *Error is sent, no other.
	Accept func(r *http.Request) (value any, err error)

	// OnRefuse, if not nil, is called with every request that is refused, before it is answered. err wraps an *Error. The log gets a
	// line for each in any case. r is nil if the request could not be read, which only ServeConn can tell.
	OnRefuse func(r *http.Request, err error)

	// ForgetRequest drops Session.Request when Handler.Open has returned. That of a browser takes most of a kilobyte. What Accept
	// has returned stays.
	ForgetRequest bool

	// DetachPolls lets a poll that waits for something take its connection from net/http, as WebSocket does, and give it back with the response: it takes 12 kB
	// then, and not 32. Middleware sees requests that end at once, without a response; what writes behind handlers, as some that compresses, must not stand before the
	// Server. Over HTTP/2, and where a ResponseWriter does not give its connection, polls wait as ever.
	DetachPolls bool

	// Loops, if not 0, is how many event loops of package reactor serve WebSocket, in place of a goroutine for each session; a negative number
	// stands for GOMAXPROCS. A session that has nothing to do takes less memory then. The loops call the Handler, which must not wait: package
	// socketio's does not, whatever its handlers do. They start with the first session that is on WebSocket, and end with Shutdown. Polling has
	// goroutines as ever, until a session moves; so have sessions over TLS that net/http ends, over HTTP/2, and those of ServeConn. On Linux
	// the loops are told by epoll; elsewhere, and where a listener's connections are no plain sockets, they have two goroutines for each
	// connection, and save nothing.
	Loops int

	// Compression is permessage-deflate on WebSocket; nil means none. HTTPCompression is the least size in bytes of a
	// poll's response that is compressed; 0 means 1024, negative never.
	Compression     *compress.Options
	HTTPCompression int

	// Logger gets what has no other place to go. nil means slog.Default.
	Logger *slog.Logger
}

// withDefaults returns a copy of o, which may be nil, with a value in place of each zero that stands for one.
func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	d.PingInterval = cmp.Or(max(d.PingInterval, 0), DefaultPingInterval)
	d.PingTimeout = cmp.Or(max(d.PingTimeout, 0), DefaultPingTimeout)
	d.UpgradeTimeout = cmp.Or(max(d.UpgradeTimeout, 0), DefaultUpgradeTimeout)
	d.BodyTimeout = cmp.Or(max(d.BodyTimeout, 0), DefaultBodyTimeout)
	d.MaxPayload = cmp.Or(max(d.MaxPayload, 0), DefaultMaxPayload)
	d.WriteBuffer = cmp.Or(max(d.WriteBuffer, 0), DefaultWriteBuffer)
	d.HTTPCompression = cmp.Or(d.HTTPCompression, DefaultHTTPCompression)
	if d.Transports == nil {
		d.Transports = []Transport{Polling, WebSocket}
	}
	return d
}

// offers reports whether a transport is offered.
func (o *Options) offers(t Transport) bool { return slices.Contains(o.Transports, t) }

// logger returns the logger.
func (o *Options) logger() *slog.Logger {
	if o.Logger != nil {
		return o.Logger
	}
	return slog.Default()
}
