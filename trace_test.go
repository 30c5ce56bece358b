package websocket

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
)

// TestTraceMayAsk protects that every method of Conn that does no I/O may be called in every hook: none runs with a lock held.
// And that frames are told of in their order, each once.
func TestTraceMayAsk(t *testing.T) {
	asks := map[string]func(c *Conn){
		"Send":            func(c *Conn) { c.Send() },
		"SetValue":        func(c *Conn) { c.SetValue(1) },
		"Value":           func(c *Conn) { c.Value() },
		"SetWriteTimeout": func(c *Conn) { c.SetWriteTimeout(0) },
		"Stats":           func(c *Conn) { c.Stats() },
		"Context":         func(c *Conn) { c.Context() },
		"Buffered":        func(c *Conn) { c.Buffered() },
		"Subprotocol":     func(c *Conn) { c.Subprotocol() },
		"Compression":     func(c *Conn) { c.Compression() },
		"LocalAddr":       func(c *Conn) { c.LocalAddr() },
		"RemoteAddr":      func(c *Conn) { c.RemoteAddr() },
		"NetConn":         func(c *Conn) { c.NetConn() },
		"OnSocket":        func(c *Conn) { c.OnSocket() },
		"SetReadLimit":    func(c *Conn) { c.SetReadLimit(-1) },
	}
	doIO := map[string]bool{
		"AppendRead": true, "Close": true, "CloseNow": true, "CloseRead": true, "Flush": true, "Messages": true,
		"MessagesInPlace": true, "Ping": true, "CloseContext": true, "SendPing": true, "SendPong": true, "WriteUncompressed": true,
		"Queue": true, "QueuePrepared": true, "Read": true, "Reader": true, "Write": true, "WritePrepared": true, "Writer": true,
	}
	for i := range reflect.TypeFor[*Conn]().NumMethod() {
		name := reflect.TypeFor[*Conn]().Method(i).Name
		if asks[name] == nil && !doIO[name] {
			t.Errorf("%s is in neither list", name)
		}
	}
	inBubble(t, func(t *testing.T, client bool) {
		var in, out, closed int
		var sent []string
		all := func(c *Conn) {
			for _, ask := range asks {
				ask(c)
			}
		}
		o := &Options{Trace: &Trace{
			FrameIn: func(c *Conn, _ Header) { in++; all(c) },
			FrameOut: func(c *Conn, h Header) {
				out++
				sent = append(sent, fmt.Sprint(h.Opcode, h.Length))
				all(c)
			},
			Closed: func(c *Conn, _ *CloseError) { closed++; all(c) },
		}}
		c, p := newPeer(t, client, o)
		p.write(p.message("one"), p.frame(true, OpPing, "answer"), p.message("two"))
		for range 2 {
			m, err := c.Read(t.Context())
			if err == nil {
				err = c.Write(t.Context(), m.Op, m.Data)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := streams(c, make([]byte, fragmentSize+1)); err != nil {
			t.Error(err)
		}
		m, err := NewPreparedMessage(OpText, make([]byte, 5))
		if err != nil {
			t.Fatal(err)
		}
		wrote := inGoroutine(func() error {
			return firstError(c.WritePrepared(context.Background(), m), c.Write(context.Background(), OpBinary, make([]byte, maxFrame+1)))
		})
		go func() {
			for _, _, err := p.next(); err == nil; _, _, err = p.next() {
			}
		}()
		if err := <-wrote; err != nil {
			t.Error(err)
		}
		c.CloseRead(context.Background())
		go c.Ping(t.Context())
		synctest.Wait()
		p.send(OpClose, closePayload(4000, ""))
		<-c.Context().Done()
		synctest.Wait()
		want := []string{"text 3", "pong 6", "text 3", fmt.Sprint("binary ", fragmentSize), "continuation 1", "text 5",
			fmt.Sprint("binary ", maxFrame), "continuation 1", "ping 8", "close 2"}
		if fmt.Sprint(sent) != fmt.Sprint(want) || in != 4 || closed != 1 {
			t.Errorf("sent %v, want %v; %d frames came, closed %d times", sent, want, in, closed)
		}
	})
}
