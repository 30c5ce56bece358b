//go:build !js

package websocket_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// dial connects to a server of an example.
func dial(server *httptest.Server, header http.Header) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{Header: header}
	return d.Dial(context.Background(), server.URL)
}

// Middleware lasts as long as the function, whose request has a context that ends with the connection.
func ExampleUpgrader_Handler() {
	var upgrader websocket.Upgrader
	echo := upgrader.Handler(func(conn *websocket.Conn, r *http.Request) {
		for m, err := range conn.Messages(r.Context()) {
			if err != nil {
				return
			}
			conn.Write(r.Context(), m.Op, m.Data)
		}
	})
	done := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		defer fmt.Println("middleware ends")
		echo.ServeHTTP(w, r)
	}))
	defer server.Close()

	conn, _, err := dial(server, nil)
	if err != nil {
		log.Fatal(err)
	}
	conn.Write(context.Background(), websocket.OpText, []byte("hello"))
	reply, _ := conn.Read(context.Background())
	fmt.Printf("%s\n", reply.Data)
	conn.Close(websocket.StatusNormalClosure, "")
	<-done
	// Output:
	// hello
	// middleware ends
}

// A handler of one's own looks at the request first, and decides about the end.
func ExampleUpgrader_Upgrade() {
	sessions := map[string]string{"0123": "Ada"}
	var upgrader websocket.Upgrader
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("session")
		if err != nil || sessions[cookie.Value] == "" {
			http.Error(w, "log in first", http.StatusUnauthorized)
			return
		}
		conn, err := upgrader.Upgrade(w, r)
		if err != nil {
			return // the client has been answered
		}
		defer conn.CloseNow() // if nothing else has ended it
		conn.Write(r.Context(), websocket.OpText, []byte("hello, "+sessions[cookie.Value]))
		conn.Close(websocket.StatusNormalClosure, "that was all")
	}))
	defer server.Close()

	for _, cookie := range []string{"session=0123", "session=other"} {
		conn, resp, err := dial(server, http.Header{"Cookie": {cookie}})
		if err != nil {
			fmt.Println(resp.Status)
			continue
		}
		m, _ := conn.Read(context.Background())
		fmt.Println(string(m.Data))
		_, err = conn.Read(context.Background())
		fmt.Println(err)
	}
	// Output:
	// hello, Ada
	// websocket: closed by the peer: 1000 (normal closure): "that was all"
	// 401 Unauthorized
}

