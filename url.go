package websocket

// This file holds the URLs of servers (RFC 6455, Section 3): what Dial takes, and how errors show it.

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// parseURL reads the URL of a server (RFC 6455, Section 3) and returns it with the scheme http or https.
func parseURL(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, malformedURL(rawURL, err)
	}
	switch u.Scheme {
	case "ws", "http":
		u.Scheme = "http"
	case "wss", "https":
		u.Scheme = "https"
	default:
		return nil, fmt.Errorf("websocket: URL with scheme %q instead of ws or wss", u.Scheme)
	}
	// RFC 6455, Section 3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used
	// on these URIs."
	if strings.Contains(rawURL, "#") {
		return nil, errors.New("websocket: URL with a fragment")
	}
	if u.Hostname() == "" {
		return nil, errors.New("websocket: URL without a host")
	}
	for i := range len(u.Host) {
		if u.Host[i] >= 0x7F {
			return nil, errors.New("websocket: URL with a host that is not ASCII; international names must be in punycode")
		}
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	return u, nil
}

// malformedURL returns the error about a URL that could not be parsed. It may name what was wrong only where that cannot
// be a part of a password: net/url takes what stands before an unescaped slash in one for a port.
func malformedURL(rawURL string, err error) error {
	var inner *url.Error // its text repeats the URL
	if strings.Contains(rawURL, "@") || !errors.As(err, &inner) {
		return errors.New("websocket: malformed URL")
	}
	return fmt.Errorf("websocket: malformed URL: %w", inner.Err)
}

// escapeQuery escapes what may not stand in a query: RFC 3986, Section 3.4, "query = *( pchar / "/" / "?" )". net/url
// does so in a path, but leaves a query as it is.
func escapeQuery(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		escaped := isEscape(s[i:])
		if escaped || isAlphanumeric(c) || strings.IndexByte("-._~!$&'()*+,;=:@/?", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func isAlphanumeric(c byte) bool { return c-'0' <= 9 || lower(c)-'a' < 26 }

// isEscape reports whether s begins with an escape: a percent sign and two hexadecimal digits (RFC 3986, Section 2.1).
func isEscape(s string) bool { return len(s) > 2 && s[0] == '%' && isHex(s[1]) && isHex(s[2]) }

func isHex(c byte) bool { return c-'0' <= 9 || lower(c)-'a' < 6 }

// shownURL returns a URL as it may stand in an error: without credentials, which its query may hold as well.
func shownURL(u *url.URL) string {
	shown := url.URL{Scheme: "ws" + strings.TrimPrefix(u.Scheme, "http"), Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		shown.RawQuery = "xxxxx" // what URL.Redacted puts in place of a password
	}
	return shown.String()
}
