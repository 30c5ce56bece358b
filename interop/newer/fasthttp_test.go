package newer

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// upgradeWith makes a fasthttp handler of an Upgrader: the opening handshake without I/O, in the terms of fasthttp.
func upgradeWith(up *websocket.Upgrader, f func(*websocket.Conn)) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		var r http.Request
		if err := fasthttpadaptor.ConvertRequest(ctx, &r, true); err != nil {
			ctx.Error(err.Error(), http.StatusBadRequest)
			return
		}
		agreed, resp, err := up.Handshake(&r)
		ctx.Response.SetStatusCode(resp.StatusCode)
		for name, values := range resp.Header {
			for _, v := range values {
				ctx.Response.Header.Add(name, v)
			}
		}
		if err != nil {
			body, _ := io.ReadAll(resp.Body)
			ctx.Response.SetBody(body)
			return
		}
		ctx.Hijack(func(nc net.Conn) { // nc begins with what was read behind the request
			conn := websocket.ServerConn(nc, &up.Options, agreed, nil)
			f(conn)
			conn.Close(websocket.StatusNormalClosure, "")
		})
	}
}

// TestFasthttp protects the handshake without I/O: a server of another HTTP makes a connection that has a subprotocol and
// compresses, and refuses what is none.
func TestFasthttp(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	up := &websocket.Upgrader{
		Subprotocols: []string{"chat"}, Options: websocket.Options{Compression: &compress.Options{}},
	}
	s := &fasthttp.Server{Handler: upgradeWith(up, func(conn *websocket.Conn) {
		for m, err := range conn.Messages(conn.Context()) {
			if err == nil {
				conn.Write(conn.Context(), m.Op, m.Data)
			}
		}
	})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	defer func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()

	d := websocket.Dialer{
		Subprotocols: []string{"other", "chat"}, Options: websocket.Options{Compression: &compress.Options{}},
	}
	c, _, err := d.Dial(t.Context(), "ws://"+ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, compressed := c.Compression(); !compressed || c.Subprotocol() != "chat" {
		t.Errorf("compressed: %v, subprotocol %q", compressed, c.Subprotocol())
	}
	long := strings.Repeat("squeeze me ", 1000)
	for _, want := range []string{"short", long, long} {
		if err := c.Write(t.Context(), websocket.OpText, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if m, err := c.Read(t.Context()); err != nil || string(m.Data) != want {
			t.Fatalf("%.20q, %v; want %.20q", m.Data, err, want)
		}
	}
	if in := c.Stats().BytesIn; in > 1000 {
		t.Errorf("%d bytes travelled", in)
	}
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}

	resp, err := http.Get("http://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 400 || !strings.Contains(string(body), "Connection is missing") {
		t.Errorf("%s %q", resp.Status, body)
	}
	http.DefaultClient.CloseIdleConnections()
}
