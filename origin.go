package websocket

// This file holds the policy about origins (RFC 6455, Sections 4.2.2 and 10.2): which web pages may connect.

import "strings"

// originAllowed reports whether a page of the given origin may connect to a server that the client knows as host.
// An origin equal to the server's own may, and those that patterns name; see Upgrader.Origins.
func originAllowed(origin, host string, secure bool, patterns []string) bool {
	scheme, authority, ok := strings.Cut(origin, "://")
	if !ok || authority == "" {
		return false // "null", which every sandboxed page has in common, and what is no origin at all
	}
	if sameOrigin(scheme, authority, host, secure) {
		return true
	}
	name, port := splitPort(authority, scheme)
	for _, p := range patterns {
		if originMatches(p, scheme, name, port) {
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

// originMatches reports whether pattern, an element of Upgrader.Origins, allows the origin.
func originMatches(pattern, scheme, name, port string) bool {
	if s, rest, ok := strings.Cut(pattern, "://"); ok {
		if !equalFold(s, scheme) {
			return false
		}
		pattern = rest
	}
	wantName, wantPort := splitPort(pattern, scheme)
	if wantPort != port && wantPort != "*" {
		return false
	}
	if suffix, ok := strings.CutPrefix(wantName, "*"); ok {
		n := len(name) - len(suffix)
		return strings.HasPrefix(suffix, ".") && n > 0 && equalFold(name[n:], suffix)
	}
	return wantName != "" && equalFold(name, wantName)
}

// splitPort splits an authority into host and port. A port that is not given is the scheme's default, if it has one.
func splitPort(authority, scheme string) (name, port string) {
	i := strings.LastIndexByte(authority, ':')
	if i > strings.LastIndexByte(authority, ']') { // a colon inside brackets belongs to an IPv6 address
		return authority[:i], authority[i+1:]
	}
	switch {
	case equalFold(scheme, "http"):
		return authority, "80"
	case equalFold(scheme, "https"):
		return authority, "443"
	}
	return authority, ""
}
