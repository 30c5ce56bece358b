package engineio

// This file holds the response of a poll, which may be compressed.

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// gzips lends compressors.
var gzips = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// writePayload writes a payload, compressed if it has at least that many bytes and the client takes it.
func writePayload(w http.ResponseWriter, r *http.Request, body []byte, threshold int) error {
	_, err := w.Write(payload(w.Header(), takesGzip(r), body, threshold))
	return err
}

// payload sets the header of a response for a payload, and returns its body.
func payload(h http.Header, zips bool, body []byte, threshold int) []byte {
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	if threshold >= 0 && len(body) >= threshold && zips {
		h.Set("Content-Encoding", "gzip")
		body = zip(body)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return body
}

// zip compresses a body.
func zip(body []byte) []byte {
	var b bytes.Buffer
	z := gzips.Get().(*gzip.Writer)
	defer gzips.Put(z)
	z.Reset(&b)
	z.Write(body) // a Buffer does not fail
	z.Close()
	return b.Bytes()
}

// takesGzip reports whether a client says that it takes gzip (RFC 9110, Section 12.5.3).
func takesGzip(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept-Encoding") {
		for one := range strings.SplitSeq(line, ",") {
			coding, weight, _ := strings.Cut(one, ";")
			if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				_, q, ok := strings.Cut(weight, "=")
				return !ok || strings.Trim(strings.TrimSpace(q), "0.") != ""
			}
		}
	}
	return false
}
