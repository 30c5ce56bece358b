package websocket

// This file holds the rules of the opening handshake (RFC 6455, Section 4) for both roles, as functions of their
// arguments: what a request and a response must look like, and the key that ties one to the other. Both servers
// (upgrade.go behind net/http, upgradeconn.go on a bare connection) fill an opening and share these rules. The
// syntax of lists stands in list.go, the policy about origins in origin.go; nothing here reads or writes.

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// HandshakeError says why an opening handshake failed. Dial and the methods of Upgrader return it; the function given
// to Upgrader.UpgradeConn returns one to choose how a request is refused.
type HandshakeError struct {
	// Status is the HTTP status of the response: sent by a server, received by a client. 0 means that there was none.
	Status int
	// Reason says what was wrong, as a clause without prefix. A server sends it in the body of its response.
	Reason string
	// Header holds further fields of a server's response, such as WWW-Authenticate or Location. May be nil. Those that
	// belong to HTTP's framing are left out.
	Header http.Header
	// Body, unless nil, is the body of a server's response instead of the status and Reason, which are sent as plain text.
	// Its Content-Type belongs into Header; without one it is plain text.
	Body []byte
	// Err is nil or the cause. It is never sent.
	Err error
}

// Error says that the handshake failed, with the status, the reason and the cause.
func (e *HandshakeError) Error() string {
	s := "websocket: handshake failed"
	if e.Status != 0 {
		s += " with status " + strconv.Itoa(e.Status)
	}
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Err != nil {
		s += ": " + withoutPrefix(e.Err)
	}
	return s
}

// withoutPrefix returns the text of an error that stands inside of another one's.
func withoutPrefix(err error) string { return strings.TrimPrefix(err.Error(), "websocket: ") }

// Unwrap returns Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

// refuses reports whether the status is one with which a request can be refused.
func (e *HandshakeError) refuses() bool { return e.Status >= 300 && e.Status <= 599 }

// body returns the body of the response by which a server refuses.
func (e *HandshakeError) body() []byte {
	if e.Body != nil {
		return e.Body
	}
	s := strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return []byte(s + "\n")
}

// header returns the fields of that response, but those of its framing, in a map of the caller's.
func (e *HandshakeError) header() http.Header {
	h := make(http.Header, len(e.Header)+3)
	for name, values := range e.Header {
		if isToken(name) && !equalFold(name, "Content-Length") && !equalFold(name, "Transfer-Encoding") {
			name = http.CanonicalHeaderKey(name)
			h[name] = append(h[name], values...)
		}
	}
	for name, value := range map[string]string{
		"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff", "Date": dateNow(),
	} {
		if _, given := h[name]; !given {
			h.Set(name, value)
		}
	}
	return h
}

// dateNow returns the value of Date. RFC 9110, Section 6.6.1: "An origin server with a clock MUST generate a Date header
// field in all 2xx (Successful), 3xx (Redirection), and 4xx (Client Error) responses".
func dateNow() string { return time.Now().UTC().Format(http.TimeFormat) }

// Agreement is what an opening handshake has settled about a connection. The zero value is a connection without
// subprotocol and extensions.
type Agreement struct {
	Subprotocol string           // the one that the server chose, or empty (RFC 6455, Section 1.9)
	Compression *compress.Params // of permessage-deflate (RFC 7692), or nil if messages travel as they are; not to be changed
}

// The fields that the rules look at, as indexes of ownFields and opening.lines.
const (
	fieldHost = iota
	fieldOrigin
	fieldUpgrade
	fieldConnection
	fieldKey
	fieldVersion
	fieldProtocol
	fieldExtensions
	numFields
)

// ownFields holds their names, as RFC 6455 spells them.
var ownFields = [numFields]string{
	"Host", "Origin", "Upgrade", "Connection",
	"Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions",
}

// fieldOfLength is the index in ownFields of the only name of that length, or -1.
var fieldOfLength = func() (t [len("Sec-WebSocket-Extensions") + 1]int) {
	for i := range t {
		t[i] = -1
	}
	for i, name := range ownFields {
		t[len(name)] = i
	}
	return t
}()

// ownField returns the index of the field with that name, in any case, or -1.
func ownField(name string) int {
	if len(name) < len(fieldOfLength) {
		if i := fieldOfLength[len(name)]; i >= 0 && equalFold(name, ownFields[i]) {
			return i
		}
	}
	return -1
}

