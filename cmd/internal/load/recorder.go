package load

// This file holds what is measured while the load is on.

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/seed-d69ae1b7/websocket"
)

// What a histogram tells apart: latencies from 100 nanoseconds to an hour, to three digits.
const (
	leastLatency = 100
	mostLatency  = int64(time.Hour)
	digits       = 3
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(leastLatency, mostLatency, digits)
}

// shards is how many histograms the connections share, so that they do not wait for one another.
const shards = 8

// shard measures the answers of some connections.
type shard struct {
	mu     sync.Mutex
	recent *hdrhistogram.Histogram // since the last sample
}

// record notes a latency.
func (s *shard) record(d time.Duration) {
	s.mu.Lock()
	s.recent.RecordValue(min(max(int64(d), leastLatency), mostLatency))
	s.mu.Unlock()
}

// recorder measures a run.
type recorder struct {
	shards [shards]shard
	zero   time.Time // of all times
	total  totals    // owned by the goroutine of Run

	mu      sync.Mutex
	all     *hdrhistogram.Histogram // what samples have collected
	dials   *hdrhistogram.Histogram
	errors  map[string]int // by kind
	samples []Sample
	began   time.Duration
	sampled time.Duration // when the last one was taken
}

// totals counts messages.
type totals struct {
	due, sent, answered, extra int
	bytesIn, bytesOut          uint64
}

// add adds what a connection counts. Its lock is held.
func (t *totals) add(c *client) {
	stats := c.conn.Stats()
	t.due += c.due
	t.sent += c.sent
	t.answered += c.answered
	t.extra += c.extra
	t.bytesIn += stats.BytesIn
	t.bytesOut += stats.BytesOut
}

func newRecorder() *recorder {
	r := &recorder{zero: time.Now(), all: newHistogram(), dials: newHistogram(), errors: make(map[string]int), samples: []Sample{}}
	for i := range r.shards {
		r.shards[i].recent = newHistogram()
	}
	return r
}

// now returns the time since the recorder was made.
func (r *recorder) now() time.Duration { return time.Since(r.zero) }

// begin begins the time that samples are about.
func (r *recorder) begin() {
	r.began = r.now()
	r.sampled = r.began
}

// shard returns the shard of connection i.
func (r *recorder) shard(i int) *shard { return &r.shards[i%shards] }

// dialed notes how long an opening handshake took.
func (r *recorder) dialed(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dials.RecordValue(min(max(int64(d), leastLatency), mostLatency))
}

// fail notes an error.
func (r *recorder) fail(kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors[kind]++
}

// sample collects what the shards have measured since the last time.
func (r *recorder) sample() Sample {
	recent := newHistogram()
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		recent.Merge(s.recent)
		s.recent.Reset()
		s.mu.Unlock()
	}
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all.Merge(recent)
	s := Sample{
		At: (now - r.began).Seconds(), PerSecond: float64(recent.TotalCount()) / (now - r.sampled).Seconds(),
		P50: microseconds(recent.ValueAtQuantile(50)), P99: microseconds(recent.ValueAtQuantile(99)), Max: microseconds(recent.Max()),
	}
	for _, n := range r.errors {
		s.Errors += n
	}
	if now-r.sampled >= interval/2 { // what is left at the end may be too short to say anything
		r.samples = append(r.samples, s)
	}
	r.sampled = now
	return s
}

// isOurs reports whether a connection has ended because the run closed it.
func isOurs(err error) bool { return errors.Is(err, net.ErrClosed) }

// kindOf sorts an error: those of one kind are counted together, so the text has nothing that is of one connection only.
func kindOf(err error) string {
	var end *websocket.CloseError
	var refused *websocket.HandshakeError
	var timeout net.Error
	switch {
	case errors.As(err, &end) && end.Code != websocket.StatusAbnormalClosure:
		return fmt.Sprintf("closed with %v", end.Code)
	case errors.As(err, &end):
		return "connection lost" + cause(end.Err)
	case errors.As(err, &refused) && refused.Status != 0:
		return fmt.Sprintf("refused with %d", refused.Status)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "not connected: timeout"
	}
	return "not connected" + cause(err)
}

// cause returns the system's word for an error, if it has one.
func cause(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return ": " + number.Error()
	}
	return ""
}
