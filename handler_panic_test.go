package websocket

// This file tests what becomes of a body of a loop that does not return, as a user meets it: inside of a handler.

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// oneListener accepts one connection, and then waits until it is closed.
type oneListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func listenerOf(nc net.Conn) *oneListener {
	l := &oneListener{make(chan net.Conn, 1), make(chan struct{})}
	l.conns <- nc
	return l
}

func (l *oneListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneListener) Close() error   { close(l.closed); return nil }
func (l *oneListener) Addr() net.Addr { return &net.UnixAddr{} }

// TestHandlerBodyPanics protects a peer whose server panics, or ends its goroutine, in the body of a loop: it gets what the body
// wrote before, which is held while more of its messages are at hand, then 1011, and the end of the stream; and the panic comes to
// a log, from both handlers.
func TestHandlerBodyPanics_7_4_1(t *testing.T) {
	for network, pair := range map[string]func(testing.TB) (client, server net.Conn){
		"TCP": tcpPair, "Unix": unixPair, "TLS": tlsPair, "wstest": func(testing.TB) (net.Conn, net.Conn) { return netpipe.New(0) },
	} {
		for name, handler := range handlers {
			for form, messages := range loopKinds {
				for _, panics := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s/%s/%s/panics=%v", network, name, form, panics), func(t *testing.T) {
						client, server := pair(t)
						logged := make(lineWriter, 1)
						logger := log.New(logged, "", 0)
						over := make(chan struct{})
						h := handler(&Upgrader{ErrorLog: logger}, func(c *Conn, r *http.Request) {
							defer close(over)
							for m, err := range messages(c, r.Context()) {
								if err != nil || c.Write(r.Context(), m.Op, m.Data) != nil {
									t.Error(err)
								}
								if string(m.Data) == "two" && panics {
									panic("in a body")
								} else if string(m.Data) == "two" {
									runtime.Goexit()
								}
							}
							t.Error("the loop went on")
						})
						s := &http.Server{Handler: h, ErrorLog: logger}
						served := inGoroutine(func() error { return s.Serve(listenerOf(server)) })
						defer func() {
							s.Close()
							<-served
						}()
						p := peerOver(t, client, true)
						io.WriteString(client, minimalRequest)
						readResponseTo(t, p.br)
						p.write(p.message("one"), p.message("two"), p.message("three"))
						p.expect(OpText, "one")
						p.expect(OpText, "two")
						p.expect(OpClose, closePayload(StatusInternalError, ""))
						p.expectEnd()
						<-over
						if !panics {
							return // a line that comes all the same is not waited for
						}
						if line := <-logged; !strings.Contains(line, "panic serving") || !strings.Contains(line, "in a body") ||
							!strings.Contains(line, "handler_panic_test.go") {
							t.Errorf("log %q, want the panic with its value and stack", line)
						}
					})
				}
			}
		}
	}
}
