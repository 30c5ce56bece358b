//go:build unix && (amd64 || arm64)

package transport

// This file tests TLS on a socket with a peer that may send anything. That the promises of Conn are kept over it, its own tests say.
// Where a test relies on what crypto/tls does inside, it is a canary: tls_unix.go lists what that is.

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// recvAll returns what there is to receive, in rooms of a size, and the error behind it. Whatever is said to be drained must be.
func recvAll(t *testing.T, tr *TLS, room int) (got string, err error) {
	t.Helper()
	for wasDrained := false; ; {
		b := make([]byte, room)
		n, drained, err := tr.Recv(b, true)
		if wasDrained && err != ErrWouldBlock {
			t.Fatalf("drained, and then %d bytes, %v", n, err)
		}
		if wasDrained = drained; n == 0 {
			if err == ErrWouldBlock && tr.buf != nil {
				t.Fatal("it would wait with a buffer")
			}
			return got, err
		}
		got += string(b[:n])
	}
}

// wantRecv wants what has come, and to wait behind it.
func wantRecv(t *testing.T, tr *TLS, room int, want string) {
	t.Helper()
	if got, err := recvAll(t, tr, room); got != want || err != ErrWouldBlock {
		t.Fatalf("got %d bytes %.40q, %v; want %d, %.40q", len(got), got, err, len(want), want)
	}
}

// onRoles runs f in both.
func onRoles(t *testing.T, f func(t *testing.T, client bool)) {
	for _, client := range []bool{false, true} {
		t.Run(fmt.Sprintf("client=%v", client), func(t *testing.T) { f(t, client) })
	}
}

// TestTLSCut_5_1 protects records that come with the handshake, or later, cut at every place: nothing is lost and nothing waits that
// has come whole. It is the canary of reads that would block, in the midst of records and messages of the handshake, and of the bytes
// that crypto/tls holds when TLS takes its place.
func TestTLSCut_5_1(t *testing.T) {
	onRoles(t, func(t *testing.T, client bool) {
		rs, text := conversation(client)
		_, p, _ := dialTLS(t, client, -1)
		wire := len(p.out.sealAll(rs...))
		for cut := range wire + 1 {
			tr, p, later := dialTLS(t, client, cut, rs...)
			before, err := recvAll(t, tr, 8)
			if err != ErrWouldBlock {
				t.Fatal(cut, err)
			}
			if later(); cut == wire && before != text {
				t.Fatalf("%q of %q with the handshake", before, text)
			}
			wantRecv(t, tr, 8, text[len(before):])
			if answers := p.read(); len(answers) != 1 || !bytes.Equal(answers[0].p, updateKeys) {
				t.Fatalf("cut at %d: the transport answered %v", cut, answers)
			}
			tr.Close()
			p.nc.Close()
		}
	})
}

// TestTLSDripped protects records that come byte by byte, into rooms of several sizes, and a large one behind.
func TestTLSDripped(t *testing.T) {
	onRoles(t, func(t *testing.T, client bool) {
		rs, text := conversation(client)
		for _, room := range []int{1, 7, 32 << 10} {
			tr, p, _ := dialTLS(t, client, -1)
			got := ""
			for _, b := range p.out.sealAll(rs...) {
				p.write([]byte{b})
				more, err := recvAll(t, tr, room)
				if got += more; err != ErrWouldBlock {
					t.Fatal(err)
				}
			}
			if got != text {
				t.Fatalf("%q, want %q", got, text)
			}
			large := strings.Repeat("l", 1<<14)
			p.send(data(large), data("x"), data(large))
			wantRecv(t, tr, max(room, 100), large+"x"+large)
		}
	})
}

