package main

// This file holds rows about the opening handshake of clients.

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// dialed tells what a server gets of a Dialer, and what the Dialer returns.
func dialed(d *websocket.Dialer, path string, header http.Header, shown ...string) func() any {
	return func() any {
		var got []any
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = append(got, r.Method, r.URL.String())
			for _, name := range shown {
				got = append(got, strings.ToLower(fmt.Sprint(r.Header.Values(name))))
			}
			if len(header["Host"]) > 0 {
				got = append(got, r.Host)
			}
			up := websocket.Upgrader{Subprotocols: []string{"b"}, CheckOrigin: func(*http.Request) bool { return true }}
			if c, err := up.Upgrade(w, r, nil); err == nil {
				c.Close()
			}
		}))
		defer s.Close()
		c, resp, err := d.Dial("ws"+s.URL[4:]+path, header)
		if err != nil {
			return all(resp == nil, err)
		}
		defer c.Close()
		body, _ := io.ReadAll(resp.Body)
		return append(got, told(err), c.Subprotocol(), resp.StatusCode, len(body))
	}
}

// badResponse tells what a Dialer makes of a response.
func badResponse(response string) func() any {
	return func() any {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		go func() {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			defer nc.Close()
			r, err := http.ReadRequest(bufio.NewReader(nc))
			if err == nil {
				fmt.Fprint(nc, strings.ReplaceAll(response, "ACCEPT", acceptKey(r.Header.Get("Sec-Websocket-Key"))))
			}
		}()
		c, resp, err := (&websocket.Dialer{}).Dial("ws://"+l.Addr().String(), nil)
		if resp == nil {
			return all(c == nil, "no response", err)
		}
		body, berr := io.ReadAll(resp.Body)
		return all(c == nil, resp.StatusCode, shortened(body), berr, err)
	}
}

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

// countedConn is a net.Conn that notes its Close.
type countedConn struct {
	net.Conn
	closed *atomic.Int32
}

func (c countedConn) Close() error {
	c.closed.Add(1)
	return c.Conn.Close()
}

