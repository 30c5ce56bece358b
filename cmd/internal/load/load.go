// Package load puts a server under load: many connections, whose messages the server answers in order, one by one, as an echo does.
// It measures how long answers take.
//
// Two kinds of load: a rate, whose messages are due at fixed times whatever the server does, and a number of messages that each
// connection has under way at any time. With a rate, an answer's latency counts from when its message was due, not from when it could
// be sent: a server that stops for a second makes all messages late that were due in that second, and they are counted so (the error
// of not doing so is known as coordinated omission).
package load

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// Config says what load to make.
type Config struct {
	Dialer      *websocket.Dialer
	URL         string
	Connections int
	Ramp        time.Duration // in which the connections are made, before anything is sent
	Rate        float64       // messages a second, of all connections together; 0: InFlight counts
	InFlight    int           // messages that each connection has under way
	Duration    time.Duration // for which messages are sent
	Drain       time.Duration // for which answers are waited for after that
	Messages    []websocket.Message
	Progress    func(Sample) // called once a second; may be nil
}

// ErrNoConnection is the error of a Run that could not make a single connection. The report says why.
var ErrNoConnection = errors.New("no connection could be made")

// dialing is how many opening handshakes are under way at a time.
const dialing = 128

// closing is how long the peers' close frames are waited for at the end.
const closing = 5 * time.Second

// interval is how often a Sample is taken.
const interval = time.Second

// run is a Run.
type run struct {
	*Config
	rec     *recorder
	clients []*client
	reading sync.WaitGroup
	wait    func(context.Context, time.Duration) // until a message is due
}

// Run makes the load and reports what came of it. When ctx ends, it stops sending.
func Run(ctx context.Context, c Config) (*Report, error) {
	return (&run{Config: &c, rec: newRecorder(), wait: wait}).run(ctx)
}

func (r *run) run(ctx context.Context) (*Report, error) {
	r.dialAll(ctx)
	if len(r.clients) == 0 {
		return r.report(0), ErrNoConnection
	}
	r.rec.begin()
	stopSampling := r.sample()
	lasted := r.load(ctx)
	r.drain(ctx)
	stopSampling()
	r.count()
	report := r.report(lasted)
	r.close()
	return report, nil
}

// dialAll makes the connections, evenly over the ramp.
func (r *run) dialAll(ctx context.Context) {
	began := time.Now()
	var mu sync.Mutex
	var dials sync.WaitGroup
	slots := make(chan struct{}, dialing)
	for i := range r.Connections {
		pause(ctx, time.Until(began.Add(r.Ramp*time.Duration(i)/time.Duration(r.Connections))))
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		dials.Go(func() {
			defer func() { <-slots }()
			start := time.Now()
			conn, _, err := r.Dialer.Dial(ctx, r.URL)
			if err != nil {
				r.rec.fail(kindOf(err))
				return
			}
			r.rec.dialed(time.Since(start))
			mu.Lock()
			r.clients = append(r.clients, &client{conn: conn, run: r, shard: r.rec.shard(len(r.clients))})
			mu.Unlock()
		})
	}
	dials.Wait()
}

// pause waits until d has passed or ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// load sends until the duration is over, and returns for how long it did.
func (r *run) load(ctx context.Context) time.Duration {
	began := r.rec.now()
	if r.Rate > 0 {
		r.paced(ctx, began)
	} else {
		r.closedLoop(ctx)
	}
	return r.rec.now() - began
}

// read reads the answers of all connections.
func (r *run) read() {
	for _, c := range r.clients {
		r.reading.Go(c.read)
	}
}

// closedLoop keeps InFlight messages of each connection under way.
func (r *run) closedLoop(ctx context.Context) {
	for _, c := range r.clients {
		c.sentAt = make([]time.Duration, r.InFlight)
	}
	r.read()
	for _, c := range r.clients {
		c.dueNow(r.InFlight)
	}
	pause(ctx, r.Duration)
	for _, c := range r.clients {
		c.stop()
	}
}

// paced sends messages when they are due.
func (r *run) paced(ctx context.Context, began time.Duration) {
	lanes := make([]*lane, min(runtime.GOMAXPROCS(0), len(r.clients)))
	for i := range lanes {
		lanes[i] = &lane{first: i, of: len(lanes), gap: float64(time.Second) / r.Rate, began: began, wait: r.wait}
	}
	for i, c := range r.clients {
		l := lanes[i%len(lanes)]
		c.lane, c.place = l, len(l.clients)
		l.clients = append(l.clients, c)
	}
	r.read()
	var sending sync.WaitGroup
	for _, l := range lanes {
		sending.Go(func() { l.send(ctx, r.rec, began+r.Duration) })
	}
	sending.Wait()
}

// drain waits for the answers that have not come.
func (r *run) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.Drain)
	defer cancel()
	for _, c := range r.clients {
		for ctx.Err() == nil && c.owes() {
			pause(ctx, 10*time.Millisecond)
		}
	}
}

// count counts what was sent, and what has not been answered.
func (r *run) count() {
	now := r.rec.now()
	for _, c := range r.clients {
		c.settle(now)
	}
}

// close ends the connections.
func (r *run) close() {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range r.clients {
		c.conn.CloseContext(ended, websocket.StatusNormalClosure, "")
	}
	cut := time.AfterFunc(closing, func() {
		for _, c := range r.clients {
			c.conn.CloseNow()
		}
	})
	r.reading.Wait()
	cut.Stop()
}

// sample takes a Sample once a second until stop is called, which takes the last one.
func (r *run) sample() (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-done:
				r.rec.sample()
				return
			}
			if s := r.rec.sample(); r.Progress != nil {
				r.Progress(s)
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}
