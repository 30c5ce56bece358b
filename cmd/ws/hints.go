package main

// This file holds what the tool says beside an error of an opening handshake: what to do about it.

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
)

// dialError adds to the error of a Dial what the server said, what to do about it, and what it means for the exit status.
func dialError(err error, resp *http.Response) error {
	if errors.As(err, new(notFollowed)) {
		return err
	}
	status := unreachable{err}
	said := hint(err, resp)
	if resp != nil {
		body, _ := io.ReadAll(resp.Body) // what there is of it
		said = strings.TrimSpace(harmless.Text(string(body))) + "\n" + said
	}
	if said = strings.TrimSpace(said); said != "" {
		err = fmt.Errorf("%w\n%s", err, said)
	}
	if resp == nil {
		status.error = err
		return status
	}
	return err
}

// hint returns what to do about an error, or nothing.
func hint(err error, resp *http.Response) string {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var name *net.DNSError
	switch {
	case resp != nil:
		return answerHint(resp, errors.As(err, new(*websocket.ProxyError)))
	case errors.As(err, &certificate):
		return "-cacert FILE trusts the certificates in a file, and -insecure any"
	case errors.As(err, &record):
		return "there seems to be no TLS at that port: try ws://"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: is the server running, and is the port right?"
	case errors.As(err, &name):
		return "the name is not known: is it spelled right, or does a proxy know it (-proxy)?"
	}
	return ""
}

// answerHint returns what to do about an answer that is not 101.
func answerHint(resp *http.Response, ofProxy bool) string {
	location := resp.Header.Get("Location")
	switch {
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return "the proxy wants to know who you are: -proxy http://NAME:PASSWORD@HOST:PORT"
	case ofProxy:
		return "that was the proxy; -proxy none goes without"
	case resp.StatusCode == http.StatusUnauthorized:
		return "the server wants to know who you are: -user NAME, or -H \"Authorization: Bearer …\""
	case resp.StatusCode == http.StatusForbidden:
		return "some servers let in only pages of their own: -origin https://HOST says that one connects"
	case redirects(resp):
		return fmt.Sprintf("it redirects to %s; -L follows", harmless.Line(location))
	case resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusNotFound:
		return "there is no WebSocket at that path"
	}
	return ""
}