var dials = []row{
	{"Dial: request", dialed(&websocket.Dialer{}, "/a%20b?c=d", nil, "Upgrade", "Connection", "Sec-Websocket-Version",
		"Sec-Websocket-Protocol", "Sec-Websocket-Extensions", "Origin", "Cookie")},
	{"Dial: header", dialed(&websocket.Dialer{}, "/", http.Header{"Origin": {"http://o"}, "Cookie": {"a=b"}, "X-A": {"1", "2"}},
		"Origin", "Cookie", "X-A")},
	{"Dial: Host", dialed(&websocket.Dialer{}, "/", http.Header{"Host": {"other.example"}})},
	{"Dial: User-Agent", dialed(&websocket.Dialer{}, "/", http.Header{"User-Agent": {"mine"}}, "User-Agent")},
	{"Dial: no User-Agent given", dialed(&websocket.Dialer{}, "/", nil, "User-Agent")},
	{"Dial: empty User-Agent", dialed(&websocket.Dialer{}, "/", http.Header{"User-Agent": {""}}, "User-Agent")},
	{"Dial: spelling of names", spelled(websocket.Dialer{Subprotocols: []string{"a"}}, http.Header{"x-UPPER-lower": {"1"}})},
	{"Dial: Proxy changes the header", dialed(&websocket.Dialer{Proxy: func(r *http.Request) (*url.URL, error) {
		r.Header["X-A"][0] = "changed"
		r.Header.Set("X-B", "added")
		return nil, nil
	}}, "/", http.Header{"X-A": {"1", "2"}}, "X-A", "X-B")},
	{"Dial: Subprotocols", dialed(&websocket.Dialer{Subprotocols: []string{"a", "b"}}, "/", nil, "Sec-Websocket-Protocol")},
	{"Dial: subprotocols that are no tokens", dialed(&websocket.Dialer{Subprotocols: []string{"a/1", "x y", "b", "b"}}, "/", nil,
		"Sec-Websocket-Protocol")},
	{"Dial: subprotocols in the header", dialed(&websocket.Dialer{}, "/", http.Header{"Sec-Websocket-Protocol": {"a, b"}},
		"Sec-Websocket-Protocol")},
	{"Dial: subprotocols in both", dialed(&websocket.Dialer{Subprotocols: []string{"a"}}, "/",
		http.Header{"Sec-Websocket-Protocol": {"b"}})},
	{"Dial: Upgrade in the header", dialed(&websocket.Dialer{}, "/", http.Header{"Upgrade": {"x"}})},
	{"Dial: Connection in the header", dialed(&websocket.Dialer{}, "/", http.Header{"Connection": {"x"}})},
	{"Dial: key in the header", dialed(&websocket.Dialer{}, "/", http.Header{"Sec-Websocket-Key": {"x"}})},
	{"Dial: extensions in the header", dialed(&websocket.Dialer{}, "/", http.Header{"Sec-Websocket-Extensions": {"x"}})},
	{"Dial: version in the header", dialed(&websocket.Dialer{}, "/", http.Header{"Sec-Websocket-Version": {"13"}})},
	{"Dial: compression", dialed(&websocket.Dialer{EnableCompression: true}, "/", nil, "Sec-Websocket-Extensions")},
	{"Dial: fragment", dialed(&websocket.Dialer{}, "/#f", nil)},
	{"Dial: nil", dialed(nil, "/", nil)},
	{"Dial: a header of another request", dialed(&websocket.Dialer{}, "/", http.Header{"Te": {"trailers"}, "Keep-Alive": {"5"}, "X-A": {"1"}},
		"X-A")},
	{"Dial: malformed URLs", func() any {
		var got []string
		for _, u := range []string{"http://h/", "https://h/", "h/path", "ws://user:pass@h/", "", "ws://h:port/", "://"} {
			_, resp, err := (&websocket.Dialer{}).Dial(u, nil)
			got = append(got, all(resp == nil, err))
		}
		return got
	}},
	{"Dial: nobody listens", func() any {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		l.Close()
		_, resp, err := (&websocket.Dialer{}).Dial("ws://"+l.Addr().String(), nil)
		return all(resp == nil, err)
	}},
	{"Dial: 200", badResponse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")},
	{"Dial: 401 with a long body", badResponse("HTTP/1.1 401 Unauthorized\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("x", 5000))},
	{"Dial: 403 without a length", badResponse("HTTP/1.1 403 Forbidden\r\n\r\nno")},
	{"Dial: no Upgrade", badResponse("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n")},
	{"Dial: wrong accept", badResponse(switching + "Sec-WebSocket-Accept: x\r\n\r\n")},
	{"Dial: subprotocol that was not asked for", badResponse(switching + "Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Protocol: x\r\n\r\n")},
	{"Dial: extension that was not asked for", badResponse(switching + "Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Extensions: x\r\n\r\n")},
	{"Dial: compression that was not asked for",
		badResponse(switching + "Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")},
	{"Dial: no HTTP", badResponse("SSH-2.0\r\n\r\n")},
	{"Dial: end of the stream", badResponse("")},
	{"Dial: frames behind the response", func() any {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		go func() {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			defer nc.Close()
			r, _ := http.ReadRequest(bufio.NewReader(nc))
			fmt.Fprint(nc, switching+"Sec-WebSocket-Accept: "+acceptKey(r.Header.Get("Sec-Websocket-Key"))+"\r\n\r\n\x81\x01a\x81\x01b")
		}()
		c, _, err := (&websocket.Dialer{}).Dial("ws://"+l.Addr().String(), nil)
		if err != nil {
			return err
		}
		defer c.Close()
		return all(read(c), read(c), read(c))
	}},
	{"Dial: context that has ended", func() any {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, resp, err := (&websocket.Dialer{}).DialContext(ctx, "ws://127.0.0.1:1/", nil)
		return all(resp == nil, err != nil)
	}},
	{"Dial: HandshakeTimeout", silent(func(url string) error {
		_, _, err := (&websocket.Dialer{HandshakeTimeout: time.Millisecond}).Dial(url, nil)
		return err
	})},
	{"Dial: context with a deadline", silent(func(url string) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, _, err := (&websocket.Dialer{}).DialContext(ctx, url, nil)
		return err
	})},
	{"Dial: cookies of the Jar", cookies(nil)},
	{"Dial: cookies of the Jar and of the header", cookies(http.Header{"Cookie": {"mine=2"}})},
	{"Dial: functions that dial", func() any {
		var used []string
		note := func(name string) func(context.Context, string, string) (net.Conn, error) {
			return func(ctx context.Context, network, addr string) (net.Conn, error) {
				used = append(used, name+" "+network+" "+addr)
				return nil, io.ErrClosedPipe
			}
		}
		plain := func(network, addr string) (net.Conn, error) { return note("NetDial")(nil, network, addr) }
		for _, d := range []websocket.Dialer{
			{NetDial: plain},
			{NetDial: plain, NetDialContext: note("NetDialContext")},
			{NetDial: plain, NetDialContext: note("NetDialContext"), NetDialTLSContext: note("NetDialTLSContext")},
			{NetDialTLSContext: note("NetDialTLSContext")},
		} {
			for _, url := range []string{"ws://127.0.0.1:1/", "wss://127.0.0.1:1/", "wss://127.0.0.1/"} {
				_, _, err := d.Dial(url, nil)
				used = append(used, fmt.Sprint(err == io.ErrClosedPipe))
			}
		}
		return used
	}},
	{"Dial: wss", overTLS(func(s *httptest.Server, pool *x509.CertPool) any {
		d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool}}
		c, _, err := d.Dial("wss"+s.URL[5:], nil)
		if err != nil {
			return err
		}
		defer c.Close()
		_, isTLS := c.UnderlyingConn().(*tls.Conn)
		return all(isTLS, c.NetConn() == c.UnderlyingConn(), read(c))
	})},
	{"Dial: wss, unknown authority", overTLS(func(s *httptest.Server, _ *x509.CertPool) any {
		_, resp, err := (&websocket.Dialer{}).Dial("wss"+s.URL[5:], nil)
		return all(resp == nil, err != nil)
	})},
	{"Dial: wss, another name", overTLS(func(s *httptest.Server, pool *x509.CertPool) any {
		d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "other.invalid"}}
		_, resp, err := d.Dial("wss"+s.URL[5:], nil)
		return all(resp == nil, err != nil)
	})},
	{"Dial: NetDialTLSContext", overTLS(func(s *httptest.Server, pool *x509.CertPool) any {
		d := websocket.Dialer{NetDialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return (&tls.Dialer{Config: &tls.Config{RootCAs: pool}}).DialContext(ctx, network, addr)
		}}
		c, _, err := d.Dial("wss"+s.URL[5:], nil)
		if err != nil {
			return err
		}
		defer c.Close()
		return read(c)
	})},
	{"Dial: closes what it has dialed when it fails", func() any {
		s := httptest.NewServer(http.NotFoundHandler())
		defer s.Close()
		var closed atomic.Int32
		d := websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
			nc, err := net.Dial(network, addr)
			return countedConn{nc, &closed}, err
		}}
		_, resp, err := d.Dial("ws"+s.URL[4:], nil)
		return all(resp.StatusCode, err, closed.Load() > 0)
	}},
	{"Dial: trace", func() any {
		url, stop := serve(anyOrigin, nil, func(*websocket.Conn) {})
		defer stop()
		var events []string
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			GetConn:              func(string) { events = append(events, "GetConn") },
			GotConn:              func(httptrace.GotConnInfo) { events = append(events, "GotConn") },
			GotFirstResponseByte: func() { events = append(events, "GotFirstResponseByte") },
		})
		c, _, err := (&websocket.Dialer{}).DialContext(ctx, url, nil)
		if err == nil {
			c.Close()
		}
		return all(err, events)
	}},
	{"NewClient", func() any {
		url_, stop := serve(&websocket.Upgrader{}, nil, func(c *websocket.Conn) { c.WriteMessage(1, []byte("hi")) })
		defer stop()
		u, _ := url.Parse(url_)
		nc, _ := net.Dial("tcp", u.Host)
		c, resp, err := websocket.NewClient(nc, u, http.Header{"Origin": {"http://" + u.Host}}, 100, 100)
		if err != nil {
			return err
		}
		defer c.Close()
		return all(resp.StatusCode, c.UnderlyingConn() == nc, read(c))
	}},
}

