package streamtest

import (
	"net/http"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// Stream is what a client has of a stream: a net.Conn that a handler serves.
type Stream struct {
	*netpipe.Conn               // the half that leads to the server
	in            *netpipe.Conn // the other one
	Response      *Response
	Returned      chan any // gets what the handler has panicked with, or nil, once it has returned
}

// Serve calls h with an extended CONNECT, whose body it sets. wrap may be nil, or what middleware makes of the response.
func Serve(h http.Handler, r *http.Request, wrap func(http.ResponseWriter) http.ResponseWriter) *Stream {
	body, out := netpipe.New(0)
	s := &Stream{Conn: out, Returned: make(chan any, 1)}
	s.Response, s.in = New(0)
	r.Body = body
	w := http.ResponseWriter(s.Response)
	if wrap != nil {
		w = wrap(w)
	}
	go func() {
		defer func() {
			v := recover()
			s.Response.Returned()
			s.Returned <- v
		}()
		h.ServeHTTP(w, r)
	}()
	return s
}

// Read reads the body of the response.
func (s *Stream) Read(p []byte) (int, error) { return s.in.Read(p) }
