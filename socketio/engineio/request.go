package engineio

// This file holds what is kept of the HTTP request that opened a session.

import (
	"iter"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// Request is what is kept of the HTTP request that opened a session: its text, parsed when asked. It does not change. Of a nil Request, which
// was forgotten, everything is empty, but the URL is not nil.
type Request struct {
	text   string // the target, then a line for each field, separated by "\n"
	remote string
	time   int64 // nanoseconds since 1970
	tls    bool
}

// keepRequest returns what is to be kept of r.
func keepRequest(r *http.Request) *Request {
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI()
	}
	var b strings.Builder
	n := len(target) + len("\nHost: ") + len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			n += len("\n: ") + len(name) + len(v)
		}
	}
	b.Grow(n)
	b.WriteString(target)
	writeField(&b, "Host", r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			writeField(&b, name, v)
		}
	}
	return &Request{text: b.String(), remote: r.RemoteAddr, time: time.Now().UnixNano(), tls: r.TLS != nil}
}

// writeField writes a line. What middleware has put into a header and could not be one is left out.
func writeField(b *strings.Builder, name, value string) {
	if value == "" && name == "Host" || strings.ContainsAny(name, ":\r\n") || strings.ContainsAny(value, "\r\n") {
		return
	}
	b.WriteByte('\n')
	b.WriteString(name)
	b.WriteString(": ")
	b.WriteString(value)
}

// all returns the text.
func (r *Request) all() string {
	if r == nil {
		return ""
	}
	return r.text
}

// fields are those of the header.
func (r *Request) fields() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		_, rest, _ := strings.Cut(r.all(), "\n")
		for line := range strings.SplitSeq(rest, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok && !yield(name, value) {
				return
			}
		}
	}
}

// Header returns the first field of a name, in any case, or the empty string. Host is one of them.
func (r *Request) Header(name string) string {
	for n, v := range r.fields() {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}

// Headers returns a copy of the header, with Host.
func (r *Request) Headers() http.Header {
	h := make(http.Header)
	for n, v := range r.fields() {
		n = textproto.CanonicalMIMEHeaderKey(n)
		h[n] = append(h[n], v)
	}
	return h
}

// URL returns the target, which has a host only if the client sent it there.
func (r *Request) URL() *url.URL {
	target, _, _ := strings.Cut(r.all(), "\n")
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return &url.URL{Opaque: target}
	}
	return u
}

// Query returns the first value of a parameter of the query.
func (r *Request) Query(name string) string { return r.URL().Query().Get(name) }

// RemoteAddr returns the address of who sent the request, as http.Request has it.
func (r *Request) RemoteAddr() string {
	if r == nil {
		return ""
	}
	return r.remote
}

// TLS reports whether it came over TLS that this process has ended.
func (r *Request) TLS() bool { return r != nil && r.tls }

// Time returns when it came.
func (r *Request) Time() time.Time {
	if r == nil {
		return time.Time{}
	}
	return time.Unix(0, r.time)
}