// opening is a client's opening handshake as the rules of Section 4.2.1 see it, whoever read it.
type opening struct {
	method       string
	major, minor int                 // the HTTP version
	secure       bool                // it came over TLS
	body         bool                // a message body was announced
	stream       bool                // it is an extended CONNECT, as over HTTP/2
	protocol     string              // ... and this its ":protocol"
	lines        [numFields][]string // the values of ownFields, one for each line; not to be written to
	first        [numFields]string   // backs lines, for add

	// Filled by check.
	offers []extension
	params []compress.Param // backs the Params of offers
}

// reset empties o and keeps its memory, but not what that pointed at.
func (o *opening) reset() {
	clear(o.offers)
	clear(o.params)
	*o = opening{offers: o.offers[:0], params: o.params[:0]}
}

// add adds a line of a field. Only a repeated one allocates.
func (o *opening) add(field int, value string) {
	if len(o.lines[field]) > 0 {
		o.lines[field] = append(o.lines[field], value)
		return
	}
	o.first[field] = value
	o.lines[field] = o.first[field : field+1 : field+1]
}

// value returns the only line of a field that check has accepted, or the empty string.
func (o *opening) value(field int) string {
	if len(o.lines[field]) == 0 {
		return ""
	}
	return o.lines[field][0]
}

// check applies RFC 6455, Section 4.2.1, or RFC 8441, Section 5, in the order in which it is told to clients, and reads
// the extensions that the client offers. It is the only place that knows these rules.
func (o *opening) check() *HandshakeError {
	rules := openingRules[:]
	if o.stream {
		rules = streamRules[:]
	}
	for _, rule := range rules {
		if err := rule(o); err != nil {
			return err
		}
	}
	return nil
}

// The rules for an opening handshake over HTTP/1.1, and for one over a stream. The latter has neither the key nor the
// two fields of HTTP's upgrade: RFC 8441, Section 5, leaves to ":protocol" what those are for.
var (
	openingRules = [...]func(*opening) *HandshakeError{
		(*opening).checkHTTP, (*opening).checkHost, (*opening).checkUpgrade, (*opening).checkVersion, (*opening).checkKey,
		(*opening).checkOffers,
	}
	streamRules = [...]func(*opening) *HandshakeError{
		(*opening).checkConnect, (*opening).checkHost, (*opening).checkVersion, (*opening).checkOffers,
	}
)

// badRequest returns the answer to a request that breaks a rule of RFC 6455, Section 4.2.1: "an appropriate error
// code (such as 400 Bad Request)".
func badRequest(reason string) *HandshakeError {
	return &HandshakeError{Status: http.StatusBadRequest, Reason: reason + " (RFC 6455, Section 4.2.1)"}
}

// checkHTTP applies what is asked of the request apart from WebSocket.
func (o *opening) checkHTTP() *HandshakeError {
	// RFC 6455, Section 4.2.1: "An HTTP/1.1 or higher GET request". HTTP/2 has another handshake, that of RFC 8441.
	if o.major != 1 || o.minor < 1 {
		return &HandshakeError{
			Status: http.StatusHTTPVersionNotSupported,
			Reason: "the opening handshake needs HTTP/1.1, the request is HTTP/" + strconv.Itoa(o.major) + "." +
				strconv.Itoa(o.minor) + " (RFC 6455, Section 4.2.1)",
		}
	}
	if o.method != http.MethodGet {
		return &HandshakeError{
			Status: http.StatusMethodNotAllowed,
			Reason: "the method must be GET (RFC 6455, Section 4.2.1)",
			Header: http.Header{"Allow": {http.MethodGet}},
		}
	}
	return nil
}

// checkConnect applies what is asked of an extended CONNECT apart from WebSocket.
func (o *opening) checkConnect() *HandshakeError {
	// RFC 8441, Section 4: only a CONNECT is extended by :protocol.
	if o.method != http.MethodConnect {
		return &HandshakeError{
			Status: http.StatusBadRequest, Reason: "a request with :protocol must have the method CONNECT (RFC 8441, Section 4)",
		}
	}
	// RFC 8441, Section 5, names this protocol websocket. RFC 9220, Section 3, about another that is not supported: "the
	// server SHOULD respond to the request with a 501 (Not Implemented) status code".
	if !equalFold(o.protocol, "websocket") {
		return &HandshakeError{
			Status: http.StatusNotImplemented, Reason: "the :protocol must be websocket (RFC 8441, Section 5)",
		}
	}
	return nil
}