// TestTLSDrained protects that a reader is told that nothing is left only if that holds for all of it, in the run that it is in: in the
// kernel, which TCP tells, of what has come and is not decrypted, of what is, and of the end.
func TestTLSDrained(t *testing.T) {
	onRoles(t, func(t *testing.T, client bool) {
		tr, p, _ := dialTLSOver(t, "tcp", client, -1)
		came := func(room int) (drained bool) {
			b := make([]byte, room)
			for {
				n, drained, err := tr.Recv(b, true)
				if n > 0 {
					return drained
				}
				if err != ErrWouldBlock {
					t.Fatal(err)
				}
				runtime.Gosched()
			}
		}
		p.send(data("all"))
		if drained := came(100); drained != (tr.counts == itCounts) {
			t.Errorf("drained: %v, where the socket counts: %v", drained, tr.counts == itCounts)
		}
		p.send(data("two"), data("records"))
		if came(2) || came(1) || came(3) {
			t.Error("drained before the end of what has come")
		}
		reader := &oneRecv{tr: tr}
		if err := tr.Run(reader, false); err != nil || reader.n != len("records")-3 || reader.drained {
			t.Errorf("in the next run: %d bytes, drained %v, %v", reader.n, reader.drained, err)
		}
		p.send(data("last"), record{alertRecord, closeNotify})
		if came(100) {
			t.Error("drained before the end of the stream")
		}
		if _, err := recvAll(t, tr, 100); err != io.EOF {
			t.Error(err)
		}
	})
}

// oneRecv is a reader that receives once.
type oneRecv struct {
	tr      *TLS
	n       int
	drained bool
}

func (o *oneRecv) Readable() bool {
	o.n, o.drained, _ = o.tr.Recv(make([]byte, 100), true)
	return true
}

func (o *oneRecv) Leave() {}

// TestTLSBehindWriter protects reading from a writer whose peer does not read: an update of keys, whose answer crypto/tls writes
// while it reads, and what is behind that come at once, and the answer follows what was before it.
func TestTLSBehindWriter(t *testing.T) {
	onRoles(t, func(t *testing.T, client bool) {
		tr, p, _ := dialTLS(t, client, -1)
		sent := fill(t, tr)
		if n, err := tr.TrySend([]byte("more"), true); n != 0 || err != nil {
			t.Errorf("%d bytes taken, %v", n, err)
		}
		before := tr.Backlog()
		if before > batchRoom {
			t.Errorf("%d bytes wait", before)
		}
		p.send(record{handshakeRecord, updateBoth}, data("behind"))
		wantRecv(t, tr, 100, "behind")
		if tr.Backlog() <= before {
			t.Error("the answer does not count")
		}
		var got []record
		done := make(chan error, 1)
		go func() { done <- second(tr.Send([]byte("head"), []byte("tail"))) }()
		for ended := false; !ended; {
			select {
			case err := <-done:
				if ended = true; err != nil {
					t.Fatal(err)
				}
			default:
			}
			got = append(got, p.read()...)
		}
		text, updates := "", 0
		for _, r := range got {
			switch r.kind {
			case dataRecord:
				text += string(r.p)
			case handshakeRecord:
				if updates++; text != sent {
					t.Errorf("the update is behind %d bytes of %d", len(text), len(sent))
				}
			}
		}
		if text != sent+"headtail" || updates != 1 || tr.Backlog() != 0 {
			t.Errorf("%d bytes of %d, %d updates, %d wait", len(text), len(sent)+8, updates, tr.Backlog())
		}
		if last := got[len(got)-1]; string(last.p) != "headtail" {
			t.Errorf("a header and what follows it are not one record: %q", last.p)
		}
	})
}

func second[A, B any](_ A, b B) B { return b }

