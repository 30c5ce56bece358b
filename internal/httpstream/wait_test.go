package httpstream

// This file tests what a handler has to wait for: everything of net/http's that is still in use.

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket/internal/httpstream/streamtest"
)

// stubborn is a response and a request's body whose calls end when they are let, whatever deadlines say.
type stubborn struct {
	*streamtest.Response
	release chan struct{}
	reads   int
}

func (s *stubborn) Write(p []byte) (int, error) { <-s.release; return len(p), nil }
func (s *stubborn) Read([]byte) (int, error)    { s.reads++; <-s.release; return 0, io.EOF }
func (s *stubborn) Close() error                { return nil }

// openStubborn returns a stream over it.
func openStubborn(t *testing.T) (*Conn, *stubborn) {
	r, _ := streamtest.New(1 << 10)
	s := &stubborn{Response: r, release: make(chan struct{})}
	c, err := New(s, &http.Request{Body: s})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	return c, s
}

// TestWaitsForCalls protects that the handler does not return while a call of net/http's is under way, also after Close.
func TestWaitsForCalls(t *testing.T) {
	for name, call := range map[string]func(*Conn){
		"write": func(c *Conn) { c.Write([]byte("x")) },
		"read":  func(c *Conn) { c.Read(make([]byte, 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := openStubborn(t)
				go call(c)
				synctest.Wait()
				c.Close()
				over := false
				go func() { end(c, s.Response); over = true }()
				synctest.Wait()
				if over {
					t.Error("the handler has returned in the midst of a call")
				}
				close(s.release)
				synctest.Wait()
				if !over {
					t.Error("the handler has not returned behind the last call")
				}
			})
		})
	}
}

// TestWaitsForClose protects that the end of the body is not that of the stream, which may still be written to.
func TestWaitsForClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r, in := open(t)
		in.CloseWrite()
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Error(err)
		}
		over := false
		go func() { end(c, r); over = true }()
		synctest.Wait()
		if over {
			t.Error("the handler has returned before Close")
		}
		if _, err := c.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		c.Close()
		synctest.Wait()
		if !over {
			t.Error("the handler has not returned behind Close")
		}
	})
}

// TestCloseWhileIdle protects that a stream of which nobody reads ends with Close, without a read of its body.
func TestCloseWhileIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := openStubborn(t)
		synctest.Wait()
		c.Close()
		end(c, s.Response)
		if s.reads != 0 {
			t.Error("the body was read")
		}
	})
}

// TestDataWithEnd protects bytes that a body returns together with its end.
func TestDataWithEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := streamtest.New(1 << 10)
		c, err := New(r, &http.Request{Body: io.NopCloser(iotest.DataErrReader(strings.NewReader("last")))})
		if err != nil {
			t.Fatal(err)
		}
		c.Start()
		defer end(c, r)
		defer c.Close()
		synctest.Wait()
		if p, err := io.ReadAll(c); string(p) != "last" || err != nil {
			t.Errorf("%q, %v", p, err)
		}
	})
}
