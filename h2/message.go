package h2

// This file makes what net/http has for requests and responses of the fields that have come.

import (
	"crypto/tls"
	"net/http"
	"net/url"
)

// newRequest returns the request of fields that are right, but for their size.
func (c *conn) newRequest(f *fields) *http.Request {
	path := f.pseudo[pseudoPath]
	u, err := url.ParseRequestURI(path)
	if err != nil {
		u = &url.URL{Path: path}
	}
	r := &http.Request{
		Method: f.pseudo[pseudoMethod], URL: u, RequestURI: path, Host: f.pseudo[pseudoAuthority], Header: f.header,
		Proto: "HTTP/2.0", ProtoMajor: 2, Body: http.NoBody, RemoteAddr: c.nc.RemoteAddr().String(),
	}
	// RFC 9113, Section 8.3.1: ":authority" is what Host is in HTTP/1.1. It counts where both have come.
	if host := f.header["Host"]; r.Host == "" && len(host) == 1 {
		r.Host = host[0]
	}
	delete(f.header, "Host")
	if over, is := c.nc.(interface{ ConnectionState() tls.ConnectionState }); is && c.tls == nil {
		state := over.ConnectionState()
		c.tls = &state // for all
	}
	r.TLS = c.tls
	return r.WithContext(c.base)
}

// newResponse returns a response without its body.
func newResponse(status int, header http.Header) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/2.0", ProtoMajor: 2, Header: header, Body: http.NoBody, ContentLength: -1,
	}
}