// spelled tells how the names of fields are spelled in a request.
func spelled(d websocket.Dialer, header http.Header) func() any {
	return func() any {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		names := make(chan []string, 1)
		go func() {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			defer nc.Close()
			var got []string
			for lines := bufio.NewScanner(nc); lines.Scan() && lines.Text() != ""; {
				name, _, _ := strings.Cut(lines.Text(), ": ")
				got = append(got, name)
			}
			slices.Sort(got)
			names <- got
		}()
		_, _, err = d.Dial("ws://"+l.Addr().String()+"/", header)
		return all(err != nil, <-names)
	}
}

// silent calls dial with the URL of a server that answers nothing.
func silent(dial func(url string) error) func() any {
	return func() any {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		err = dial("ws://" + l.Addr().String())
		ne, ok := err.(net.Error)
		return all(ok && ne.Timeout())
	}
}

// overTLS calls f with a server that speaks TLS, greets and closes.
func overTLS(f func(s *httptest.Server, pool *x509.CertPool) any) func() any {
	return func() any {
		s := httptest.NewUnstartedServer(http.HandlerFunc(greet))
		s.Config.ErrorLog = quiet
		s.StartTLS()
		defer s.Close()
		return f(s, s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs)
	}
}

// greet sends a message and waits for the client.
func greet(w http.ResponseWriter, r *http.Request) {
	c, err := anyOrigin.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	c.WriteMessage(websocket.TextMessage, []byte("hi"))
	c.ReadMessage()
}

// cookies tells which ones a server gets that sets one.
func cookies(header http.Header) func() any {
	return func() any {
		var sent []string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sent = append(sent, fmt.Sprint(r.Header["Cookie"]))
			if c, err := anyOrigin.Upgrade(w, r, http.Header{"Set-Cookie": {"session=1"}}); err == nil {
				c.Close()
			}
		}))
		defer s.Close()
		jar, _ := cookiejar.New(nil)
		d := websocket.Dialer{Jar: jar}
		for range 2 {
			if c, _, err := d.Dial("ws"+s.URL[4:], header); err == nil {
				c.Close()
			}
		}
		return sent
	}
}
