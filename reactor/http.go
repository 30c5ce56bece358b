package reactor

// This file holds the way from net/http to the loops.

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// HTTP returns a handler that makes connections of this server out of requests to an http.Server, which may serve others beside. accept is
// called with each opening handshake that is a right one, and returns the handler of the connection, or an error, by which the request
// is refused as by that of Upgrader.UpgradeConn; nil stands for Server.Handler. It runs on the goroutine of the request and may wait. r
// must not be kept.
//
// The response carries the fields of w.Header() that do not belong to the handshake. net/http's goroutine and buffers go, and its
// descriptor is exchanged for one of the loop's own, where the connection is a plain socket: see Adopt.
func (s *Server) HTTP(accept func(r *http.Request) (Handler, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.begin(); err != nil {
			s.refuseHTTP(w, r, err)
			return
		}
		agreed, resp, err := s.up.Handshake(r)
		if err != nil {
			sendResponse(w, resp)
			return
		}
		var h Handler
		if accept != nil {
			h, err = accept(r)
		}
		if h == nil && s.Handler == nil && err == nil {
			err = &websocket.HandshakeError{Status: http.StatusInternalServerError, Reason: "the server is misconfigured", Err: errNoHandler}
		}
		if s.isClosed() && err == nil {
			err = &websocket.HandshakeError{Status: http.StatusServiceUnavailable, Reason: "the server is shutting down"}
		}
		if err == nil {
			err = s.hijack(w, resp, agreed, h)
		}
		if err != nil {
			s.refuseHTTP(w, r, err)
		}
	})
}

// refuseHTTP answers a request that is refused. s may be a server that could not begin.
func (s *Server) refuseHTTP(w http.ResponseWriter, r *http.Request, err error) {
	up := s.up
	if up == nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	resp, err := up.Refuse(r, err)
	if resp.StatusCode >= http.StatusInternalServerError {
		s.logf("reactor: %v", err)
	}
	sendResponse(w, resp)
}

// sendResponse sends a response through net/http.
func sendResponse(w http.ResponseWriter, resp *http.Response) {
	w.Header().Del("Content-Length") // what middleware has said of another body
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	io.Copy(w, resp.Body)
}

// hijack takes the connection over and accepts. An error is one that the client can still be told.
func (s *Server) hijack(w http.ResponseWriter, resp *http.Response, agreed websocket.Agreement, h Handler) error {
	s.up.AddHeader(resp, w.Header())
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return &websocket.HandshakeError{
			Status: http.StatusInternalServerError, Reason: "the server cannot take over the connection", Err: err,
		}
	}
	buffered, _ := rw.Reader.Peek(rw.Reader.Buffered())
	if s.handshakeTicks > 0 {
		nc.SetWriteDeadline(time.Now().Add(time.Duration(s.handshakeTicks) * time.Second / tickRate))
	}
	if err := resp.Write(nc); err != nil {
		nc.Close()
		return nil // there is nobody to tell
	}
	nc.SetWriteDeadline(time.Time{})
	if err := s.Adopt(nc, agreed, buffered, h); err != nil && !errors.Is(err, ErrServerClosed) {
		s.logf("%v", err)
	}
	return nil
}
