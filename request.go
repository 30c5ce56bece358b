package websocket

// This file holds the parser of an HTTP request's head (RFC 9112, Sections 2 to 5), for UpgradeConn, which does
// without net/http. It reads nothing itself and knows no rule of WebSocket: those stand in handshake.go.

import (
	"bytes"
	"context"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// The bounds of a request's head. Beyond them the answer is 431.
const (
	defaultRequestHead = 64 << 10 // bytes; see Upgrader.MaxRequestHead
	maxRequestFields   = 128      // lines
)

// Request is a client's opening handshake, as UpgradeConn shows it to its callback. It is borrowed: do not use it
// after the callback has returned. The strings that it gives are ordinary and may be kept.
type Request struct {
	URI    string // the request target as it was sent: path and query, or an absolute URI
	Host   string // the authority that the client wants to talk to, with a port if it was given
	Origin string // of the page that connects, or empty for a client that is no browser

	head         string         // begins with the head of the request, which the strings are parts of
	fields       []requestField // where its fields stand
	subprotocols []string       // lines
	response     []byte         // the lines added by AddResponseHeader
	reserved     string         // a field of the handshake's that was not added
	ctx          context.Context
	from         interface{ RemoteAddr() net.Addr } // what it came over, or nil
	parsed       bool
	http         *http.Request // nil until HTTPRequest is called
}

// requestField says where the name and the value of a field stand in a request's head. These are offsets, and not
// strings, to spare the garbage collector the pointers (BenchmarkUpgradeConn).
type requestField struct{ name, nameEnd, value, valueEnd uint32 }

// field returns name and value of field i.
func (r *Request) field(i int) (name, value string) {
	f := r.fields[i]
	return r.head[f.name:f.nameEnd], r.head[f.value:f.valueEnd]
}

// Header returns the value of the first field of that name, in any case, and whether there is one.
func (r *Request) Header(name string) (value string, ok bool) {
	for i := range r.fields {
		if n, v := r.field(i); equalFold(n, name) {
			return v, true
		}
	}
	return "", false
}

// Headers returns all fields, names as they were sent, in their order.
func (r *Request) Headers() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i := range r.fields {
			if !yield(r.field(i)) {
				return
			}
		}
	}
}

// Path returns the path of URI, as it was sent: percent-encoded, and without the query.
func (r *Request) Path() string {
	path, _, _ := strings.Cut(r.URI, "?")
	if path == "" || path[0] == '/' {
		return path
	}
	_, path, _ = strings.Cut(path, "://")
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[i:]
	}
	return "/"
}

// Subprotocols returns the subprotocols that the client asks for, in the order of its preference.
func (r *Request) Subprotocols() iter.Seq[string] {
	return subprotocolsIn(r.subprotocols)
}

// subprotocolsIn returns the elements of the list that stands in lines.
func subprotocolsIn(lines []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range lines {
			for line != "" {
				var p string
				if p, line = cutElement(line); p != "" && !yield(p) {
					return
				}
			}
		}
	}
}

// HTTPRequest returns the request as net/http would show it, with the context of UpgradeConn, the client's address and
// the state of TLS. It is a copy, always the same one, and may be kept.
func (r *Request) HTTPRequest() *http.Request {
	if r.http != nil {
		return r.http
	}
	head := strings.Clone(r.head)
	line, _, _ := strings.Cut(head, "\r\n")
	method, rest, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(rest, " ")
	major, minor, _ := http.ParseHTTPVersion(version)
	out := &http.Request{
		Method: method, RequestURI: target, Host: strings.Clone(r.Host), Header: make(http.Header, len(r.fields)),
		Proto: version, ProtoMajor: major, ProtoMinor: minor, Body: http.NoBody,
	}
	var err error
	if out.URL, err = url.ParseRequestURI(target); err != nil {
		out.URL = &url.URL{Opaque: target} // net/http would have refused it
	}
	for _, f := range r.fields {
		if name := http.CanonicalHeaderKey(head[f.name:f.nameEnd]); name != "Host" {
			out.Header[name] = append(out.Header[name], head[f.value:f.valueEnd])
		}
	}
	if r.from != nil {
		if addr := r.from.RemoteAddr(); addr != nil {
			out.RemoteAddr = addr.String()
		}
	}
	if tc, ok := r.from.(transport.TLSConn); ok {
		state := tc.ConnectionState()
		out.TLS = &state
	}
	r.http = out.WithContext(r.ctx)
	return r.http
}

// AddResponseHeader adds a field to the response, should the request be accepted; a refusal carries those of its
// HandshakeError instead. A name that is not a token or that the handshake needs for itself is ignored, and said in the
// log if it begins with "Sec-WebSocket-"; line breaks in value become spaces.
func (r *Request) AddResponseHeader(name, value string) {
	if isHandshakes(name) {
		r.reserved = name
	}
	if isToken(name) && !isReserved(name) {
		r.response = appendField(r.response, name, value)
	}
}

// reset empties r and keeps its memory, but not what that pointed at.
func (r *Request) reset() {
	*r = Request{fields: r.fields[:0], response: r.response[:0]}
}

// hasEnd reports whether b holds the empty line that ends a head. The first scanned bytes are known not to.
func hasEnd(b []byte, scanned int) bool {
	// Nearly every request comes in one piece, and nothing behind it.
	if bytes.HasSuffix(b, []byte("\n\r\n")) {
		return true
	}
	for i := max(scanned-2, 0); ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return false
		}
		i += n + 1
		// A bare LF ends a line here, so that a head full of them gets the parser's answer instead of none.
		if rest := b[i:]; bytes.HasPrefix(rest, []byte("\n")) || bytes.HasPrefix(rest, []byte("\r\n")) {
			return true
		}
	}
}