// TestTLSFlood protects the memory of this side from a peer that asks for updates of keys and does not take the answers: it ends the
// connection.
func TestTLSFlood(t *testing.T) {
	onRoles(t, func(t *testing.T, client bool) {
		tr, p, _ := dialTLS(t, client, -1)
		var err error
		for range 1 << 20 {
			p.send(record{handshakeRecord, updateBoth}, data("x"))
			var got string
			if got, err = recvAll(t, tr, 100); got != "x" {
				t.Fatalf("%q, %v", got, err)
			}
			if err != ErrWouldBlock {
				break
			}
			if cap(tr.queue.bytes) > 2*maxQueue || tr.Backlog() > maxQueue {
				t.Fatalf("%d bytes wait in %d", tr.Backlog(), cap(tr.queue.bytes))
			}
		}
		if err != ErrFlooded || tr.queue.bytes != nil || tr.Backlog() != 0 {
			t.Errorf("%v, %d bytes wait in %d", err, tr.Backlog(), cap(tr.queue.bytes))
		}
		if _, err := tr.TrySend([]byte("x"), true); err != ErrFlooded {
			t.Errorf("a write behind it: %v", err)
		}
	})
}

// TestTLSSlowFlood protects the memory of this side from a peer that asks for updates of keys and takes the answers as slowly as it
// asks: what is queued is never all sent, and what has been sent of it is not kept.
func TestTLSSlowFlood(t *testing.T) {
	onRoles(t, func(t *testing.T, client bool) {
		tr, p, _ := dialTLS(t, client, -1)
		fill(t, tr)
		asks := []record{data("x"), {handshakeRecord, updateBoth}}
		answers := 0
		for answers < 2*maxQueue {
			before := tr.Backlog()
			p.send(slices.Repeat(asks, 100)...)
			wantRecv(t, tr, 1000, strings.Repeat("x", 100))
			answers += tr.Backlog() - before
			for b := make([]byte, 4<<10); tr.Backlog() > maxQueue/2; tr.queue.answer(int(tr.fd), tr.below.nc) {
				if n, errno := readFD(p.fd(), b); n <= 0 {
					t.Fatal(n, errno)
				}
			}
			if tr.Backlog() == 0 || cap(tr.queue.bytes) > 2*maxQueue {
				t.Fatalf("%d bytes wait in %d, behind %d bytes of answers", tr.Backlog(), cap(tr.queue.bytes), answers)
			}
		}
	})
}

// fill sends until the kernel takes no more, and returns what that was.
func fill(t *testing.T, tr *TLS) (sent string) {
	t.Helper()
	for i := 0; tr.Backlog() == 0; i++ {
		b := bytes.Repeat([]byte{byte(i)}, 100_000)
		n, err := tr.TrySend(b, true)
		if err != nil {
			t.Fatal(err)
		}
		sent += string(b[:n])
	}
	return sent
}

// TestTLSEnds protects what came before an end of every kind, and that the end stays: one that came with data was lost once, and
// the reader waited for ever.
func TestTLSEnds(t *testing.T) {
	for name, row := range map[string]struct {
		end    func(p *tlsPeer)
		want   error
		text   string
		answer []byte
	}{
		"close_notify": {func(p *tlsPeer) { p.send(data("last"), record{alertRecord, closeNotify}) }, io.EOF, "EOF", nil},
		"FIN": {func(p *tlsPeer) {
			p.send(data("last"))
			closeWrite(p.nc)
		}, io.EOF, "EOF", nil},
		"FIN in a header": {func(p *tlsPeer) {
			p.write(append(p.out.sealAll(data("last")), p.out.sealAll(data("cut"))[:3]...))
			closeWrite(p.nc)
		}, io.ErrUnexpectedEOF, "unexpected EOF", nil},
		"FIN in a record": {func(p *tlsPeer) {
			p.write(append(p.out.sealAll(data("last")), p.out.sealAll(data("cut"))[:15]...))
			closeWrite(p.nc)
		}, io.ErrUnexpectedEOF, "unexpected EOF", nil},
		"bad MAC": {func(p *tlsPeer) {
			wire := p.out.sealAll(data("last"), data("wrong"))
			wire[len(wire)-1] ^= 1
			p.write(wire)
		}, nil, "local error: tls: bad record MAC", badRecordMAC},
		"an alert": {func(p *tlsPeer) { p.send(data("last"), record{alertRecord, badRecordMAC}) }, nil, "remote error: tls: bad record MAC", nil},
	} {
		for _, room := range []int{1, 4, 5, 100} {
			onRoles(t, func(t *testing.T, client bool) {
				tr, p, _ := dialTLS(t, client, -1)
				wantRecv(t, tr, room, "")
				row.end(p)
				for i, want := range []string{"last", ""} {
					got, err := recvAll(t, tr, room)
					if got != want || row.want != nil && err != row.want || err.Error() != row.text {
						t.Errorf("%s, room for %d, reading %d: %q, %v", name, room, i, got, err)
					}
				}
				rs := p.read()
				if row.answer == nil && len(rs) != 0 || row.answer != nil && (len(rs) != 1 || !bytes.Equal(rs[0].p, row.answer)) {
					t.Errorf("%s: the peer got %v", name, rs)
				}
				if tr.buf != nil {
					t.Errorf("%s: a buffer is held", name)
				}
			})
		}
	}
}

