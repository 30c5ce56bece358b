package main

// This file holds what ws dial -L does: following redirects, but never with credentials to somebody else.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
)

// maxRedirects is how many redirects are followed, one after the other.
const maxRedirects = 10

// dialFollowing is d.Dial, which goes on where a redirect leads to.
func dialFollowing(ctx context.Context, d *websocket.Dialer, rawURL string, via func(to string)) (*websocket.Conn, *http.Response, error) {
	for range maxRedirects {
		conn, resp, err := d.Dial(ctx, rawURL)
		if err == nil || !redirects(resp) || errors.As(err, new(*websocket.ProxyError)) {
			return conn, resp, err
		}
		from, to, err := redirection(rawURL, resp)
		if err == nil {
			err = mayFollow(from, to, from.User != nil || hasCredentials(d))
		}
		if err != nil {
			return nil, resp, notFollowed{err}
		}
		if to.User == nil {
			to.User = from.User // to the same server: mayFollow has seen to that
		}
		rawURL = to.String()
		via(to.Redacted())
	}
	return nil, nil, notFollowed{fmt.Errorf("more than %d redirects", maxRedirects)}
}

// notFollowed is the error of a redirect that is not followed.
type notFollowed struct{ error }

// hasCredentials reports whether d sends what others must not get. Header fields of the user's count as such, but for Origin:
// whether one is, only the user knows.
func hasCredentials(d *websocket.Dialer) bool {
	for name := range d.Header {
		if !strings.EqualFold(name, "Origin") {
			return true
		}
	}
	return len(d.TLS.Certificates) > 0
}

// redirects reports whether a response is one.
func redirects(resp *http.Response) bool {
	if resp == nil || resp.Header.Get("Location") == "" {
		return false
	}
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirection returns the URLs that a redirect comes from and leads to, both with the scheme ws or wss.
func redirection(rawURL string, resp *http.Response) (from, to *url.URL, err error) {
	if from, err = url.Parse(rawURL); err == nil {
		to, err = from.Parse(resp.Header.Get("Location"))
	}
	if err != nil {
		return nil, nil, errors.New("the server redirects to what is no URL")
	}
	for _, u := range []*url.URL{from, to} {
		switch u.Scheme {
		case "http":
			u.Scheme = "ws"
		case "https":
			u.Scheme = "wss"
		}
	}
	return from, to, nil
}

// mayFollow returns why a redirect is not followed: it would give up TLS, or bring credentials to another server.
func mayFollow(from, to *url.URL, credentials bool) error {
	shown := harmless.Line(to.Redacted())
	switch {
	case to.Scheme != "ws" && to.Scheme != "wss":
		return fmt.Errorf("the server redirects to %s, which is no WebSocket URL", shown)
	case from.Scheme == "wss" && to.Scheme == "ws":
		return fmt.Errorf("the server redirects to %s, without TLS; dial that if you want it", shown)
	case credentials && !sameServer(from, to):
		return fmt.Errorf("the server redirects to %s, another server, where header fields, passwords and certificates are not sent; "+
			"dial that if you trust it", shown)
	}
	return nil
}

// sameServer reports whether two URLs lead to the same host and port, or from port 80 to TLS on 443 of the same host.
func sameServer(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	return port(from) == port(to) || port(from) == "80" && port(to) == "443" && to.Scheme == "wss"
}

// port returns the port of a ws or wss URL.
func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "wss":
		return "443"
	}
	return "80"
}
