//go:build unix

package transport

// This file holds writing over TLS: what is encrypted when, and sent how. What waits to be sent is in tlsqueue_unix.go.

import (
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/buffers"
)

const (
	// maxBatch is how much is encrypted at once, which is when nothing waits to be sent: what fits into batchRoom then.
	maxBatch  = 62 << 10
	batchRoom = 64 << 10
	// joined is how much of a payload is put behind its header for one record, which carries 16 KiB.
	joined = 16 << 10
	// closeWait is the longest that the end of the stream waits for room in the kernel.
	closeWait = time.Second
)

// Backlog implements Transport. It does not count what a call that has not returned has encrypted, because its caller does.
func (t *TLS) Backlog() int { return int(t.queue.backlog.Load()) }

func (t *TLS) TrySend(p []byte, direct bool) (int, error) { return t.TrySendTwo(nil, p, direct) }

// TrySendTwo implements Transport: it encrypts as much as the kernel takes, and what is encrypted is sent. Of the last batch the
// kernel may have left something: see Backlog.
func (t *TLS) TrySendTwo(b, p []byte, direct bool) (int, error) {
	n, err := t.write(b, p, sends, direct)
	return int(n), err
}

// Send implements Transport: the backlog is sent as well. Where it fails, n counts what has been encrypted.
func (t *TLS) Send(b, p []byte) (n int64, err error) { return t.write(b, p, lingers, false) }

// write sends what is queued, and then b and p, a batch whenever nothing is queued.
func (t *TLS) write(b, p []byte, how writer, direct bool) (n int64, err error) {
	t.queue.begin(how)
	defer t.queue.end()
	for {
		empty, err := t.send(direct)
		if err != nil || !empty || len(b)+len(p) == 0 {
			return n, err
		}
		m, err := t.seal(b, p)
		n += int64(m)
		if err != nil {
			return n, err
		}
		b, p = after(b, p, m)
	}
}

// after returns what of b and then of p is left behind n bytes.
func after(b, p []byte, n int) (_, _ []byte) {
	if n < len(b) {
		return b[n:], p
	}
	return nil, p[n-len(b):]
}

// send sends the queue, and waits for the kernel if the queue's writer lingers.
func (t *TLS) send(direct bool) (empty bool, err error) {
	if direct {
		return t.queue.send(int(t.fd), t.below.nc)
	}
	if t.onSend == nil {
		t.onSend = func(fd uintptr) (done bool) {
			empty, err := t.queue.send(int(fd), t.below.nc)
			return empty || err != nil || t.queue.writer != lingers
		}
	}
	if err := t.rc.Write(t.onSend); err != nil {
		return false, err
	}
	return t.queue.result()
}

// seal encrypts the next batch of b and then of p into the queue, which is empty, and returns how many bytes that was. A header
// is put into one record with what follows it.
func (t *TLS) seal(b, p []byte) (int, error) {
	switch {
	case len(b) == 0:
		return t.encrypt(p[:min(len(p), maxBatch)])
	case len(p) == 0 || len(b) >= joined:
		return t.encrypt(b[:min(len(b), maxBatch)])
	}
	part := p[:min(len(p), joined-len(b))]
	both := append(append(buffers.Get(joined), b...), part...)
	n, err := t.encrypt(both)
	buffers.Put(both)
	return n, err
}

// encrypt is tls.Conn.Write into a queue that has the room for all records.
func (t *TLS) encrypt(p []byte) (int, error) {
	if len(p) > joined {
		t.queue.reserve(batchRoom)
	}
	return t.tc.Write(p)
}

func (t *TLS) SetWriteDeadline(at time.Time) { t.below.nc.SetWriteDeadline(at) }

// CloseWrite implements Transport: the close_notify leaves behind what is queued, and then the socket's stream ends.
func (t *TLS) CloseWrite() bool {
	t.tc.CloseWrite()
	t.SetWriteDeadline(time.Now().Add(closeWait))
	t.Send(nil, nil)
	return closeWrite(t.below.nc)
}

// Close implements Transport. crypto/tls queues its close_notify, unless CloseWrite has, and closes the tlsSocket, which is lastSend.
func (t *TLS) Close() error {
	t.letGo()
	return t.tc.Close()
}

// lastSend sends once more what can be sent, without waiting for anybody, and takes nothing from then on.
func (t *TLS) lastSend() {
	t.rc.Control(func(fd uintptr) { t.queue.send(int(fd), t.below.nc) })
	t.queue.close()
}