// TestTLSReset protects the error of a reset, which is the kernel's.
func TestTLSReset(t *testing.T) {
	near, far := pair(t, "tcp")
	defer near.Close()
	mine, theirs := tls.Client(UnderTLS(near), &tls.Config{InsecureSkipVerify: true}), tls.Server(far, serverConfig())
	done := make(chan error, 1)
	go func() { done <- theirs.Handshake() }()
	if err := errors.Join(mine.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	tr := New(mine).(*TLS)
	far.(*net.TCPConn).SetLinger(0)
	far.Close()
	reader := &untilError{tr: tr}
	if err := tr.Run(reader, false); err != nil || !errors.Is(reader.err, syscall.ECONNRESET) {
		t.Errorf("%v, %v", err, reader.err)
	}
}

// untilError is a reader that reads until there is an error.
type untilError struct {
	tr  *TLS
	err error
}

func (u *untilError) Readable() bool {
	for u.err == nil {
		_, _, u.err = u.tr.Recv(make([]byte, 100), false)
	}
	if u.err == ErrWouldBlock {
		u.err = nil
		return false
	}
	return true
}

func (u *untilError) Leave() {}

// TestTLSCloseWrite protects the order of an end: what is queued, close_notify, the end of the socket's stream; and that reading
// goes on. It is the canary of the deadlines that crypto/tls sets for its close_notify, the last of which has passed.
func TestTLSCloseWrite(t *testing.T) {
	onRoles(t, func(t *testing.T, client bool) {
		tr, p, _ := dialTLS(t, client, -1)
		if n, err := tr.TrySend([]byte("last"), true); n != 4 || err != nil {
			t.Fatal(n, err)
		}
		if !tr.CloseWrite() {
			t.Error("it could not end its stream")
		}
		rs := p.read()
		if len(rs) != 2 || string(rs[0].p) != "last" || !bytes.Equal(rs[1].p, closeNotify) {
			t.Errorf("the peer got %v", rs)
		}
		if n, errno := readFD(p.fd(), make([]byte, 1)); n != 0 || errno != 0 {
			t.Errorf("no end: %d, %v", n, errno)
		}
		p.send(data("still"))
		wantRecv(t, tr, 100, "still")
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
		if rs := p.read(); len(rs) != 0 {
			t.Errorf("behind its end, the peer got %v", rs)
		}
	})
}

// TestTLSClose protects that a peer is told of a close without CloseWrite, that nothing waits for one that does not read, and that
// a transport is of no use then, whoever has closed it.
func TestTLSClose(t *testing.T) {
	for _, full := range []bool{false, true} {
		for name, closes := range map[string]func(*TLS) error{
			"transport": (*TLS).Close, "tls.Conn": func(tr *TLS) error { return tr.tc.Close() },
		} {
			onRoles(t, func(t *testing.T, client bool) {
				tr, p, _ := dialTLS(t, client, -1)
				if full {
					fill(t, tr)
				}
				if err := closes(tr); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				rs := p.read()
				if !full && (len(rs) != 1 || !bytes.Equal(rs[0].p, closeNotify)) {
					t.Errorf("%s: the peer got %v", name, rs)
				}
				if _, err := tr.TrySend([]byte("x"), false); !errors.Is(err, net.ErrClosed) {
					t.Errorf("%s: %v", name, err)
				}
				if err := tr.Run(&untilError{tr: tr}, true); !errors.Is(err, net.ErrClosed) {
					t.Errorf("%s: %v", name, err)
				}
				if tr.queue.bytes != nil || tr.Backlog() != 0 {
					t.Errorf("%s: %d bytes wait in %d", name, tr.Backlog(), cap(tr.queue.bytes))
				}
			})
		}
	}
}

// TestTLSWriteDeadline protects that a Send whose time is up can be repeated with what it has not taken.
func TestTLSWriteDeadline(t *testing.T) {
	onRoles(t, func(t *testing.T, client bool) {
		tr, p, _ := dialTLS(t, client, -1)
		message := bytes.Repeat([]byte("0123456789"), 300_000)
		done := make(chan error, 1)
		n := int64(0)
		go func() {
			var err error
			n, err = tr.Send(message[:10], message[10:])
			done <- err
		}()
		for waits := false; !waits; runtime.Gosched() {
			tr.queue.mu.Lock()
			waits = tr.queue.writer == lingers && tr.queue.bytes != nil // it has encrypted something
			tr.queue.mu.Unlock()
		}
		tr.SetWriteDeadline(time.Unix(1, 0))
		if timeout, ok := (<-done).(net.Error); !ok || !timeout.Timeout() || n == 0 || n == int64(len(message)) {
			t.Fatal(n, ok)
		}
		tr.SetWriteDeadline(time.Time{})
		go func() { done <- second(tr.Send(nil, message[n:])) }()
		got := ""
		for ended := false; !ended; {
			select {
			case err := <-done:
				if ended = true; err != nil {
					t.Fatal(err)
				}
			default:
			}
			for _, r := range p.read() {
				got += string(r.p)
			}
		}
		if got != string(message) {
			t.Errorf("%d bytes of %d came", len(got), len(message))
		}
	})
}

// TestTLSOnlyOnSockets protects that nothing is taken for TLS on a socket that is not: a type that embeds a *tls.Conn may do more, a
// handshake may be to come, and what is below may be no socket.
func TestTLSOnlyOnSockets(t *testing.T) {
	near, far := pair(t, "tcp")
	defer near.Close()
	defer far.Close()
	type embeds struct{ net.Conn }
	tr, _, _ := dialTLS(t, true, -1)
	for name, nc := range map[string]net.Conn{
		"before the handshake": tls.Client(UnderTLS(near), &tls.Config{}),
		"embedded":             struct{ *tls.Conn }{tr.tc},
		"over TLS":             tls.Client(UnderTLS(tr.tc), &tls.Config{}),
		"over what wraps":      tls.Client(UnderTLS(embeds{near}), &tls.Config{}),
	} {
		if _, ok := New(nc).(*Stream); !ok {
			t.Errorf("%s: %T", name, New(nc))
		}
	}
	// A server that speaks no TLS may have it, too.
	if s, ok := New(UnderTLS(near)).(*Socket); !ok || s.NetConn() != near {
		t.Errorf("without TLS: %T", New(UnderTLS(near)))
	}
}

// TestTLSSize protects the memory of idle connections: what TLS has more than a Stream, with its callbacks and its syscall.RawConn.
func TestTLSSize(t *testing.T) {
	const others = 5 * unsafe.Sizeof(uintptr(0))
	if n := unsafe.Sizeof(TLS{}) + unsafe.Sizeof(tlsSocket{}) + others - unsafe.Sizeof(Stream{}); n > 256 {
		t.Errorf("%d bytes more", n)
	}
}
