package engineio

// This file holds which pages may use the server, on both transports, and how browsers are told (cross-origin resource sharing).

import (
	"net/http"
	"slices"
)

// setOrigins sets the rule, which is websocket.Upgrader's, but that "*" alone stands for all.
func (s *Server) setOrigins() {
	s.origins.Origins, s.origins.CheckOrigin = s.opts.Origins, s.opts.CheckOrigin
	if s.everyOrigin() {
		s.origins.Origins, s.origins.InsecureSkipOriginCheck = nil, true
	}
	if err := s.origins.Validate(); err != nil {
		s.opts.logger().Error("engineio: Options.Origins: no request will be served", "error", err)
	}
}

// everyOrigin reports whether all pages may connect.
func (s *Server) everyOrigin() bool { return slices.Equal(s.opts.Origins, []string{"*"}) }

// crossOrigin reports whether the page that a request comes from may use the server, and tells its browser so.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) bool {
	if !s.origins.AllowsOrigin(r) {
		return false
	}
	origin, h := r.Header.Get("Origin"), w.Header()
	switch {
	case s.everyOrigin():
		h.Set("Access-Control-Allow-Origin", "*")
		return true
	case origin != "":
		h.Set("Access-Control-Allow-Origin", origin)
		if s.opts.Credentials {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
	}
	h.Add("Vary", "Origin")
	return true
}

// preflight answers the question of a browser whether a page may send a request.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET,POST")
	if asked := r.Header.Values("Access-Control-Request-Headers"); len(asked) > 0 {
		h["Access-Control-Allow-Headers"] = asked
		h.Add("Vary", "Access-Control-Request-Headers")
	}
	w.WriteHeader(http.StatusNoContent)
}
