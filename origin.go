package websocket

// This file holds the policy about origins (RFC 6455, Sections 4.2.2 and 10.2): which web pages may connect.

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// pageOrigin is the origin of a page (RFC 6454) that has scheme, host and port.
type pageOrigin struct{ scheme, name, port string }

// originPattern is an element of Upgrader.Origins.
type originPattern struct {
	exact  string // the whole origin, where it has no host: "null" or "file://"; or empty
	scheme string // empty stands for http and https
	name   string // of the host; with a dot at its beginning if under; empty for every origin of the scheme
	under  bool   // it stands for all hosts under name
	port   string // empty stands for the scheme's default, "*" for any
}

// originAllowed reports whether a page of the given origin may connect to a server that the client knows as host.
// An origin equal to the server's own may, and those that patterns name; see Upgrader.Origins.
func originAllowed(origin, host string, secure bool, patterns []originPattern) bool {
	scheme, authority, ok := strings.Cut(origin, "://")
	// What is no origin at all must not be taken for one that ends as a pattern does, such as "https://evil/.example.com".
	if ok = ok && isAuthority(authority); ok && sameOrigin(scheme, authority, host, secure) {
		return true
	}
	page := pageOrigin{scheme: scheme}
	page.name, page.port = splitPort(authority, scheme)
	for i := range patterns {
		if p := &patterns[i]; p.exact != "" && equalFold(p.exact, origin) || ok && p.matches(page) {
			return true
		}
	}
	return false
}

// sameOrigin reports whether the origin is that of the server. A server that does not speak TLS itself cannot know
// whether something before it does, and takes the origin's word for the scheme; one that does knows that a page that
// came over plain HTTP is another origin, which a man in the middle may have written.
func sameOrigin(scheme, authority, host string, secure bool) bool {
	if !equalFold(scheme, "https") && (secure || !equalFold(scheme, "http")) {
		return false
	}
	if authority == host {
		return true
	}
	name, port := splitPort(authority, scheme)
	hostName, hostPort := splitPort(host, scheme)
	return equalFold(name, hostName) && port == hostPort
}

// isWeb reports whether a scheme is one that pages of the web have.
func isWeb(scheme string) bool { return equalFold(scheme, "http") || equalFold(scheme, "https") }

// matches reports whether the pattern names the origin.
func (p *originPattern) matches(o pageOrigin) bool {
	switch {
	case p.exact != "":
		return false
	case p.scheme == "" && !isWeb(o.scheme), p.scheme != "" && !equalFold(p.scheme, o.scheme):
		return false
	case p.name == "":
		return true
	case p.port == "" && o.port != defaultPort(o.scheme), p.port != "" && p.port != "*" && p.port != o.port:
		return false
	case p.under:
		n := len(o.name) - len(p.name)
		return n > 0 && equalFold(o.name[n:], p.name)
	}
	return equalFold(o.name, p.name)
}

// parseOrigins parses Upgrader.Origins.
func parseOrigins(patterns []string) ([]originPattern, error) {
	parsed := make([]originPattern, len(patterns))
	for i, s := range patterns {
		var err error
		if parsed[i], err = parseOrigin(s); err != nil {
			return nil, fmt.Errorf("the element %q of Origins %w", s, err)
		}
	}
	return parsed, nil
}

// parseOrigin parses an element of Upgrader.Origins. One that could never match an origin is an error.
func parseOrigin(s string) (p originPattern, err error) {
	rest := s
	if scheme, behind, ok := strings.Cut(s, "://"); ok {
		if p.scheme, rest = scheme, behind; !isScheme(scheme) {
			return p, errors.New("has a malformed scheme")
		}
	}
	web := p.scheme == "" || isWeb(p.scheme)
	switch {
	case s == "null", rest == "" && !web:
		return originPattern{exact: s}, nil
	case rest == "*" && !web:
		return p, nil
	case strings.HasPrefix(rest, "*") && !strings.HasPrefix(rest, "*."):
		return p, errors.New(`has a "*" that is not all of a name's first part; all of the web is InsecureSkipOriginCheck`)
	}
	name, port, ported := cutPort(rest)
	p.name, p.under = strings.CutPrefix(name, "*")
	if !isHost(strings.TrimPrefix(p.name, ".")) || strings.Contains(p.name, "*") {
		return p, errors.New("has no host as an Origin has it: without path, and in punycode where it is not ASCII")
	}
	if p.port = port; ported && port != "*" && !isPort(port) {
		return p, errors.New("has a port that is neither a number nor \"*\"")
	}
	return p, nil
}

// isScheme reports whether s is the scheme of a URI (RFC 3986, Section 3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		c := lower(s[i])
		if (c < 'a' || 'z' < c) && (i == 0 || !isDigit(c) && strings.IndexByte("+-.", c) < 0) {
			return false
		}
	}
	return s != ""
}

// isPort reports whether s is a port as an Origin has it.
func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s[0] != '0'
}

// splitPort splits an authority into host and port. A port that is not given is the scheme's default, if it has one.
func splitPort(authority, scheme string) (name, port string) {
	name, port, ok := cutPort(authority)
	if !ok {
		port = defaultPort(scheme)
	}
	return name, port
}

// defaultPort returns the port of a scheme, in any case, or the empty string.
func defaultPort(scheme string) string {
	switch {
	case equalFold(scheme, "http"):
		return "80"
	case equalFold(scheme, "https"):
		return "443"
	}
	return ""
}
