package websocket

// This file holds what an application decides about single requests, and is told of them: the hooks of an Upgrader,
// which every entry point asks in the same way, and what a handler can find out about a request beforehand.

import (
	"context"
	"net/http"
	"slices"
)

// IsUpgrade reports whether a request asks for a WebSocket connection, rightly or wrongly: for handlers that answer
// other requests as well.
func IsUpgrade(r *http.Request) bool {
	if r.Method == http.MethodConnect {
		return isOnly(r.Header[":protocol"], "websocket") // over HTTP/2 (RFC 8441, Section 5), as net/http shows it
	}
	upgrades, _ := hasToken(r.Header["Connection"], "Upgrade")
	toUs, _ := hasProtocol(r.Header["Upgrade"], "websocket")
	return upgrades && toUs
}

// Subprotocols returns the subprotocols that a request asks for, in the order of the client's preference.
func Subprotocols(r *http.Request) []string {
	return slices.Collect(subprotocolsIn(r.Header[canonicalFields[fieldProtocol]]))
}

// AllowsOrigin reports whether a page of the request's origin may connect, whatever else the request is: for what a
// server offers such pages over plain HTTP beside its WebSocket connections.
func (u *Upgrader) AllowsOrigin(r *http.Request) bool {
	h := serverHandshake{http: r}
	h.opening.fill(r)
	return u.Validate() == nil && h.opening.once(fieldOrigin) == nil && u.originAllowed(&h)
}

// originAllowed is AllowsOrigin for a request whose Origin is not repeated.
func (u *Upgrader) originAllowed(h *serverHandshake) bool {
	o := &h.opening
	allowed := len(o.lines[fieldOrigin]) == 0 || u.InsecureSkipOriginCheck ||
		originAllowed(o.value(fieldOrigin), o.value(fieldHost), o.secure, u.origins)
	if u.CheckOrigin != nil {
		return u.CheckOrigin(h.asked(), allowed)
	}
	return allowed
}

// chooseSubprotocol returns the subprotocol for a request, or the empty string.
func (u *Upgrader) chooseSubprotocol(h *serverHandshake) (string, *HandshakeError) {
	if u.SelectSubprotocol == nil || len(h.opening.lines[fieldProtocol]) == 0 {
		return h.opening.chooseSubprotocol(u.Subprotocols), nil
	}
	r := h.asked()
	chosen := u.SelectSubprotocol(r, Subprotocols(r))
	// RFC 6455, Section 4.2.2: "The value chosen MUST be derived from the client's handshake, specifically by selecting
	// one of the values from the |Sec-WebSocket-Protocol| field".
	if chosen != "" && !slices.Contains(Subprotocols(r), chosen) {
		return "", &HandshakeError{
			Status: http.StatusInternalServerError, Reason: "the server chose a subprotocol that the client does not ask for",
		}
	}
	return chosen, nil
}

// refused shows a handshake that has failed to the application, and returns the error about it, with what the
// application has changed in it.
func (u *Upgrader) refused(h *serverHandshake, e *HandshakeError) *HandshakeError {
	if u.OnRefuse == nil {
		return e
	}
	own := *e // e may be a variable of the application's, for many requests
	own.Header = e.Header.Clone()
	u.OnRefuse(h.asked(), &own)
	if e.Status == 0 || !own.refuses() { // 0: nobody can be answered
		own.Status = e.Status
	}
	return &own
}

// asked returns the request as the application sees it, or nil if there is none.
func (h *serverHandshake) asked() *http.Request {
	if h.http == nil && h.request.parsed {
		h.http = h.request.HTTPRequest()
	}
	return h.http
}

// SwitchObserver is for ResponseWriters of middleware, which WriteHeader does not tell of status 101: the response
// that switches protocols is not written through them. Where w, or what its Unwrap leads to, has this method, Upgrade
// and the handlers call it once that response has been sent.
type SwitchObserver interface{ SwitchedProtocols() }

// tellSwitched calls all SwitchObservers of w.
func tellSwitched(w http.ResponseWriter) {
	for ok := true; ok; w, ok = unwrap(w) {
		if o, observes := w.(SwitchObserver); observes {
			o.SwitchedProtocols()
		}
	}
}

// unwrap returns what w wraps.
func unwrap(w http.ResponseWriter) (inner http.ResponseWriter, ok bool) {
	if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return u.Unwrap(), true
	}
	return w, false
}

// logReserved says in the log that a field of the application's is not sent.
func (u *Upgrader) logReserved(ctx context.Context, name string) {
	u.logf(ctx, "websocket: %s is the handshake's own and was not taken from the header fields of the application; "+
		"see Upgrader.Subprotocols, SelectSubprotocol and Options.Compression", name)
}
