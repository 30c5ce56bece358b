//go:build unix && (amd64 || arm64)

package transport

// This file holds a peer that speaks TLS 1.3 by itself once crypto/tls has made its handshake, so that it can send what that does
// not: updates of keys, records that are wrong, and any of them in pieces. It knows AES-GCM only, which crypto/tls chooses where
// processors have it.

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The types of records, and some of what they hold (RFC 8446, Sections 4 and 5.1).
const (
	alertRecord     = 21
	handshakeRecord = 22
	dataRecord      = 23
)

var (
	closeNotify  = []byte{1, 0}
	updateKeys   = []byte{24, 0, 0, 1, 0}
	updateBoth   = []byte{24, 0, 0, 1, 1} // and asks for the same
	badRecordMAC = []byte{2, 20}
)

// keys are those of one direction (RFC 8446, Section 7.3).
type keys struct {
	t      testing.TB
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

func newKeys(t testing.TB, secret []byte) *keys {
	k := &keys{t: t, secret: secret}
	k.use()
	return k
}

// expand is HKDF-Expand-Label without a context (RFC 8446, Section 7.1).
func (k *keys) expand(label string, n int) []byte {
	label = "tls13 " + label
	info := append([]byte{byte(n >> 8), byte(n), byte(len(label))}, label...)
	out, err := hkdf.Expand(sha256.New, k.secret, string(append(info, 0)), n)
	if err != nil {
		k.t.Fatal(err)
	}
	return out
}

func (k *keys) use() {
	block, err := aes.NewCipher(k.expand("key", 16))
	if err != nil {
		k.t.Fatal(err)
	}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		k.t.Fatal(err)
	}
	k.iv, k.seq = k.expand("iv", 12), 0
}

// update goes on to the next keys (RFC 8446, Section 7.2).
func (k *keys) update() {
	k.secret = k.expand("traffic upd", sha256.Size)
	k.use()
}

func (k *keys) nonce() []byte {
	nonce := bytes.Clone(k.iv)
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^k.seq)
	k.seq++
	return nonce
}

// seal returns a record.
func (k *keys) seal(kind byte, p []byte) []byte {
	n := len(p) + 1 + k.aead.Overhead()
	head := []byte{dataRecord, 3, 3, byte(n >> 8), byte(n)}
	return k.aead.Seal(head, k.nonce(), append(bytes.Clone(p), kind), head)
}

// sealAll returns the records of a conversation, and goes on to the next keys behind each update.
func (k *keys) sealAll(rs ...record) (wire []byte) {
	for _, r := range rs {
		wire = append(wire, k.seal(r.kind, r.p)...)
		if r.kind == handshakeRecord && r.p[0] == updateKeys[0] {
			k.update()
		}
	}
	return wire
}

// record is one, decrypted.
type record struct {
	kind byte
	p    []byte
}

func data(s string) record { return record{dataRecord, []byte(s)} }

// ticket is a NewSessionTicket (RFC 8446, Section 4.6.1), which only a server sends.
var ticket = []byte{4, 0, 0, 14, 0, 0, 1, 0, 1, 2, 3, 4, 0, 0, 1, 'T', 0, 0}

// conversation are records of all kinds that are not the end, and the data in them. A message of the handshake is one record, or
// several.
func conversation(client bool) (rs []record, text string) {
	rs = []record{
		data("a"), {handshakeRecord, updateBoth}, data(strings.Repeat("b", 30)), data(""), {handshakeRecord, updateKeys}, data("c"),
	}
	if client {
		rs = append([]record{{handshakeRecord, ticket}}, rs...)
		rs = append(rs, record{handshakeRecord, ticket[:3]}, record{handshakeRecord, ticket[3:9]}, record{handshakeRecord, ticket[9:]}, data("d"))
	}
	for _, r := range rs {
		if r.kind == dataRecord {
			text += string(r.p)
		}
	}
	return rs, text
}

// open decrypts whole records, and goes on to the next keys behind each update.
func (k *keys) open(wire []byte) (rs []record) {
	k.t.Helper()
	for len(wire) > 0 {
		n := recordHeader + int(binary.BigEndian.Uint16(wire[3:]))
		p, err := k.aead.Open(nil, k.nonce(), wire[recordHeader:n], wire[:recordHeader])
		if err != nil {
			k.t.Fatalf("record %d of the transport: %v", len(rs), err)
		}
		wire = wire[n:]
		r := record{p[len(p)-1], p[:len(p)-1]}
		if r.kind == handshakeRecord && r.p[0] == updateKeys[0] {
			k.update()
		}
		rs = append(rs, r)
	}
	return rs
}

// secrets is a KeyLogWriter.
type secrets struct {
	mu  sync.Mutex
	log string
}

func (s *secrets) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log += string(p)
	return len(p), nil
}

