package main

// This file holds rows about proxies.

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/gorilla/websocket"
)

// quiet is for servers whose clients fail on purpose.
var quiet = log.New(io.Discard, "", 0)

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// tunnel is an HTTP proxy. It notes what it was asked for, without ports.
func tunnel(asked *[]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RequestURI)
		*asked = append(*asked, fmt.Sprint(r.Method, " ", host, " ", r.Header["Proxy-Authorization"]))
		if r.Header.Get("Proxy-Authorization") == "Basic "+base64.StdEncoding.EncodeToString([]byte("bad:pw")) {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		server, err := net.Dial("tcp", r.RequestURI)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer server.Close()
		client, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		fmt.Fprint(client, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(server, client)
		io.Copy(client, server)
	})
}

// through tells how a Dialer gets through a proxy whose URL, but for its host, is given, to a server with TLS or without.
func through(proxyURL string, secureServer bool, change func(d *websocket.Dialer, note func(string))) func() any {
	return func() any {
		var asked []string
		pu, err := url.Parse(proxyURL)
		if err != nil {
			return err
		}
		server := httptest.NewUnstartedServer(http.HandlerFunc(greet))
		server.Config.ErrorLog = quiet
		scheme := "ws"
		if secureServer {
			server.StartTLS()
			scheme = "wss"
		} else {
			server.Start()
		}
		defer server.Close()
		var addr net.Addr
		if pu.Scheme == "socks5" {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			defer l.Close()
			addr = l.Addr()
			go socks(l, &asked)
		} else {
			proxy := httptest.NewUnstartedServer(tunnel(&asked))
			proxy.Config.ErrorLog = quiet
			if pu.Scheme == "https" {
				proxy.StartTLS()
			} else {
				proxy.Start()
			}
			defer proxy.Close()
			addr = proxy.Listener.Addr()
		}
		pu.Host = addr.String()
		d := &websocket.Dialer{Proxy: http.ProxyURL(pu), TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		if change != nil {
			change(d, func(s string) { asked = append(asked, s) })
		}
		c, _, err := d.Dial(scheme+"://"+server.Listener.Addr().String(), nil)
		if err != nil {
			return all("failed", asked)
		}
		defer c.Close()
		return all(read(c), asked)
	}
}

// socks is a SOCKS5 proxy (RFC 1928) for one connection.
func socks(l net.Listener, asked *[]string) {
	client, err := l.Accept()
	if err != nil {
		return
	}
	defer client.Close()
	br := bufio.NewReader(client)
	take := func(n int) []byte {
		b := make([]byte, n)
		io.ReadFull(br, b)
		return b
	}
	methods := take(int(take(2)[1]))
	if methods[len(methods)-1] == 2 {
		client.Write([]byte{5, 2})
		name := take(int(take(2)[1]))
		password := take(int(take(1)[0]))
		*asked = append(*asked, fmt.Sprintf("%s:%s", name, password))
		if string(name) == "bad" {
			client.Write([]byte{1, 1})
			return
		}
		client.Write([]byte{1, 0})
	} else {
		client.Write([]byte{5, 0})
	}
	head := take(4)
	*asked = append(*asked, fmt.Sprint(head))
	address := take(6)
	server, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: address[:4], Port: int(address[4])<<8 | int(address[5])})
	if err != nil {
		return
	}
	defer server.Close()
	client.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	go io.Copy(server, br)
	io.Copy(client, server)
}

// noteDial makes d note by what function it dials.
func noteDial(d *websocket.Dialer, note func(string)) {
	d.NetDialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		note("NetDialContext")
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
}

var proxies = []row{
	{"proxy: http", through("http://p", false, nil)},
	{"proxy: http, server with TLS", through("http://p", true, nil)},
	{"proxy: http, credentials", through("http://user:pw@p", false, nil)},
	{"proxy: http, credentials refused", through("http://bad:pw@p", false, nil)},
	{"proxy: http, NetDialContext", through("http://p", true, noteDial)},
	{"proxy: https", through("https://p", false, nil)},
	{"proxy: https, server with TLS", through("https://p", true, nil)},
	{"proxy: https, credentials refused", through("https://bad:pw@p", true, nil)},
	{"proxy: socks5", through("socks5://p", false, nil)},
	{"proxy: socks5, server with TLS", through("socks5://p", true, nil)},
	{"proxy: socks5, credentials", through("socks5://user:pw@p", false, nil)},
	{"proxy: socks5, credentials refused", through("socks5://bad:pw@p", false, nil)},
	{"proxy: socks5, NetDialContext", through("socks5://p", false, noteDial)},
	{"proxy: unknown scheme", through("gopher://p", false, nil)},
	{"proxy: error", func() any {
		d := websocket.Dialer{Proxy: func(*http.Request) (*url.URL, error) { return nil, io.ErrNoProgress }}
		_, resp, err := d.Dial("ws://127.0.0.1:1/", nil)
		return all(resp == nil, err == io.ErrNoProgress)
	}},
	{"proxy: none for this request", func() any {
		var asked []string
		l, stop := serve(anyOrigin, nil, func(c *websocket.Conn) {})
		defer stop()
		d := websocket.Dialer{Proxy: func(r *http.Request) (*url.URL, error) {
			asked = append(asked, r.Method, r.URL.Scheme, r.URL.Path)
			return nil, nil
		}}
		c, _, err := d.Dial(l+"/path", nil)
		if err == nil {
			c.Close()
		}
		return all(err, asked)
	}},
}
