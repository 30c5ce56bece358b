package natsadapter

// This file holds what comes from NATS: one queue for all subjects, in order and bounded, and the goroutine that deals with it.

import (
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// inbox is what has come. nats.go puts it into a channel and drops what does not fit there; so one goroutine does nothing but empty that, and what waits is
// counted in bytes.
type inbox struct {
	deliver func(subject string, data []byte)
	arrived chan *nats.Msg
	queue   *cluster.Queue[*nats.Msg]
	stop    chan struct{}
	over    sync.WaitGroup
}

// maxArrived is how many messages nats.go may bring before they are looked at: more than it reads at once.
const maxArrived = 1 << 14

func newInbox(deliver func(string, []byte), o *Options) *inbox {
	in := &inbox{deliver: deliver, arrived: make(chan *nats.Msg, maxArrived), queue: cluster.NewQueue[*nats.Msg](o.MaxQueued, o.OnError), stop: make(chan struct{})}
	in.over.Go(in.take)
	in.over.Go(in.deal)
	return in
}

// take puts what comes into the queue. What does not fit is dropped, which the queue tells.
func (in *inbox) take() {
	for {
		select {
		case m := <-in.arrived:
			in.queue.Put(len(m.Subject)+len(m.Data), m)
		case <-in.stop:
			return
		}
	}
}

// deal deals with what is in the queue.
func (in *inbox) deal() {
	for {
		in.queue.TellDropped()
		batch, _ := in.queue.First(maxBatch, maxBatchBytes)
		if len(batch) == 0 {
			select {
			case <-in.queue.Wake():
			case <-in.stop:
				return
			}
			continue
		}
		for _, m := range batch {
			in.deliver(m.Subject, m.Data)
		}
		in.queue.Remove(len(batch), 0)
	}
}

// close ends the goroutines.
func (in *inbox) close() {
	close(in.stop)
	in.over.Wait()
}

// deliver gives a message to whoever wants its subject.
func (l *link) deliver(subject string, data []byte) {
	l.mu.Lock()
	var receive func([]byte)
	if one := l.subs[subject]; one != nil {
		receive = one.receive
	}
	l.mu.Unlock()
	if receive != nil {
		receive(data)
	}
}