// checkHost applies what is asked of the authority and of the body, which there must not be.
func (o *opening) checkHost() *HandshakeError {
	// RFC 6455, Section 4.2.1: "A |Host| header field containing the server's authority".
	if err := o.once(fieldHost); err != nil {
		return err
	}
	if o.value(fieldHost) == "" {
		return badRequest("Host is missing")
	}
	if !isAuthority(o.value(fieldHost)) {
		return badRequest("Host is malformed")
	}
	if o.body {
		return badRequest("the request has a body")
	}
	return nil
}

// once refuses a field that stands on more than one line.
func (o *opening) once(field int) *HandshakeError {
	if len(o.lines[field]) > 1 {
		return badRequest(ownFields[field] + " is repeated")
	}
	return nil
}

// checkUpgrade applies the rules about the two fields of HTTP's own upgrade mechanism. They are lists, and a list may
// be spread over several lines (RFC 9110, Section 5.3).
func (o *opening) checkUpgrade() *HandshakeError {
	for _, want := range [...]struct {
		field int
		token string
		list  func([]string, string) (bool, bool)
	}{
		// RFC 6455, Section 4.2.1: "A |Connection| header field that includes the token "Upgrade"".
		{fieldConnection, "Upgrade", hasToken},
		// RFC 6455, Section 4.2.1: "An |Upgrade| header field containing the value "websocket"".
		{fieldUpgrade, "websocket", hasProtocol},
	} {
		name := ownFields[want.field]
		if len(o.lines[want.field]) == 0 {
			return badRequest("the header field " + name + " is missing: this is no WebSocket request, or a proxy has removed it")
		}
		found, ok := want.list(o.lines[want.field], want.token)
		if !ok {
			return badRequest(name + " is malformed")
		}
		if !found {
			return badRequest(name + " does not name " + want.token)
		}
	}
	return nil
}

// checkVersion accepts version 13 and tells everyone else to use it.
func (o *opening) checkVersion() *HandshakeError {
	if err := o.once(fieldVersion); err != nil {
		return err
	}
	if o.value(fieldVersion) == "13" {
		return nil
	}
	if o.stream {
		// RFC 9113, Section 8.6, has no Upgrade, and 426 means nothing without it.
		return &HandshakeError{
			Status: http.StatusBadRequest, Reason: "Sec-WebSocket-Version must be 13 (RFC 8441, Section 5)",
			Header: http.Header{"Sec-Websocket-Version": {"13"}},
		}
	}
	// RFC 6455, Section 4.2.2: "If this version does not match a version understood by the server, the server MUST
	// abort the WebSocket handshake [...] and instead send an appropriate HTTP error code (such as 426 Upgrade
	// Required) and a |Sec-WebSocket-Version| header field". RFC 9110, Section 15.5.22, asks for Upgrade beside 426.
	return &HandshakeError{
		Status: http.StatusUpgradeRequired,
		Reason: "Sec-WebSocket-Version must be 13 (RFC 6455, Section 4.2.1)",
		Header: http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}},
	}
}

// checkKey accepts one key, of 16 bytes in base64.
func (o *opening) checkKey() *HandshakeError {
	if err := o.once(fieldKey); err != nil {
		return err
	}
	if len(o.lines[fieldKey]) == 0 {
		return badRequest("Sec-WebSocket-Key is missing")
	}
	// RFC 6455, Section 4.2.1: "a base64-encoded [...] value that, when decoded, is 16 bytes in length".
	if !validKey(o.value(fieldKey)) {
		return badRequest("Sec-WebSocket-Key is not 16 bytes in base64")
	}
	return nil
}

// checkOffers applies the syntax of what is optional, and reads the extensions into o.offers.
func (o *opening) checkOffers() *HandshakeError {
	if err := o.once(fieldOrigin); err != nil {
		return err
	}
	if lines := o.lines[fieldProtocol]; len(lines) > 0 {
		// RFC 6455, Section 4.3: "Sec-WebSocket-Protocol-Client = 1#token".
		if n, ok := countTokens(lines); !ok || n == 0 {
			return badRequest("Sec-WebSocket-Protocol is malformed")
		}
	}
	if lines := o.lines[fieldExtensions]; len(lines) > 0 {
		var ok bool
		// RFC 6455, Section 9.1: a recipient of a malformed list "MUST immediately _Fail the WebSocket Connection_".
		if o.offers, o.params, ok = appendExtensions(o.offers, o.params, lines); !ok {
			return badRequest("Sec-WebSocket-Extensions is malformed")
		}
	}
	return nil
}

