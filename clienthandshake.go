//go:build !js

package websocket

// This file holds the client's opening handshake (RFC 6455, Section 4.1, and RFC 8441, Section 5) without I/O: from a
// URL to a request, and from a response to an Agreement. What a response must be like stands in handshake.go.

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// defaultUserAgent is the User-Agent of requests that are given none: servers and firewalls refuse those without.
const defaultUserAgent = "Go-websocket (github.com/seed-d69ae1b7/websocket)"

// ClientHandshake is one opening handshake of a client without I/O, for those who bring their own HTTP: a request to
// send, and what decides about the response. Dialer.Handshake makes it. It is used for one request, by one goroutine at
// a time.
type ClientHandshake struct {
	url          *url.URL // with the scheme http or https
	host         string   // the value of Host
	fields       []field  // the others, in order
	key          string   // empty in a stream
	stream       bool     // the request is an extended CONNECT
	subprotocols []string
	compression  *compress.Options
	jar          http.CookieJar
}

// field is a line of a header, whose name is spelled as it was given.
type field struct{ name, value string }

// Handshake makes the opening handshake for a ws or wss URL (http and https mean the same), with what d says of it:
// Subprotocols, Header, Jar and Compression. It connects to nothing. The error says what must not be sent.
func (d *Dialer) Handshake(rawURL string) (*ClientHandshake, error) {
	return d.handshake(rawURL, false)
}

// handshake makes an opening handshake for a connection of its own, or for a stream of HTTP/2 or HTTP/3.
func (d *Dialer) handshake(rawURL string, stream bool) (*ClientHandshake, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	h := &ClientHandshake{
		url: u, stream: stream, subprotocols: d.Subprotocols, compression: d.Compression, jar: d.Jar,
	}
	if err := h.addOwn(); err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	if err := h.addGiven(d.Header); err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	return h, nil
}

// addOwn adds the fields that belong to the handshake.
func (h *ClientHandshake) addOwn() error {
	if !h.stream {
		var nonce [16]byte
		rand.Read(nonce[:])
		h.key = base64.StdEncoding.EncodeToString(nonce[:])
		h.fields = append(h.fields, field{"Upgrade", "websocket"}, field{"Connection", "Upgrade"}, field{ownFields[fieldKey], h.key})
	}
	h.fields = append(h.fields, field{ownFields[fieldVersion], "13"})
	for i, p := range h.subprotocols {
		// RFC 6455, Section 4.1: "non-empty strings with characters in the range U+0021 to U+007E not including
		// separator characters [...] and MUST all be unique strings".
		if !isToken(p) {
			return fmt.Errorf("subprotocol %q is not a token", p)
		}
		if slices.Contains(h.subprotocols[:i], p) {
			return fmt.Errorf("subprotocol %q is asked for twice", p)
		}
	}
	if len(h.subprotocols) > 0 {
		h.fields = append(h.fields, field{ownFields[fieldProtocol], strings.Join(h.subprotocols, ", ")})
	}
	if h.compression != nil {
		if err := h.compression.Validate(); err != nil {
			return err
		}
		h.fields = append(h.fields, field{ownFields[fieldExtensions], string(h.compression.AppendOffer(nil))})
	}
	return nil
}

// addGiven adds the fields that the user wants, those that the URL and the Jar stand for, and a User-Agent.
func (h *ClientHandshake) addGiven(header http.Header) error {
	given, err := givenFields(header)
	if err != nil {
		return err
	}
	var values []string
	if values, given = takeField(given, "Host"); len(values) > 0 {
		h.host = values[0]
	}
	if h.host == "" {
		h.host = hostField(h.url)
	}
	if h.url.User != nil && !hasField(given, "Authorization") {
		given = append(given, field{"Authorization", basicAuth(h.url.User)})
	}
	cookies, given := takeField(given, "Cookie")
	if h.jar != nil {
		for _, cookie := range h.jar.Cookies(h.url) {
			cookies = append(cookies, (&http.Cookie{Name: cookie.Name, Value: cookie.Value, Quoted: cookie.Quoted}).String())
		}
	}
	if len(cookies) > 0 {
		// RFC 6265, Section 5.4: "the user agent MUST NOT attach more than one Cookie header field".
		given = append(given, field{"Cookie", strings.Join(cookies, "; ")})
	}
	h.fields = append(h.fields, sortFields(withUserAgent(given))...)
	return nil
}

