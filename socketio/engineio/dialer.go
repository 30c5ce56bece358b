package engineio

// This file holds how a client opens a session. What it does on polling is in dialer_polling.go, and its way to WebSocket in
// dialer_upgrade.go. The session itself is the server's: it belongs to a Server of its own, which serves no request and knows what is
// going on, until nothing is left.

import (
	"cmp"
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// DefaultClientPayload is what a zero in Dialer.MaxPayload stands for, in bytes.
const DefaultClientPayload = 16 << 20

// ErrFull is what a client's Send returns when too much waits for the server: see Dialer.WriteBuffer. The session goes on.
var ErrFull = errors.New("engineio: too much waits for the server")

// Dialer opens sessions as a client. The zero value is right for most. Its methods may be called by several goroutines at once; its
// fields must not be changed meanwhile.
type Dialer struct {
	// Transports are those that may be used. They are tried in this order until a session is open; one on Polling then moves to WebSocket
	// if that is among them and the server offers it. nil means Polling, then WebSocket.
	Transports []Transport

	// Header holds further fields of every request.
	Header http.Header

	// HTTP sends the requests of polling. nil means one that takes the proxies, TLS, DialContext and Jar of WebSocket, and whose connections
	// end with the session.
	HTTP *http.Client

	// WebSocket makes the connections of WebSocket. nil means the zero Dialer. Where neither it nor HTTP has a jar for cookies, each session
	// has one, so that load balancers recognize it. ReadLimit, WriteBuffer and Header are those below.
	WebSocket *websocket.Dialer

	// MaxPayload is the most bytes that a message of the server, and the body of a response, may have. 0 means 16 MiB.
	MaxPayload int64

	// WriteBuffer bounds the bytes that wait for the server. When there are more, Send fails with ErrFull. One message of any size is
	// taken when nothing waits. 0 means 1 MiB.
	WriteBuffer int

	// UpgradeTimeout is how long a server may take to answer the probe of an upgrade. After that the session stays on polling. 0 means
	// 10 seconds.
	UpgradeTimeout time.Duration

	// Logger gets what has no other place to go. nil means slog.Default.
	Logger *slog.Logger
}

var (
	errScheme    = errors.New("engineio: the URL's scheme is neither http, https, ws nor wss")
	errTransport = errors.New("engineio: no transport")
	errOpening   = errors.New("engineio: the server has opened no session")
)

// client is what a session has that this side has opened.
type client struct {
	dialer     *Dialer
	websocket  websocket.Dialer
	http       *http.Client
	own        *http.Transport // of http; nil if it is the application's
	target     url.URL         // for polling, without the parameters of a request
	maxPayload int             // of a request's body; 0 is no bound
	interval   time.Duration   // of the server's pings
	timeout    time.Duration   // how much longer one may take
	ctx        context.Context // of the requests
	cancel     context.CancelFunc

	// guarded by the session's mu
	conn    *websocket.Conn // nil while the session is on polling
	pausing bool            // no request is to be made any more
	posts   bool            // the loop of POSTs runs
	loops   int             // that make requests
	still   chan struct{}   // closed when there is none; nil unless somebody waits
}

// opening is what the packet says that opens a session.
type serverOpening struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int64    `json:"pingInterval"` // milliseconds
	PingTimeout  int64    `json:"pingTimeout"`  // milliseconds
	MaxPayload   int      `json:"maxPayload"`   // bytes
}

// Dial opens a session with a server, whose messages go to h. rawURL has the scheme http, https, ws or wss, and the path of the server,
// which is /engine.io/ or /socket.io/ for most; its query is kept. ctx bounds the opening only, and its values are those of
// Session.Context. The error tells of all transports that were tried. One that the server has answered with is an *Error; one of
// WebSocket's opening handshake is that of websocket.Dialer.
//
// The session answers pings, and ends with PingTimeout when none comes for the server's interval and timeout together. It has no
// Request.
func (d *Dialer) Dial(ctx context.Context, rawURL string, h Handler) (*Session, error) {
	target, err := parseTarget(rawURL)
	if err != nil {
		return nil, err
	}
	transports := d.transports()
	if len(transports) == 0 {
		return nil, errTransport
	}
	var all []error
	for _, t := range transports {
		s, err := d.dial(ctx, t, target, h)
		if err == nil {
			return s, nil
		}
		all = append(all, err)
		if ctx.Err() != nil {
			break
		}
	}
	if len(all) == 1 {
		return nil, all[0]
	}
	return nil, errors.Join(all...)
}

// transports returns Transports, or what nil stands for.
func (d *Dialer) transports() []Transport {
	if d.Transports == nil {
		return []Transport{Polling, WebSocket}
	}
	return d.Transports
}