// chooseSubprotocol returns the first of the server's subprotocols that the client asked for, or the empty string.
func (o *opening) chooseSubprotocol(preferred []string) string {
	for _, p := range preferred {
		for _, line := range o.lines[fieldProtocol] {
			for line != "" {
				var t string
				if t, line = cutElement(line); t == p && t != "" {
					return p
				}
			}
		}
	}
	return ""
}

// keySize is the size in bytes of a Sec-WebSocket-Key: 16 bytes in base64.
const keySize = 24

// validKey reports whether key encodes 16 bytes in base64. The bits behind them need not be zero: those of the example
// in RFC 6455, Section 4.1, are not.
func validKey(key string) bool {
	if len(key) != keySize {
		return false
	}
	var src [keySize]byte
	var dst [keySize / 4 * 3]byte
	copy(src[:], key)
	n, err := base64.StdEncoding.Decode(dst[:], src[:])
	return err == nil && n == 16
}

// acceptSize is the size in bytes of a Sec-WebSocket-Accept: a SHA-1 hash in base64.
const acceptSize = 28

// AcceptKey returns the value of Sec-WebSocket-Accept that answers the given Sec-WebSocket-Key (RFC 6455, Section
// 4.2.2, item 5.4). It does not check key.
func AcceptKey(key string) string { return string(appendAcceptKey(make([]byte, 0, acceptSize), key)) }

