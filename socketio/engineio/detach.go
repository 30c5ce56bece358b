package engineio

// This file holds polls that wait beside net/http (Options.DetachPolls). One for which there is nothing yet takes its connection from net/http, whose goroutine
// and buffers go. A goroutine with a small stack waits in a read, to learn of the connection's end; whoever has something for the client ends that read by a
// deadline. Then the goroutine writes the response, and gives the connection back to the same http.Server, as one that it has just accepted.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// detached is a poll that waits beside net/http.
type detached struct {
	session *Session
	polling *polling
	conn    net.Conn
	server  *http.Server
	request *http.Request // for the log
	header  http.Header   // of the response
	zips    bool
	last    bool // the connection ends with the response
}

// lingers is how long the client of a connection that ends has for reading the response.
const lingers = 500 * time.Millisecond

// longAgo is a deadline that ends a read at once.
var longAgo = time.Unix(1, 0)

// detach lets a poll wait beside net/http. It returns false if that is not possible: over HTTP/2, behind a ResponseWriter that does not give its connection.
func (s *Session) detach(w http.ResponseWriter, r *http.Request, p *polling) bool {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || r.ProtoMajor != 1 || r.ProtoMinor < 1 || r.ContentLength != 0 {
		return false
	}
	d := &detached{session: s, polling: p, server: server, header: w.Header().Clone(), zips: takesGzip(r), last: r.Close}
	nc, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	d.conn = nc
	d.last = d.last || in.Reader.Buffered() > 0 // a client that does not wait for the response has to ask again
	d.request = &http.Request{Method: r.Method, URL: r.URL, RemoteAddr: r.RemoteAddr, Header: http.Header{}}
	s.srv.again()
	go d.run()
	return true
}

// again is enter within a request that is being served.
func (s *Server) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy++
}

// run waits, answers, and gives the connection back, or ends it.
func (d *detached) run() {
	s := d.session
	body, refused := d.await()
	if s.Err() != nil {
		d.last = true // nothing follows, and http.Server.Shutdown does not wait for it
	}
	var err error
	if refused != nil {
		err = d.refuse(refused)
	} else if err = d.respond(http.StatusOK, d.payload(body)); err != nil {
		s.stop(TransportError, errors.Join(errPollUnwritten, err), byLoss)
	}
	s.srv.leave()
	if err != nil || d.last {
		d.hangUp()
		return
	}
	giveBack(d.server, d.conn)
}

// await is awaitOutput.
func (d *detached) await() ([]byte, *refusal) {
	s, p := d.session, d.polling
	var held *time.Timer
	for {
		body, probed, refused := s.takeOutput(p)
		if body != nil || refused != nil {
			return body, refused
		}
		if probed && held == nil {
			held = time.AfterFunc(holdProbed, func() { s.endHold(p) })
			defer held.Stop()
		}
		if !d.sleep() {
			d.last = true
			return nil, s.abortGet(p)
		}
	}
}

// sleep waits until there may be something for the client. It returns false at the end of the connection.
func (d *detached) sleep() bool {
	if d.last { // nothing more is read
		<-d.polling.wake
		return true
	}
	if !d.lieDown() {
		return true
	}
	var one [1]byte
	n, err := d.conn.Read(one[:])
	d.getUp()
	d.last = n > 0
	return n > 0 || errors.Is(err, os.ErrDeadlineExceeded)
}

// lieDown has signal end the read that follows. It returns false if there has been a signal.
func (d *detached) lieDown() bool {
	d.session.mu.Lock()
	defer d.session.mu.Unlock()
	select {
	case <-d.polling.wake:
		return false
	default:
	}
	d.conn.SetReadDeadline(time.Time{})
	d.polling.sleeper = d.conn
	return true
}

// getUp ends what lieDown began.
func (d *detached) getUp() {
	d.session.mu.Lock()
	defer d.session.mu.Unlock()
	d.polling.sleeper = nil
	select {
	case <-d.polling.wake:
	default:
	}
}

// payload sets the header for a payload, and returns it as it is sent.
func (d *detached) payload(body []byte) []byte {
	return payload(d.header, d.zips, body, d.session.srv.opts.HTTPCompression)
}

// refuse answers a poll that is refused.
func (d *detached) refuse(why *refusal) error {
	d.session.srv.tellRefused(d.request, why)
	body, header := why.response()
	for name, values := range header {
		d.header[name] = values
	}
	return d.respond(why.status, body)
}

// respond writes a response.
func (d *detached) respond(status int, body []byte) error {
	d.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	d.header.Set("Content-Length", strconv.Itoa(len(body)))
	if d.last {
		d.header.Set("Connection", "close")
	}
	d.conn.SetDeadline(time.Now().Add(writeTimeout))
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	d.header.Write(&b)
	b.WriteString("\r\n")
	b.Write(body)
	_, err := d.conn.Write(b.Bytes())
	d.conn.SetDeadline(time.Time{})
	return err
}

// hangUp ends the connection. What the client has sent meanwhile is read away for a moment: otherwise a reset would destroy the response.
func (d *detached) hangUp() {
	defer d.conn.Close()
	if half, ok := d.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		d.conn.SetReadDeadline(time.Now().Add(lingers))
		io.CopyN(io.Discard, d.conn, 256<<10)
	}
}

// giveBack lets a server serve a connection that it has accepted before.
func giveBack(server *http.Server, conn net.Conn) {
	l := &only{conn: conn, addr: conn.LocalAddr()}
	server.Serve(l) // returns when the connection has its goroutine, or none because of Shutdown
	if l.conn != nil {
		l.conn.Close()
	}
}

// only is a listener with one connection.
type only struct {
	conn net.Conn // nil when it has been accepted
	addr net.Addr
}

func (l *only) Accept() (net.Conn, error) {
	c := l.conn
	if c == nil {
		return nil, net.ErrClosed
	}
	l.conn = nil
	return c, nil
}

func (l *only) Close() error   { return nil }
func (l *only) Addr() net.Addr { return l.addr }
