package h2

// This file holds the fields of a request or a response (RFC 9113, Sections 8.2 and 8.3): what each may be like, and what they are
// together. A block that breaks a rule is malformed, which ends the stream; what HPACK cannot decode ends the connection.

import (
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"
)

// The pseudo-header fields, as bits of fields.seen and indexes of fields.pseudo.
const (
	pseudoMethod = iota
	pseudoScheme
	pseudoAuthority
	pseudoPath
	pseudoProtocol // of RFC 8441, Section 4
	pseudoStatus
	numPseudo
)

var pseudoNames = [numPseudo]string{":method", ":scheme", ":authority", ":path", ":protocol", ":status"}

// fieldOverhead is what each field counts for beside its name and value. RFC 9113, Section 6.5.2, of SETTINGS_MAX_HEADER_LIST_SIZE:
// "an overhead of 32 octets for each field".
const fieldOverhead = 32

// fields is what has come of a section of fields. The zero value takes nothing: see reset.
type fields struct {
	left    int // bytes that may still come; negative once they were too many, and then nothing is kept
	seen    uint8
	pseudo  [numPseudo]string
	header  http.Header
	ordered bool   // a field has come that is no pseudo-header field, so that none of these may come any more
	fault   string // what rule was broken first, or empty
}

// reset makes room for a section of at most limit bytes.
func (f *fields) reset(limit int) { *f = fields{left: limit, header: make(http.Header)} }

// add takes note of a field.
func (f *fields) add(field hpack.HeaderField) {
	f.left -= len(field.Name) + len(field.Value) + fieldOverhead
	if f.left < 0 || f.fault != "" {
		return
	}
	if strings.HasPrefix(field.Name, ":") {
		f.fault = f.addPseudo(field.Name, field.Value)
		return
	}
	f.ordered = true
	if f.fault = fieldFault(field.Name, field.Value); f.fault != "" {
		return
	}
	name := http.CanonicalHeaderKey(field.Name)
	// Section 8.2.3: several lines of Cookie "MUST be concatenated into a single octet string using the two-octet delimiter".
	if v := f.header[name]; name == "Cookie" && len(v) > 0 {
		v[0] += "; " + field.Value
		return
	}
	f.header[name] = append(f.header[name], field.Value)
}

// addPseudo takes note of a pseudo-header field, or returns what is wrong.
func (f *fields) addPseudo(name, value string) (fault string) {
	// Section 8.3: "All pseudo-header fields MUST appear in a field block before all regular field lines."
	if f.ordered {
		return "a pseudo-header field behind others (Section 8.3)"
	}
	for i, known := range pseudoNames {
		if name != known {
			continue
		}
		// "The same pseudo-header field name MUST NOT appear more than once in a field block."
		if f.seen&(1<<i) != 0 {
			return "a repeated " + known + " (Section 8.3)"
		}
		f.seen |= 1 << i
		f.pseudo[i] = value
		return valueFault(value)
	}
	// "Endpoints MUST treat a request or response that contains undefined or invalid pseudo-header fields as malformed".
	return "an unknown pseudo-header field (Section 8.3)"
}

// fieldFault returns what is wrong with a field by itself, or the empty string.
func fieldFault(name, value string) string {
	if name == "" {
		return "a field without a name (Section 8.2.1)"
	}
	for i := range len(name) {
		// Section 8.2.1: "A field name MUST NOT contain characters in the ranges 0x00-0x20, 0x41-0x5a, or 0x7f-0xff", or a colon.
		if c := name[i]; c <= ' ' || c >= 0x7F || 'A' <= c && c <= 'Z' || c == ':' {
			return "a field name with a character that it may not have (Section 8.2.1)"
		}
	}
	switch name {
	// Section 8.2.2: "Any message containing connection-specific header fields MUST be treated as malformed".
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
		return "the field " + name + " (Section 8.2.2)"
	// "The only exception to this is the TE header field [...] it MUST NOT contain any value other than "trailers"."
	case "te":
		if !strings.EqualFold(value, "trailers") {
			return "the field te with more than trailers (Section 8.2.2)"
		}
	}
	return valueFault(value)
}

// valueFault returns what is wrong with a value. Section 8.2.1: "A field value MUST NOT contain the zero value [...], line feed [...], or
// carriage return [...] at any position", nor "start or end with an ASCII whitespace character".
func valueFault(value string) string {
	if strings.ContainsAny(value, "\x00\r\n") {
		return "a field value with a character that it may not have (Section 8.2.1)"
	}
	if strings.Trim(value, " \t") != value {
		return "a field value with space around it (Section 8.2.1)"
	}
	return ""
}

// has reports whether exactly those pseudo-header fields have come.
func (f *fields) has(pseudo ...int) bool {
	var want uint8
	for _, p := range pseudo {
		want |= 1 << p
	}
	return f.seen == want
}

// status returns the status of a response, or 0 if that is what is malformed. Section 8.3.2: "This pseudo-header field MUST be included in
// all responses", and no other.
func (f *fields) status() int {
	if f.fault != "" || !f.has(pseudoStatus) || len(f.pseudo[pseudoStatus]) != 3 {
		return 0
	}
	n, err := strconv.Atoi(f.pseudo[pseudoStatus])
	// RFC 9113, Section 8.6: "HTTP/2 removes support for the 101 (Switching Protocols) informational status code".
	if err != nil || n < 100 || n == http.StatusSwitchingProtocols {
		return 0
	}
	return n
}

// requestFault returns what is wrong with the fields of a request, or the empty string.
func (f *fields) requestFault() string {
	connect, extended := f.pseudo[pseudoMethod] == http.MethodConnect, f.seen&(1<<pseudoProtocol) != 0
	// Section 8.3.1: "All HTTP/2 requests MUST include exactly one valid value for the ":method", ":scheme", and ":path" pseudo-header
	// fields, unless they are CONNECT requests". RFC 8441, Section 4: with :protocol, "the :scheme and :path pseudo-header fields [...]
	// MUST also be included".
	ok := f.has(pseudoMethod, pseudoScheme, pseudoAuthority, pseudoPath) || !connect && f.has(pseudoMethod, pseudoScheme, pseudoPath)
	switch {
	case extended:
		ok = f.has(pseudoMethod, pseudoScheme, pseudoAuthority, pseudoPath, pseudoProtocol)
	case connect:
		ok = f.has(pseudoMethod, pseudoAuthority) // Section 8.5
	}
	path := f.pseudo[pseudoPath]
	switch {
	case f.fault != "":
		return f.fault
	case !ok:
		return "a request without a pseudo-header field that it needs, or with one too many (Section 8.3.1)"
	case f.seen&(1<<pseudoPath) != 0 && !strings.HasPrefix(path, "/") && path != "*":
		return "a :path that is none (Section 8.3.1)"
	}
	return ""
}
