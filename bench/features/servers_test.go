package features

import (
	"net/http"
	"net/http/httptest"
	"testing"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/lesismal/nbio/logging"
	nbio "github.com/lesismal/nbio/nbhttp/websocket"
	"github.com/lxzan/gws"

	"github.com/seed-d69ae1b7/websocket"
)

// libraries are those of the table, in the order of its columns.
var libraries = []string{"this", "gorilla", "coder", "gws", "nbio"}

// echoes are echo servers of each library, by its defaults, but that compression is on, as far as it goes.
var echoes = map[string]http.HandlerFunc{
	"this":    ours,
	"gorilla": gorillaEcho,
	"coder":   coderEcho,
	"gws":     gwsEcho,
	"nbio":    nbioEcho,
}

// serve starts a server and returns its URL.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func ours(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{Options: websocket.Options{Compression: &websocket.CompressionOptions{}}}
	up.Handler(func(conn *websocket.Conn, r *http.Request) {
		for m, err := range conn.Messages(r.Context()) {
			if err != nil {
				return
			}
			conn.Write(r.Context(), m.Op, m.Data)
		}
	}).ServeHTTP(w, r)
}

func gorillaEcho(w http.ResponseWriter, r *http.Request) {
	up := gorilla.Upgrader{EnableCompression: true}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		op, p, err := c.ReadMessage()
		if err != nil || c.WriteMessage(op, p) != nil {
			return
		}
	}
}

func coderEcho(w http.ResponseWriter, r *http.Request) {
	c, err := coder.Accept(w, r, &coder.AcceptOptions{CompressionMode: coder.CompressionContextTakeover})
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		op, p, err := c.Read(r.Context())
		if err != nil || c.Write(r.Context(), op, p) != nil {
			return
		}
	}
}

// gwsHandler echoes.
type gwsHandler struct{ gws.BuiltinEventHandler }

func (gwsHandler) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = c.WriteMessage(m.Opcode, m.Bytes()) // an error ends the read loop
}

func gwsEcho(w http.ResponseWriter, r *http.Request) {
	takeover := gws.PermessageDeflate{Enabled: true, ServerContextTakeover: true, ClientContextTakeover: true}
	c, err := gws.NewUpgrader(gwsHandler{}, &gws.ServerOption{PermessageDeflate: takeover}).Upgrade(w, r)
	if err == nil {
		c.ReadLoop()
	}
}

func nbioEcho(w http.ResponseWriter, r *http.Request) {
	logging.SetLevel(logging.LevelNone)
	up := nbio.NewUpgrader()
	up.EnableCompression(true)
	up.OnMessage(func(c *nbio.Conn, op nbio.MessageType, p []byte) {
		_ = c.WriteMessage(op, p) // an error closes the connection
	})
	_, _ = up.Upgrade(w, r, nil) // an error has been answered
}

// writing returns a handler that calls f with what writes a binary message to a connection of the library, and then waits until
// the client has gone.
func writing(library string, f func(write func([]byte) error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch library {
		case "this":
			new(websocket.Upgrader).Handler(func(c *websocket.Conn, r *http.Request) {
				f(func(p []byte) error { return c.Write(r.Context(), websocket.OpBinary, p) })
				c.Read(r.Context())
			}).ServeHTTP(w, r)
		case "gorilla":
			if c, err := new(gorilla.Upgrader).Upgrade(w, r, nil); err == nil {
				f(func(p []byte) error { return c.WriteMessage(gorilla.BinaryMessage, p) })
				c.Close()
			}
		case "coder":
			if c, err := coder.Accept(w, r, nil); err == nil {
				f(func(p []byte) error { return c.Write(r.Context(), coder.MessageBinary, p) })
				c.Read(r.Context())
			}
		case "gws":
			if c, err := gws.NewUpgrader(gwsHandler{}, nil).Upgrade(w, r); err == nil {
				f(func(p []byte) error { return c.WriteMessage(gws.OpcodeBinary, p) })
				c.ReadLoop()
			}
		case "nbio":
			if c, err := nbio.NewUpgrader().Upgrade(w, r, nil); err == nil {
				f(func(p []byte) error { return c.WriteMessage(nbio.BinaryMessage, p) })
			}
		}
	}
}