// parseTarget parses the URL of a server.
func parseTarget(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("engineio: %w", err)
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "ws":
		u.Scheme = "http"
	case "https", "wss":
		u.Scheme = "https"
	default:
		return nil, errScheme
	}
	u.Fragment = ""
	return u, nil
}

// dial opens a session on one transport.
func (d *Dialer) dial(ctx context.Context, t Transport, target *url.URL, h Handler) (*Session, error) {
	s := d.newSession(ctx, target, h)
	var err error
	switch t {
	case Polling:
		err = s.openByPolling(ctx)
	case WebSocket:
		err = s.openByWebSocket(ctx)
	default:
		err = fmt.Errorf("%w: %.40q", errTransport, t)
	}
	if err != nil {
		s.client.end()
		return nil, err
	}
	return s, nil
}

// newSession returns a session that is going to be opened.
func (d *Dialer) newSession(ctx context.Context, target *url.URL, h Handler) *Session {
	srv := &Server{handler: h, sessions: make(map[string]*Session)}
	srv.opts = (&Options{
		WriteBuffer: d.WriteBuffer, MaxPayload: cmp.Or(max(d.MaxPayload, 0), DefaultClientPayload),
		UpgradeTimeout: d.UpgradeTimeout, Logger: d.Logger,
	}).withDefaults()
	srv.clock.epoch = time.Now()
	c := &client{dialer: d, target: *target}
	c.setDialers(srv)
	ctx = context.WithoutCancel(ctx)
	c.ctx, c.cancel = context.WithCancel(ctx)
	return &Session{srv: srv, client: c, values: ctx, calling: true} // until Open has been called, as a server's
}

// setDialers makes what opens connections out of the Dialer's fields.
func (c *client) setDialers(srv *Server) {
	if c.dialer.WebSocket != nil {
		c.websocket = *c.dialer.WebSocket
	}
	c.websocket.ReadLimit, c.websocket.WriteBuffer = srv.opts.MaxPayload, srv.opts.WriteBuffer
	c.websocket.Header = maps.Clone(c.websocket.Header)
	if c.websocket.Header == nil {
		c.websocket.Header = make(http.Header)
	}
	maps.Copy(c.websocket.Header, c.dialer.Header)
	if h := c.dialer.HTTP; h != nil {
		c.http = h
		if c.websocket.Jar == nil {
			c.websocket.Jar = h.Jar
		}
		return
	}
	if c.websocket.Jar == nil {
		c.websocket.Jar, _ = cookiejar.New(nil) // it does not fail
	}
	c.own = &http.Transport{
		DialContext: c.websocket.DialContext, Proxy: c.websocket.Proxy, TLSClientConfig: c.websocket.TLS,
		ProxyConnectHeader: c.websocket.ProxyHeader, TLSHandshakeTimeout: websocket.DefaultHandshakeTimeout,
		IdleConnTimeout: 4 * time.Second, // before a server in Node closes it, after 5
	}
	if c.own.Proxy == nil {
		c.own.Proxy = http.ProxyFromEnvironment
	}
	if c.own.TLSClientConfig != nil {
		c.own.TLSClientConfig = c.own.TLSClientConfig.Clone() // net/http changes it
	}
	c.http = &http.Client{Transport: c.own, Jar: c.websocket.Jar}
}

