package natsadapter

// This file holds the names of subjects.

import (
	"crypto/sha256"
	"encoding/hex"
)

// maxToken is how long a token may be. NATS bounds the line that begins a message (max_control_line, 4 KiB), and closes the connection that sends a longer one.
const maxToken = 128

// token returns any string as a token of a subject: letters, digits, - and _ stand for themselves, and each other byte is = and two hexadecimal digits. What
// would be too long, which clients may choose, is == and a hash.
func token(s string) string {
	var b []byte
	for i := 0; i < len(s) && len(b) <= maxToken; i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			b = append(b, c)
		default:
			b = append(b, '=')
			b = hex.AppendEncode(b, []byte{c})
		}
	}
	switch {
	case len(b) == 0:
		return "="
	case len(b) > maxToken:
		hash := sha256.Sum256([]byte(s))
		return "==" + hex.EncodeToString(hash[:])
	}
	return string(b)
}

// subjects are those of a namespace.
type subjects struct{ prefix, namespace string }

func subjectsOf(prefix, namespace string) subjects { return subjects{prefix, token(namespace)} }

func (s subjects) all() string           { return s.prefix + ".all." + s.namespace }
func (s subjects) node(id string) string { return s.prefix + ".node." + s.namespace + "." + token(id) }
func (s subjects) room(name string) string {
	return s.prefix + ".room." + s.namespace + "." + token(name)
}
func (s subjects) log() string { return s.prefix + ".log." + s.namespace }

// sessionOf returns the subject of a session.
func sessionOf(prefix, pid string) string { return prefix + ".session." + token(pid) }