// malformed returns the answer to a request that is not HTTP.
func malformed(reason string) *HandshakeError {
	return &HandshakeError{Status: http.StatusBadRequest, Reason: reason + " (RFC 9112)"}
}

// malformedLine returns the answer to a bare LF.
func malformedLine() *HandshakeError { return malformed("a line does not end with CRLF") }

// malformedField returns the answer to a field that goes wrong where rest begins.
func malformedField(part, rest string) *HandshakeError {
	if strings.HasPrefix(rest, "\n") {
		return malformedLine()
	}
	return malformed("the " + part + " of a header field is malformed")
}

// parseRequest reads the head at the start of in into o and r, which must be empty, and returns its size in bytes. in
// has an end, as hasEnd says. The strings that it fills o and r with are parts of in.
func parseRequest(in string, o *opening, r *Request) (n int, _ *HandshakeError) {
	r.head = in
	end, ok := lineEnd(in)
	if !ok {
		return 0, malformedLine()
	}
	if err := parseRequestLine(in[:end], o, r); err != nil {
		return 0, err
	}
	for n = end + len("\r\n"); !strings.HasPrefix(in[n:], "\r\n"); {
		if len(r.fields) == maxRequestFields {
			return 0, &HandshakeError{Status: http.StatusRequestHeaderFieldsTooLarge, Reason: "too many header fields"}
		}
		f, next, err := parseField(in, n)
		if err != nil {
			return 0, err
		}
		r.fields = append(r.fields, f)
		o.addField(in[f.name:f.nameEnd], in[f.value:f.valueEnd])
		n = next
	}
	// RFC 9112, Section 3.2.2: the host of an absolute target counts, not that of the field, which must be right all the
	// same.
	if authority := targetAuthority(r.URI); authority != "" && len(o.lines[fieldHost]) == 1 {
		if host := o.value(fieldHost); host == "" || isAuthority(host) {
			o.first[fieldHost] = authority
		}
	}
	r.Host, r.Origin, r.subprotocols = o.value(fieldHost), o.value(fieldOrigin), o.lines[fieldProtocol]
	return n + len("\r\n"), nil
}

// lineEnd returns the size of the first line, without its CRLF. ok is false if it does not end with one.
func lineEnd(s string) (end int, ok bool) {
	n := strings.IndexByte(s, '\n')
	if n < 1 || s[n-1] != '\r' {
		return 0, false
	}
	return n - 1, true
}

// parseRequestLine reads "GET /path HTTP/1.1".
func parseRequestLine(line string, o *opening, r *Request) *HandshakeError {
	method, rest, ok1 := strings.Cut(line, " ")
	target, version, ok2 := strings.Cut(rest, " ")
	if !ok1 || !ok2 || !isToken(method) || !isTarget(target) {
		return malformed("the request line is malformed")
	}
	if len(version) != len("HTTP/1.1") || version[:5] != "HTTP/" || version[6] != '.' ||
		!isDigit(version[5]) || !isDigit(version[7]) {
		return malformed("the request line is malformed")
	}
	o.method, o.major, o.minor = method, int(version[5]-'0'), int(version[7]-'0')
	r.URI = target
	// RFC 9112, Section 3.2: a GET has a target in origin form or in absolute form.
	if method == http.MethodGet && target[0] != '/' && targetAuthority(target) == "" {
		return malformed("the request target is neither a path nor an absolute http URI")
	}
	return nil
}

// isTarget reports whether s can be a request target: visible characters of ASCII, or any beyond it.
func isTarget(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7F {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// targetAuthority returns host and port of a target in absolute form, or the empty string.
func targetAuthority(target string) string {
	if strings.HasPrefix(target, "/") {
		return ""
	}
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || !equalFold(scheme, "http") && !equalFold(scheme, "https") {
		return ""
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// parseField reads "Name: value" and CRLF, which begin at start, and returns where the next line does. Folded lines
// are refused, as RFC 9112, Section 5.2, allows: they begin with a space, which no name does. So is a space before the
// colon (Section 5.1).
func parseField(in string, start int) (f requestField, next int, _ *HandshakeError) {
	colon := start + tokenLength(in[start:])
	if colon == start || !strings.HasPrefix(in[colon:], ":") {
		return f, 0, malformedField("name", in[colon:])
	}
	value := colon + 1
	for value < len(in) && isSpace(in[value]) {
		value++
	}
	end := value + fieldValueLength(in[value:])
	next = end + len("\r\n")
	if !strings.HasPrefix(in[end:], "\r\n") {
		return f, 0, malformedField("value", in[end:])
	}
	for end > value && isSpace(in[end-1]) {
		end--
	}
	// requestHead keeps a head below what 32 bits hold.
	return requestField{uint32(start), uint32(colon), uint32(value), uint32(end)}, next, nil
}

// addField takes note of a field that the rules look at.
func (o *opening) addField(name, value string) {
	if i := ownField(name); i >= 0 {
		o.add(i, value)
		return
	}
	// RFC 9112, Section 6: "The presence of a message body in a request is signaled by a Content-Length or
	// Transfer-Encoding header field."
	if equalFold(name, "Content-Length") && value != "0" || equalFold(name, "Transfer-Encoding") {
		o.body = true
	}
}