// appendAcceptKey appends AcceptKey(key) to dst.
func appendAcceptKey(dst []byte, key string) []byte {
	var buf [2 * 36]byte // room for a key and the GUID, so that hashing a valid key does not allocate
	hash := sha1.Sum(append(append(buf[:0], key...), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	return base64.StdEncoding.AppendEncode(dst, hash[:])
}

// appendSwitching appends the response that accepts a handshake, up to and without the empty line that ends it.
func appendSwitching(dst []byte, key, subprotocol string, extensions []byte) []byte {
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"...)
	dst = append(dst, "Sec-WebSocket-Accept: "...)
	dst = append(appendAcceptKey(dst, key), "\r\n"...)
	if subprotocol != "" {
		dst = appendField(dst, ownFields[fieldProtocol], subprotocol)
	}
	if len(extensions) > 0 {
		dst = append(append(dst, ownFields[fieldExtensions]+": "...), extensions...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// appendField appends a field line. The value's line breaks, which would start another field, become spaces.
func appendField(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ": "...)
	for i := range len(value) {
		c := value[i]
		if c == '\r' || c == '\n' {
			c = ' '
		}
		dst = append(dst, c)
	}
	return append(dst, "\r\n"...)
}

// appendFields appends the lines of h that may stand in a response that accepts.
func appendFields(dst []byte, h http.Header) []byte {
	for name, values := range h {
		if mayAccept(name, h["Connection"]) {
			for _, v := range values {
				dst = appendField(dst, name, v)
			}
		}
	}
	return dst
}

// mayAccept reports whether an application's field of that name may stand in a response that accepts, beside these lines of its
// Connection: it is neither hop-by-hop (RFC 9110, Section 7.6.1) nor one that the handshake sets or forbids, nor about a body. RFC 9110,
// Section 9.3.6: "A server MUST NOT send any Transfer-Encoding or Content-Length header fields in a 2xx (Successful) response
// to CONNECT"; nor is what follows encoded.
func mayAccept(name string, connection []string) bool {
	if !isToken(name) || isReserved(name) || equalFold(name, "Content-Encoding") {
		return false
	}
	listed, _ := hasToken(connection, name)
	return !listed
}

// isHandshakes reports whether the field of that name is the handshake's own.
func isHandshakes(name string) bool {
	const prefix = "Sec-WebSocket-"
	return len(name) > len(prefix) && equalFold(name[:len(prefix)], prefix)
}

// isReserved reports whether the field of that name is the handshake's own, or belongs to HTTP's framing of messages
// and connections, so that no user of this package may set it.
func isReserved(name string) bool {
	if isHandshakes(name) {
		return true
	}
	for _, own := range [...]string{
		"Connection", "Upgrade", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Content-Length",
	} {
		if equalFold(name, own) {
			return true
		}
	}
	return false
}

// checkResponse applies RFC 6455, Section 4.1, to a server's response with status 101 and returns what was
// agreed on: one of the offered subprotocols or none, and compression by the given options or none.
func checkResponse(resp *http.Response, key string, offered []string, compression *compress.Options) (
	Agreement, *HandshakeError,
) {
	bad := func(reason string) (Agreement, *HandshakeError) { return Agreement{}, badResponse(resp, reason) }
	h := resp.Header
	if !resp.ProtoAtLeast(1, 1) {
		return bad("response is older than HTTP/1.1")
	}
	// "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a value that is not an
	// ASCII case-insensitive match for the value "websocket"".
	if v := h["Upgrade"]; len(v) != 1 || !equalFold(v[0], "websocket") {
		return bad("Upgrade is not websocket")
	}
	// "If the response lacks a |Connection| header field or the |Connection| header field doesn't contain a token
	// that is an ASCII case-insensitive match for the value "Upgrade"".
	if found, ok := hasToken(h["Connection"], "Upgrade"); !found || !ok {
		return bad("Connection does not name Upgrade")
	}
	// "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept| contains a value
	// other than [...]".
	if v := h["Sec-Websocket-Accept"]; len(v) != 1 || v[0] != AcceptKey(key) {
		return bad("Sec-WebSocket-Accept does not answer the key")
	}
	return checkAnswers(resp, offered, compression)
}

// checkStreamResponse is checkResponse for a response with status 2xx to an extended CONNECT, which has neither a key nor
// an answer to it: RFC 8441, Section 5, leaves to ":protocol" what those are for.
func checkStreamResponse(resp *http.Response, _ string, offered []string, compression *compress.Options) (
	Agreement, *HandshakeError,
) {
	return checkAnswers(resp, offered, compression)
}

// badResponse returns the error about a response that breaks a rule of RFC 6455, Section 4.1.
func badResponse(resp *http.Response, reason string) *HandshakeError {
	return &HandshakeError{Status: resp.StatusCode, Reason: "the server's " + reason + " (RFC 6455, Section 4.1)"}
}

// checkAnswers applies the rules about what is optional, whatever version of HTTP the response came by.
func checkAnswers(resp *http.Response, offered []string, compression *compress.Options) (
	agreed Agreement, _ *HandshakeError,
) {
	bad := func(reason string) (Agreement, *HandshakeError) { return Agreement{}, badResponse(resp, reason) }
	h := resp.Header
	// "this header field indicates the use of an extension that was not present in the client's handshake". Section
	// 11.3.2: it "MUST NOT appear more than once in an HTTP response".
	var answer []extension
	if v := h["Sec-Websocket-Extensions"]; len(v) > 0 {
		var ok bool
		if answer, _, ok = appendExtensions(nil, nil, v); !ok || len(v) > 1 {
			return bad("Sec-WebSocket-Extensions is malformed or repeated")
		}
	}
	var err error
	if agreed.Compression, err = confirmExtensions(compression, answer); err != nil {
		return bad("Sec-WebSocket-Extensions is not acceptable: " + err.Error())
	}
	// "this header field indicates the use of a subprotocol that was not present in the client's handshake". Section
	// 11.3.4: it "MUST NOT appear more than once in an HTTP response".
	if v := h["Sec-Websocket-Protocol"]; len(v) > 0 {
		for _, p := range offered {
			if len(v) == 1 && v[0] == p {
				agreed.Subprotocol = p
				return agreed, nil
			}
		}
		return bad("Sec-WebSocket-Protocol is not one that was asked for")
	}
	return agreed, nil
}

// shownStatus returns the status of a response as it may stand in an error. HTTP/2 has no text beside the number.
func shownStatus(resp *http.Response) string {
	if resp.Status == "" {
		return statusText(resp.StatusCode)
	}
	return shown(resp.Status)
}

// statusText returns a status as http.Response has it: the number and, if it is known, its text.
func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// maxShown is the most bytes of a peer's text that an error shows.
const maxShown = 200

// shown returns text of a peer as it may stand in an error or a log: quoted if it has characters that do not print, and
// cut where it is long.
func shown(s string) string {
	if len(s) > maxShown {
		s = s[:maxShown] + "..."
	}
	if q := strconv.Quote(s); len(q) != len(s)+2 {
		return q
	}
	return s
}