// of returns the first secret of a role's application data.
func (s *secrets) of(t testing.TB, role string) []byte {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(s.log) {
		if f := strings.Fields(line); f[0] == role+"_TRAFFIC_SECRET_0" {
			secret, err := hex.DecodeString(f[2])
			if err != nil || len(secret) != sha256.Size {
				t.Fatal(len(secret), err)
			}
			return secret
		}
	}
	t.Fatalf("no secret of the %s; want AES-GCM with SHA-256", role)
	return nil
}

// heldConn is a net.Conn whose writes stay in it from one on.
type heldConn struct {
	net.Conn
	from  int
	begun chan struct{} // closed then

	mu     sync.Mutex
	writes int
	wire   []byte
}

func (h *heldConn) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writes++; h.writes <= h.from {
		return h.Conn.Write(p)
	}
	if h.wire = append(h.wire, p...); h.writes == h.from+1 {
		close(h.begun)
	}
	return len(p), nil
}

// tlsPeer is the other end of a TLS.
type tlsPeer struct {
	t    testing.TB
	nc   net.Conn // where it is a Unix socket, what has been written has come
	out  *keys
	in   *keys
	rest []byte // of a record that has not come whole
}

// read returns the records that have come.
func (p *tlsPeer) read() []record {
	p.t.Helper()
	for b := make([]byte, 64<<10); ; {
		n, errno := readFD(p.fd(), b)
		if errno != 0 || n == 0 {
			break
		}
		p.rest = append(p.rest, b[:n]...)
	}
	whole := 0
	for len(p.rest)-whole >= recordHeader {
		n := recordHeader + int(binary.BigEndian.Uint16(p.rest[whole+3:]))
		if len(p.rest)-whole < n {
			break
		}
		whole += n
	}
	rs := p.in.open(p.rest[:whole])
	p.rest = bytes.Clone(p.rest[whole:])
	return rs
}

func (p *tlsPeer) fd() (fd int) {
	rc, err := p.nc.(syscall.Conn).SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	rc.Control(func(n uintptr) { fd = int(n) })
	return fd
}

// write sends bytes as they are.
func (p *tlsPeer) write(wire []byte) {
	p.t.Helper()
	if _, err := p.nc.Write(wire); err != nil {
		p.t.Fatal(err)
	}
}

// send sends records.
func (p *tlsPeer) send(rs ...record) { p.write(p.out.sealAll(rs...)) }

var serverConfig = sync.OnceValue(func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
})

// dialTLS returns a TLS of a role and its peer. flight is what comes behind the peer's part of the handshake, in one write with it up
// to its cut-th byte, before the transport's side ends its handshake; later sends the rest. Where cut is negative, all of it is.
func dialTLS(t *testing.T, client bool, cut int, flight ...record) (tr *TLS, p *tlsPeer, later func()) {
	t.Helper()
	return dialTLSOver(t, "unix", client, cut, flight...)
}

// dialTLSOver is dialTLS over another kind of socket, where what has been written may still be to come.
func dialTLSOver(t *testing.T, network string, client bool, cut int, flight ...record) (tr *TLS, p *tlsPeer, later func()) {
	t.Helper()
	tc, p, later := dialPeer(t, network, client, UnderTLS, cut, flight...)
	tr, ok := New(tc).(*TLS)
	if !ok {
		t.Fatal("it is not taken for TLS on a socket")
	}
	return tr, p, later
}

// dialPeer is dialTLS for what crypto/tls makes over what below puts on the socket.
func dialPeer(t *testing.T, network string, client bool, below func(net.Conn) net.Conn, cut int, flight ...record) (tc *tls.Conn, p *tlsPeer, later func()) {
	t.Helper()
	near, far := pair(t, network)
	t.Cleanup(func() { near.Close(); far.Close() })
	log := new(secrets)
	server := serverConfig().Clone()
	server.KeyLogWriter, server.SessionTicketsDisabled = log, true
	clients := &tls.Config{InsecureSkipVerify: true, KeyLogWriter: log}
	p = &tlsPeer{t: t, nc: far}
	mine, begun, done := tls.Server(below(near), server), make(chan struct{}), make(chan error, 2)
	last := &heldConn{Conn: far, from: 1, begun: begun} // behind the ClientHello
	theirs, here, there := tls.Client(last, clients), "SERVER", "CLIENT"
	if client {
		last.from = 0
		mine, theirs, here, there = tls.Client(below(near), clients), tls.Server(last, server), there, here
	}
	for _, tc := range []*tls.Conn{mine, theirs} {
		go func() { done <- tc.Handshake() }()
	}
	<-begun
	p.out, p.in = newKeys(t, log.of(t, there)), newKeys(t, log.of(t, here))
	wire := p.out.sealAll(flight...)
	if cut < 0 {
		cut = len(wire)
	}
	last.mu.Lock()
	p.write(append(last.wire, wire[:cut]...))
	last.mu.Unlock()
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	return mine, p, func() { p.write(wire[cut:]) }
}
