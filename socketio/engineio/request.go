package engineio

// This file holds what is kept of the HTTP request that opened a session.

import (
	"iter"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
	"unique"
)

// Request is what is kept of the HTTP request that opened a session: its text, parsed when asked. It does not change. Of a nil Request, which
// was forgotten, everything is empty, but the URL is not nil.
type Request struct {
	text   string                // the target, then a line for each field of its own, separated by "\n"
	shared unique.Handle[string] // lines for the fields that many clients send alike, each with a "\n" in front
	remote string
	time   int64 // nanoseconds since 1970
	tls    bool
}

// sharedNames are the names of fields that browsers of one kind send alike, which is most of a request: it is kept once for all of them.
var sharedNames = []string{
	"Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Dnt", "Host", "Origin", "Pragma", "Priority", "Referer", "Sec-Ch-Ua", "Sec-Ch-Ua-Mobile",
	"Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Gpc", "Sec-Websocket-Extensions", "Sec-Websocket-Version", "Upgrade", "User-Agent",
}

// keepRequest returns what is to be kept of r.
func keepRequest(r *http.Request) *Request {
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI()
	}
	var shared, own strings.Builder
	shared.Grow(1 << 10)
	for _, name := range sharedNames {
		if name == "Host" {
			writeField(&shared, name, r.Host)
		}
		for _, v := range r.Header[name] {
			writeField(&shared, name, v)
		}
	}
	own.WriteString(target)
	for name, values := range r.Header {
		if _, found := slices.BinarySearch(sharedNames, name); found {
			continue
		}
		for _, v := range values {
			writeField(&own, name, v)
		}
	}
	return &Request{
		text: strings.Clone(own.String()), shared: unique.Make(shared.String()), remote: r.RemoteAddr, time: time.Now().UnixNano(), tls: r.TLS != nil,
	}
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

// target returns the target.
func (r *Request) target() string {
	if r == nil {
		return ""
	}
	target, _, _ := strings.Cut(r.text, "\n")
	return target
}

// fields are those of the header.
func (r *Request) fields() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if r == nil || r.shared == (unique.Handle[string]{}) {
			return
		}
		for _, text := range []string{r.shared.Value(), r.text} {
			_, rest, _ := strings.Cut(text, "\n")
			for line := range strings.SplitSeq(rest, "\n") {
				if name, value, ok := strings.Cut(line, ": "); ok && !yield(name, value) {
					return
				}
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
	target := r.target()
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