// url returns the URL of a request.
func (c *client) url(t Transport, sid string) string {
	u := c.target
	q := u.Query()
	q.Set("EIO", "4")
	q.Set("transport", string(t))
	if sid != "" {
		q.Set("sid", sid)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// end ends what the session has of polling.
func (c *client) end() {
	c.cancel()
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// welcome takes the packet that opens the session, tells the Handler, and starts the heartbeat. set, with mu held, puts the session on its
// transport.
func (s *Session) welcome(p packet, ok bool, set func()) (o serverOpening, err error) {
	opened := s.srv.clock.now()
	if !ok || p.kind != packetOpen || json.Unmarshal(p.data, &o) != nil || o.SID == "" {
		return o, errOpening
	}
	c := s.client
	s.id = o.SID
	c.maxPayload = max(o.MaxPayload, 0)
	c.interval, c.timeout = milliseconds(o.PingInterval), milliseconds(o.PingTimeout)
	s.mu.Lock()
	set()
	s.mu.Unlock()
	s.srv.remember(s)
	context.AfterFunc(s.Context(), s.lastRequests)
	s.open()
	s.mu.Lock()
	s.awaitPing(opened)
	s.mu.Unlock()
	return o, nil
}

// milliseconds returns a duration that a server has sent, which is at most a day.
func milliseconds(n int64) time.Duration {
	return min(time.Duration(max(n, 0)), 24*time.Hour/time.Millisecond) * time.Millisecond
}

// greeting takes the first message of a connection on WebSocket.
type greeting struct {
	s    *Session
	conn *websocket.Conn
	done chan error // has room for one
}

func (g *greeting) receive(op websocket.Opcode, data []byte) driven {
	p, ok := parsePacket(data)
	_, err := g.s.welcome(p, ok && op == websocket.OpText, func() { g.s.link, g.s.client.conn = g.conn, g.conn })
	g.done <- err
	if err != nil {
		return nil
	}
	return g.s
}

func (g *greeting) ended(err error) { g.done <- err }

func (g *greeting) awaitReading() {}

// openByWebSocket opens the session on WebSocket.
func (s *Session) openByWebSocket(ctx context.Context) error {
	c, _, err := s.client.websocket.Dial(ctx, s.client.url(WebSocket, ""))
	if err != nil {
		return err
	}
	g := &greeting{s, c, make(chan error, 1)}
	s.drive(c, g)
	select {
	case err := <-g.done:
		return err
	case <-ctx.Done():
	}
	c.CloseNow()
	if <-g.done == nil { // it was open in the meantime
		s.Close()
	}
	return context.Cause(ctx)
}

// drive drives d, until the session has moved or ended, on a goroutine that Shutdown waits for.
func (s *Session) drive(c *websocket.Conn, d driven) {
	s.run(func() { drive(c, d) })
}

// run runs f on a goroutine that Shutdown waits for. The session is open, or being opened.
func (s *Session) run(f func()) {
	s.srv.mu.Lock()
	s.srv.busy++
	s.srv.mu.Unlock()
	go func() {
		defer s.srv.leave()
		f()
	}()
}

// awaitPing begins to wait for a ping. It is due an interval from now; when it has not come, and nothing else, for a timeout more, the
// session ends. mu is held.
func (s *Session) awaitPing(now time.Duration) {
	if s.end == nil && s.client.interval+s.client.timeout > 0 {
		s.srv.clock.arm(s, pingDue, now+s.client.interval)
	}
}

// sample notes how much has come, and whether the Handler keeps this side from reading. mu is held.
func (s *Session) sample() {
	s.beat.in, _ = s.moved()
	s.beat.busy = s.calling
}

// expireClient ends the session when no ping has come for too long, unless the Handler kept this side from reading it, or something
// else is arriving, behind which it may be. mu is held, and released.
func (s *Session) expireClient(at time.Duration) {
	in, _ := s.moved()
	alive := s.beat.due == pingDue || s.calling || s.beat.busy || in != s.beat.in
	tell := !alive && s.finish(PingTimeout, nil, byLoss)
	if alive {
		s.sample()
		s.srv.clock.arm(s, pongDue, at+s.client.timeout)
	}
	s.mu.Unlock()
	if tell {
		go s.tell()
	}
}

// pongFrame is a pong as WebSocket has it.
var pongFrame = []byte{packetPong}

// answer answers a ping, and begins to wait for the next. On WebSocket it waits for room, at most as long as the connection lives.
func (s *Session) answerPing() {
	s.mu.Lock()
	s.awaitPing(s.srv.clock.now())
	if s.end == nil && s.polling != nil {
		s.polling.packet(packetPong)
		s.polling.signal()
		s.mu.Unlock()
		return
	}
	c := s.client.conn
	s.mu.Unlock()
	if c == nil {
		return
	}
	first, err := c.Queue(websocket.OpText, pongFrame)
	switch {
	case errors.Is(err, websocket.ErrBackpressure):
		s.run(func() { c.Write(s.Context(), websocket.OpText, pongFrame) })
	case first:
		c.Send()
	}
}

// Shutdown closes a session that a Dialer has opened, as Close does, and returns when nothing of it is left: no request, no connection,
// and Handler.Close has returned. When ctx ends before, it cuts what is left and returns the context's error. It must not be called by
// the Handler.
func (s *Session) Shutdown(ctx context.Context) error {
	s.Close()
	if s.client == nil {
		return nil
	}
	quiet := s.srv.close()
	select {
	case <-quiet:
		return nil
	case <-ctx.Done():
	}
	s.client.cancel()
	s.mu.Lock()
	conn := s.client.conn
	s.mu.Unlock()
	if conn != nil {
		conn.CloseNow()
	}
	return context.Cause(ctx)
}

// mayUpgrade reports whether the session may move to WebSocket, by what the server has said.
func (c *client) mayUpgrade(o *serverOpening) bool {
	return slices.Contains(c.dialer.transports(), WebSocket) && slices.Contains(o.Upgrades, string(WebSocket))
}