// Where many connections are idle, net/http's goroutine need not wait for each.
func ExampleUpgrader_DetachedHandler() {
	var upgrader websocket.Upgrader
	mux := http.NewServeMux()
	mux.Handle("/rooms/{room}", upgrader.DetachedHandler(func(conn *websocket.Conn, r *http.Request) {
		conn.Write(conn.Context(), websocket.OpText, []byte("this is "+r.PathValue("room")))
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	conn, _, err := websocket.Dial(context.Background(), server.URL+"/rooms/kitchen")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	m, _ := conn.Read(context.Background())
	fmt.Printf("%s\n", m.Data)
	// Output: this is kitchen
}

// Stopping a server: all connections are told, and both Shutdowns have returned when every function has.
func ExampleUpgrader_Shutdown() {
	var upgrader websocket.Upgrader
	server := httptest.NewServer(upgrader.Handler(func(conn *websocket.Conn, r *http.Request) {
		defer fmt.Println("the function has saved its work")
		conn.Write(r.Context(), websocket.OpText, []byte("welcome"))
		conn.CloseRead(r.Context())
		<-r.Context().Done()
	}))
	conn, _, err := dial(server, nil)
	if err != nil {
		log.Fatal(err)
	}
	conn.Read(context.Background())
	conn.CloseRead(context.Background())
	fmt.Println(upgrader.Len(), "connection")

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	server.Config.Shutdown(ctx) // no new ones
	if err := upgrader.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	_, err = conn.Read(context.Background())
	fmt.Println("the client sees", websocket.CloseStatus(err))
	// Output:
	// 1 connection
	// the function has saved its work
	// the client sees 1001 (going away)
}

// The reason travels with the code. An error says what was left when the time was up.
func ExampleUpgrader_ShutdownWith() {
	var upgrader websocket.Upgrader
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := upgrader.ShutdownWith(ctx, websocket.StatusServiceRestart, "back in a minute")
	var left *websocket.ShutdownError
	switch {
	case errors.As(err, &left):
		fmt.Println(left.Cut, "connections were cut,", left.Running, "functions still run")
	case err == nil:
		fmt.Println("all have ended")
	}
	// Output: all have ended
}

// A function that stops the server it belongs to does not wait for itself.
func ExampleErrShutdownInside() {
	var upgrader websocket.Upgrader
	result := make(chan error, 1)
	server := httptest.NewServer(upgrader.Handler(func(conn *websocket.Conn, r *http.Request) {
		result <- upgrader.Shutdown(context.Background())
	}))
	defer server.Close()
	conn, _, err := dial(server, nil)
	if err != nil {
		log.Fatal(err)
	}
	conn.CloseRead(context.Background())
	fmt.Println(errors.Is(<-result, websocket.ErrShutdownInside))
	// Output: true
}

// Every open connection, for a broadcast that is rare. Where it is frequent, keep a list of those who want it.
func ExampleUpgrader_All() {
	var upgrader websocket.Upgrader
	opened := make(chan bool)
	server := httptest.NewServer(upgrader.DetachedHandler(func(conn *websocket.Conn, r *http.Request) {
		conn.CloseRead(context.Background())
		opened <- true
		<-conn.Context().Done()
	}))
	defer server.Close()
	conn, _, err := dial(server, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	<-opened
	for c := range upgrader.All() {
		c.Write(context.Background(), websocket.OpText, []byte("the server stops at noon"))
	}
	m, _ := conn.Read(context.Background())
	fmt.Printf("%d: %s\n", upgrader.Len(), m.Data)
	// Output: 1: the server stops at noon
}

// Fields that cannot mean what was wanted are found at the start.
func ExampleUpgrader_Validate() {
	upgrader := websocket.Upgrader{Origins: []string{"www.example.com", "https://example.com/"}}
	if err := upgrader.Validate(); err != nil {
		fmt.Println(strings.Contains(err.Error(), `"https://example.com/"`))
	}
	// Output: true
}

// Origins and subprotocols that depend on the request, and a refusal that the client's program can read.
func ExampleUpgrader_choices() {
	upgrader := websocket.Upgrader{
		CheckOrigin: func(r *http.Request, allowed bool) bool {
			return allowed || r.Header.Get("Origin") == "https://tenant.example" // from a database
		},
		SelectSubprotocol: func(r *http.Request, offered []string) string {
			if i := slices.IndexFunc(offered, func(p string) bool { return strings.HasPrefix(p, "token.") }); i >= 0 {
				return offered[i] // a browser's only way to send one, which wants it back
			}
			return ""
		},
		OnRefuse: func(r *http.Request, err *websocket.HandshakeError) {
			fmt.Println("refused:", r.URL.Path, err.Status)
			err.Header = http.Header{"Content-Type": {"application/json"}}
			err.Body = []byte(`{"error":"go away"}`)
		},
	}
	server := httptest.NewServer(upgrader.Handler(func(conn *websocket.Conn, r *http.Request) {
		fmt.Println("subprotocol", conn.Subprotocol())
	}))
	defer server.Close()

	_, resp, err := dial(server, http.Header{"Origin": {"https://evil.example"}})
	if err == nil {
		log.Fatal("accepted")
	}
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))

	d := websocket.Dialer{Subprotocols: []string{"token.abc"}, Header: http.Header{"Origin": {"https://tenant.example"}}}
	conn, _, err := d.Dial(context.Background(), server.URL)
	if err != nil {
		log.Fatal(err)
	}
	conn.Read(context.Background())
	// Output:
	// refused: / 403
	// 403 {"error":"go away"}
	// subprotocol token.abc
}

// One address for pages and connections.
func ExampleIsUpgrade() {
	var upgrader websocket.Upgrader
	connections := upgrader.Handler(func(conn *websocket.Conn, r *http.Request) { fmt.Println("a connection") })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if websocket.IsUpgrade(r) {
			fmt.Println("asks for", websocket.Subprotocols(r))
			connections.ServeHTTP(w, r)
			return
		}
		io.WriteString(w, "a page")
	}))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	page, _ := io.ReadAll(resp.Body)
	fmt.Println(string(page))
	d := websocket.Dialer{Subprotocols: []string{"chat"}}
	if conn, _, err := d.Dial(context.Background(), server.URL); err == nil {
		conn.Read(context.Background())
	}
	// Output:
	// a page
	// asks for [chat]
	// a connection
}