// AppendRequest appends the request as it is sent over HTTP/1.1, which is the whole of it.
func (h *ClientHandshake) AppendRequest(dst []byte) []byte {
	dst = append(append(append(dst, "GET "...), h.url.RequestURI()...), " HTTP/1.1\r\n"...)
	dst = appendField(dst, "Host", h.host)
	return append(appendLines(dst, h.fields), "\r\n"...)
}

// Request returns the request for an HTTP client: a GET with a URL whose scheme is http or https, or, in a handshake that
// Dialer.DialStream makes, a CONNECT with the pseudo-header field ":protocol" in its Header (RFC 8441, Section 4). The
// names of the others are in the form that http.Header has, unlike those of AppendRequest.
func (h *ClientHandshake) Request() *http.Request {
	r := &http.Request{
		Method: http.MethodGet, URL: h.url, Host: h.host, Header: make(http.Header, len(h.fields)+1),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if h.stream {
		r.Method = http.MethodConnect
		r.Header[":protocol"] = []string{"websocket"}
	}
	for _, f := range h.fields {
		r.Header.Add(f.name, f.value)
	}
	return r
}

// Check decides about a response, whose body it does not read, and returns what was agreed on. Cookies go to the Jar,
// also those of a response that does not accept. The error is a *HandshakeError.
func (h *ClientHandshake) Check(resp *http.Response) (Agreement, error) {
	if h.jar != nil {
		h.jar.SetCookies(h.url, resp.Cookies())
	}
	if !h.accepts(resp.StatusCode) {
		return Agreement{}, &HandshakeError{Status: resp.StatusCode, Reason: "the server answered " + shownStatus(resp)}
	}
	check := checkResponse
	if h.stream {
		check = checkStreamResponse
	}
	agreed, err := check(resp, h.key, h.subprotocols, h.compression)
	if err != nil {
		return Agreement{}, err
	}
	return agreed, nil
}

// accepts reports whether the status is that of a server which accepts the handshake.
func (h *ClientHandshake) accepts(status int) bool {
	if h.stream {
		return status/100 == 2 // as any CONNECT: RFC 8441, Section 5, and RFC 9110, Section 9.3.6
	}
	return status == http.StatusSwitchingProtocols
}

// hostField returns the value of Host for a URL.
func hostField(u *url.URL) string {
	name, port := u.Hostname(), u.Port()
	if strings.Contains(name, ":") {
		name = "[" + withoutZone(name) + "]"
	}
	// RFC 6455, Section 4.1: "/host/ plus optionally ":" followed by /port/ (when not using the default port)".
	if port == "" || port == defaultPorts[u.Scheme] {
		return name
	}
	return name + ":" + port
}

// withoutZone returns an IPv6 address without its zone, which means nothing to others (RFC 6874, Section 4).
func withoutZone(host string) string {
	host, _, _ = strings.Cut(host, "%")
	return host
}

// givenFields returns the fields that a caller wants to send, or an error if it may not send one of them.
func givenFields(h http.Header) ([]field, error) {
	var fields []field
	for name, values := range h {
		if !isToken(name) {
			return nil, fmt.Errorf("header field name %q is not a token", name)
		}
		if isReserved(name) {
			return nil, fmt.Errorf("header field %s may not be set", name)
		}
		for _, v := range values {
			if !isFieldValue(v) {
				return nil, fmt.Errorf("value of header field %s has control characters", name)
			}
			fields = append(fields, field{name, v})
		}
	}
	return sortFields(fields), nil
}

// sortFields sorts fields by name, as net/http does, and keeps the order of those with the same name.
func sortFields(fields []field) []field {
	slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	return fields
}

// hasField reports whether fields has one with that name, in any case.
func hasField(fields []field, name string) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return equalFold(f.name, name) })
}

// takeField returns the values of the fields with that name, in any case, and the other fields. Those keep their order.
func takeField(fields []field, name string) (values []string, rest []field) {
	for _, f := range fields {
		if equalFold(f.name, name) {
			values = append(values, f.value)
		} else {
			rest = append(rest, f)
		}
	}
	return values, rest
}

// withUserAgent adds a User-Agent if there is none. As with net/http, an empty one says that none is to be sent.
func withUserAgent(fields []field) []field {
	values, rest := takeField(fields, "User-Agent")
	switch {
	case len(values) == 0:
		return append(fields, field{"User-Agent", defaultUserAgent})
	case values[0] == "":
		return rest
	}
	return fields
}

// appendLines appends the lines of fields.
func appendLines(dst []byte, fields []field) []byte {
	for _, f := range fields {
		dst = appendField(dst, f.name, f.value)
	}
	return dst
}

// basicAuth returns the value of Authorization for credentials in a URL (RFC 7617).
func basicAuth(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}
