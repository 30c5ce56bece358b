package websocket

// This file holds the syntax of HTTP fields that the opening handshake reads (RFC 9110, Section 5.6): tokens, lists
// of them, the list of extensions of RFC 6455, Section 9.1, and authorities. Every parser here takes time linear in its
// input and keeps no more than a bounded number of elements.

import (
	"math/bits"
	"strings"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// tokenChars marks the characters of a token (RFC 9110, Section 5.6.2).
var tokenChars = func() (t [256]bool) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789" + letters + strings.ToUpper(letters)) {
		t[c] = true
	}
	return t
}()

// each times a byte is a word of eight of them.
const each = 0x0101010101010101

// word returns the first eight bytes of s, the first in the lowest place.
func word(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// tokenLength returns the length of the longest prefix of s that has only characters of a token.
func tokenLength(s string) int {
	i := 0
	for len(s)-i >= 8 {
		// The lowest top bit that is set is that of the first byte that is neither a letter nor a hyphen. Above it, a
		// carry may have set others.
		x := word(s[i : i+8])
		small := x | each*0x20 // letters in lower case
		letter := (small + each*(0x80-'a')) &^ (small + each*(0x7F-'z'))
		hyphen := x ^ each*'-' // zero where there is one
		if found := ((hyphen&(each*0x7F) + each*0x7F) | hyphen) &^ letter & (each * 0x80); found != 0 {
			i += bits.TrailingZeros64(found) / 8
			break
		}
		i += 8
	}
	for i < len(s) && tokenChars[s[i]] {
		i++
	}
	return i
}

// isToken reports whether s is a token.
func isToken(s string) bool { return s != "" && tokenLength(s) == len(s) }

// fieldValueLength returns the length of the longest prefix of s that has only characters that a field's value may
// have: no controls but the tab (RFC 9110, Section 5.5).
func fieldValueLength(s string) int {
	i := 0
	for len(s)-i >= 8 {
		// The lowest top bit that is set is that of the first byte below space or equal to DEL. Above it, a borrow may
		// have set others.
		x := word(s[i : i+8])
		found := ((x - each*' ') | (x ^ each*0x7F - each)) &^ x & (each * 0x80)
		if found == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(found) / 8
		if s[i] != '\t' {
			return i
		}
		i++
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7F {
			break
		}
	}
	return i
}

// isFieldValue reports whether s may be a field's value.
func isFieldValue(s string) bool { return fieldValueLength(s) == len(s) }

// equalFold reports whether a and b are equal but for the case of ASCII letters, and of those alone.
func equalFold(a, b string) bool { return len(a) == len(b) && (a == b || equalLower(a, b)) }

// equalLower is equalFold for strings of the same length.
func equalLower(a, b string) bool {
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// lower returns c as a lower case letter where it is a letter of ASCII.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// trimSpace cuts spaces and tabs from both ends of s: what RFC 9110, Section 5.6.3, calls OWS.
func trimSpace(s string) string {
	s = skipSpace(s)
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// skipSpace skips spaces and tabs.
func skipSpace(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// cutElement returns the first element of a list without quoted strings, and the rest of the list. The element may be
// empty: RFC 9110, Section 5.6.1.2, "A recipient MUST parse and ignore a reasonable number of empty list elements".
func cutElement(list string) (element, rest string) {
	element, rest, _ = strings.Cut(list, ",")
	return trimSpace(element), rest
}

// countTokens counts the elements of the list that stands in lines. ok is false if one of them is not a token.
func countTokens(lines []string) (n int, ok bool) {
	for _, line := range lines {
		for line != "" {
			var element string
			if element, line = cutElement(line); element == "" {
				continue
			}
			if !isToken(element) {
				return n, false
			}
			n++
		}
	}
	return n, true
}

// isOnly reports whether the list that stands in lines is this element, in any case, and nothing else.
func isOnly(lines []string, element string) bool {
	return len(lines) == 1 && equalFold(lines[0], element)
}

// hasToken looks for a token, in any case, in the list that stands in lines. ok is false if the list is malformed.
func hasToken(lines []string, token string) (found, ok bool) {
	if isOnly(lines, token) {
		return true, true
	}
	for _, line := range lines {
		for line != "" {
			var element string
			if element, line = cutElement(line); element == "" {
				continue
			}
			if !isToken(element) {
				return found, false
			}
			found = found || equalFold(element, token)
		}
	}
	return found, true
}

// hasProtocol is hasToken for the list in Upgrade, where a version may follow the name (RFC 9110, Section 7.8).
func hasProtocol(lines []string, protocol string) (found, ok bool) {
	if isOnly(lines, protocol) {
		return true, true
	}
	for _, line := range lines {
		for line != "" {
			var element string
			if element, line = cutElement(line); element == "" {
				continue
			}
			name, version, versioned := strings.Cut(element, "/")
			if !isToken(name) || versioned && !isToken(version) {
				return found, false
			}
			found = found || equalFold(element, protocol)
		}
	}
	return found, true
}

// extension is one element of Sec-WebSocket-Extensions.
type extension struct {
	Name   string
	Params []compress.Param
}

// The most extensions, and the most parameters of all of them together, that a list may have.
const (
	maxExtensions      = 32
	maxExtensionParams = 128
)

// appendExtensions appends the extensions listed in lines to exts, and their parameters to params, of which the
// extensions hold parts. ok is false if the list is empty, malformed or too long.
func appendExtensions(exts []extension, params []compress.Param, lines []string) (
	_ []extension, _ []compress.Param, ok bool,
) {
	for _, line := range lines {
		s := skipEmpty(line)
		for s != "" {
			first := len(params)
			var name string
			if name, s = cutToken(s); name == "" || len(exts) == maxExtensions {
				return exts, params, false
			}
			for s != "" && s[0] == ';' {
				var p compress.Param
				if p, s, ok = cutParam(s[1:]); !ok || len(params) == maxExtensionParams {
					return exts, params, false
				}
				params = append(params, p)
			}
			if s != "" && s[0] != ',' {
				return exts, params, false
			}
			exts = append(exts, extension{Name: name, Params: params[first:len(params):len(params)]})
			s = skipEmpty(s)
		}
	}
	return exts, params, len(exts) > 0
}

// skipEmpty skips commas and the space around them.
func skipEmpty(s string) string {
	for s != "" && (s[0] == ',' || isSpace(s[0])) {
		s = s[1:]
	}
	return s
}

// cutToken cuts a token, which is empty if there is none, and the space around it from s.
func cutToken(s string) (token, rest string) {
	s = skipSpace(s)
	n := tokenLength(s)
	return s[:n], skipSpace(s[n:])
}

// cutParam cuts a parameter from s, which begins behind its semicolon.
func cutParam(s string) (p compress.Param, rest string, ok bool) {
	if p.Name, s = cutToken(s); p.Name == "" {
		return p, s, false
	}
	if s == "" || s[0] != '=' {
		return p, s, true
	}
	p.HasValue = true
	if s = skipSpace(s[1:]); s != "" && s[0] == '"' {
		p.Value, s, ok = cutQuoted(s[1:])
		s = skipSpace(s)
	} else {
		p.Value, s = cutToken(s)
		ok = true
	}
	// RFC 6455, Section 9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF".
	return p, s, ok && isToken(p.Value)
}

// cutQuoted cuts a quoted string (RFC 9110, Section 5.6.4) from s, which begins behind the opening quote.
func cutQuoted(s string) (value, rest string, ok bool) {
	end := strings.IndexAny(s, `"\`)
	if end >= 0 && s[end] == '"' {
		return s[:end], s[end+1:], true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// hostChars marks the characters of a host's name (RFC 3986, Section 3.2.2): unreserved ones, sub-delims, and those of
// an escape.
var hostChars = func() (t [256]bool) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	for _, c := range []byte("-._~!$&'()*+,;=%0123456789" + letters + strings.ToUpper(letters)) {
		t[c] = true
	}
	return t
}()

// isAuthority reports whether s is a host with or without a port, and without a user (RFC 3986, Section 3.2).
func isAuthority(s string) bool {
	name, port, _ := cutPort(s)
	for i := range len(port) {
		if !isDigit(port[i]) {
			return false
		}
	}
	return isHost(name)
}

// isHost reports whether s is a name, or an IP address, in brackets if that has colons.
func isHost(s string) bool {
	inner, bracketed := strings.CutPrefix(s, "[")
	if bracketed {
		if inner, bracketed = strings.CutSuffix(inner, "]"); !bracketed {
			return false
		}
	}
	for i := range len(inner) {
		c := inner[i]
		if !hostChars[c] && !(bracketed && c == ':') || c == '%' && !isEscape(inner[i:]) {
			return false
		}
	}
	return inner != ""
}

// cutPort splits an authority where its port begins. ok is false if it has none.
func cutPort(authority string) (name, port string, ok bool) {
	i := strings.LastIndexByte(authority, ':')
	if i < 0 || i < strings.LastIndexByte(authority, ']') { // a colon inside brackets belongs to an IPv6 address
		return authority, "", false
	}
	return authority[:i], authority[i+1:], true
}
