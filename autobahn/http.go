package autobahn

// This file is the little of HTTP/1.1 that the opening handshake needs: a head of a start line and fields, kept in order
// and as they were sent, so that a case can send a wrong one and a report can show what came.

import (
	"fmt"
	"strconv"
	"strings"
)

// maxHead bounds the octets of a head that the suite is willing to read.
const maxHead = 64 << 10

type field struct{ name, value string }

// An httpHead is a request or a response without a body.
type httpHead struct {
	start  string
	fields []field
}

func (h *httpHead) add(name, value string) { h.fields = append(h.fields, field{name, value}) }

// set replaces the fields of the name by one, in the place of the first.
func (h *httpHead) set(name, value string) {
	at := -1
	for i, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			at = i
			break
		}
	}
	if at < 0 {
		h.add(name, value)
		return
	}
	rest := h.fields[at+1:]
	h.fields = append(h.fields[:at:at], field{name, value})
	for _, f := range rest {
		if !strings.EqualFold(f.name, name) {
			h.fields = append(h.fields, f)
		}
	}
}

func (h *httpHead) del(name string) {
	var kept []field
	for _, f := range h.fields {
		if !strings.EqualFold(f.name, name) {
			kept = append(kept, f)
		}
	}
	h.fields = kept
}

// values are the values of all fields of the name.
func (h *httpHead) values(name string) []string {
	var v []string
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			v = append(v, f.value)
		}
	}
	return v
}

// get is the value of the only field of the name, or "" if there is none or more than one.
func (h *httpHead) get(name string) string {
	if v := h.values(name); len(v) == 1 {
		return v[0]
	}
	return ""
}

// hasToken tells whether the comma-separated lists of the name contain the token, in any case of letters.
func (h *httpHead) hasToken(name, token string) bool {
	for _, v := range h.values(name) {
		for t := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.Trim(t, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// isResponse tells a response from a request.
func (h *httpHead) isResponse() bool { return strings.HasPrefix(h.start, "HTTP/") }

// status is the status code of a response, or 0.
func (h *httpHead) status() int {
	parts := strings.SplitN(h.start, " ", 3)
	if len(parts) < 2 || !strings.HasPrefix(parts[0], "HTTP/1.") {
		return 0
	}
	code, err := strconv.Atoi(parts[1])
	if err != nil || len(parts[1]) != 3 {
		return 0
	}
	return code
}

// String is the head as it goes over the wire.
func (h *httpHead) String() string {
	var b strings.Builder
	b.WriteString(h.start)
	for _, f := range h.fields {
		b.WriteString("\r\n" + f.name + ": " + f.value)
	}
	b.WriteString("\r\n\r\n")
	return b.String()
}

// parseHead takes a head from the start of b and says how many octets it took; 0 means that more are needed.
func parseHead(b []byte) (*httpHead, int, error) {
	end := strings.Index(string(b[:min(len(b), maxHead)]), "\r\n\r\n")
	if end < 0 {
		if len(b) >= maxHead {
			return nil, 0, fmt.Errorf("the head is longer than %d octets", maxHead)
		}
		return nil, 0, nil
	}
	lines := strings.Split(string(b[:end]), "\r\n")
	h := &httpHead{start: lines[0]}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, 0, fmt.Errorf("not a header field: %q", l)
		}
		h.add(name, strings.Trim(value, " \t"))
	}
	return h, end + 4, nil
}