// The same origins may use what the server offers over plain HTTP.
func ExampleUpgrader_AllowsOrigin() {
	upgrader := websocket.Upgrader{Origins: []string{"www.example.com"}}
	r := httptest.NewRequest("POST", "https://api.example.com/poll", nil)
	for _, origin := range []string{"https://www.example.com", "https://evil.example"} {
		r.Header.Set("Origin", origin)
		fmt.Println(upgrader.AllowsOrigin(r))
	}
	// Output:
	// true
	// false
}

// A server that reads HTTP itself has a request judged, sends the response, and makes a Conn of what is left.
func ExampleUpgrader_Handshake() {
	var upgrader websocket.Upgrader
	near, far := net.Pipe()
	go func() {
		br := bufio.NewReader(far)
		r, err := http.ReadRequest(br)
		if err != nil {
			log.Fatal(err)
		}
		agreed, resp, err := upgrader.Handshake(r)
		resp.Write(far) // in either case
		if err != nil {
			far.Close()
			return
		}
		behind, _ := br.Peek(br.Buffered())
		conn := websocket.ServerConn(far, &upgrader.Options, agreed, behind)
		conn.Write(context.Background(), websocket.OpText, []byte("welcome"))
		conn.CloseRead(context.Background())
	}()

	d := websocket.Dialer{DialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
	conn, _, err := d.Dial(context.Background(), "ws://server.example/")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	m, _ := conn.Read(context.Background())
	fmt.Printf("%s\n", m.Data)
	// Output: welcome
}

// Without net/http: the callback sees the request, also as net/http would show it, and an error of it refuses with the
// status, the fields and the body that it names.
func ExampleRequest_HTTPRequest() {
	upgrader := websocket.Upgrader{MaxRequestHead: 256 << 10} // for cookies of unusual size
	accept := func(r *websocket.Request) error {
		session, err := r.HTTPRequest().Cookie("session")
		if err != nil || session.Value != "0123" {
			return &websocket.HandshakeError{
				Status: http.StatusUnauthorized,
				Header: http.Header{"Content-Type": {"application/json"}},
				Body:   []byte(`{"error":"log in first"}`),
			}
		}
		return nil
	}
	for _, cookie := range []string{"session=0123", ""} {
		near, far := net.Pipe()
		go func() {
			conn, err := upgrader.UpgradeConn(context.Background(), far, accept)
			if err != nil {
				return // far has been closed
			}
			conn.Write(context.Background(), websocket.OpText, []byte("welcome"))
			conn.CloseRead(context.Background())
		}()
		d := websocket.Dialer{
			Header:      http.Header{"Cookie": {cookie}},
			DialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil },
		}
		conn, resp, err := d.Dial(context.Background(), "ws://server.example/")
		if err != nil {
			body, _ := io.ReadAll(resp.Body)
			fmt.Println(resp.StatusCode, string(body))
			continue
		}
		m, _ := conn.Read(context.Background())
		fmt.Println(string(m.Data))
		conn.CloseNow()
	}
	// Output:
	// welcome
	// 401 {"error":"log in first"}
}

// An HTTP/2 server sends the response by its own means and gives the stream. This one is a pipe whose other end plays the
// client.
func ExampleUpgrader_AcceptStream() {
	var upgrader websocket.Upgrader
	r := &http.Request{
		Method: http.MethodConnect, ProtoMajor: 2, Host: "server.example",
		Header: http.Header{"Sec-Websocket-Version": {"13"}},
	}
	near, far := net.Pipe()
	conn, err := upgrader.AcceptStream(r, "websocket", func(resp *http.Response) (net.Conn, error) {
		fmt.Println(resp.StatusCode)
		return near, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	client := websocket.ClientConn(far, nil, websocket.Agreement{}, nil)
	defer client.CloseNow()
	go client.Write(context.Background(), websocket.OpText, []byte("hello"))
	m, _ := conn.Read(context.Background())
	fmt.Printf("%s\n", m.Data)
	// Output:
	// 200
	// hello
}

// statusWriter is middleware that wants to know the status, which for connections is not written through it.
type statusWriter struct {
	http.ResponseWriter
	status int
}

var _ websocket.SwitchObserver = (*statusWriter)(nil)

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
func (w *statusWriter) SwitchedProtocols() { w.status = http.StatusSwitchingProtocols }

func ExampleSwitchObserver() {
	var upgrader websocket.Upgrader
	h := upgrader.Handler(func(conn *websocket.Conn, r *http.Request) {})
	done := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sw := &statusWriter{ResponseWriter: w}
		h.ServeHTTP(sw, r)
		fmt.Println("status", sw.status)
		close(done)
	}))
	defer server.Close()
	conn, _, err := dial(server, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	<-done
	// Output: status 101
}
