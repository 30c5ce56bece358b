package load

// This file holds when messages are due if a rate is given: all connections take turns, at equal distances.

import (
	"context"
	"time"
)

// lane sends the messages of some connections. The messages of all lanes together are due at equal distances: number 0 is the first of
// lane 0, number 1 the first of lane 1, and so on.
type lane struct {
	clients []*client
	first   int           // number of its first message
	of      int           // lanes
	gap     float64       // nanoseconds between two messages
	began   time.Duration // when number 0 is due
	wait    func(context.Context, time.Duration)
}

// when returns when message j of the lane is due.
func (l *lane) when(j int) time.Duration {
	return l.began + time.Duration(float64(j*l.of+l.first)*l.gap)
}

// send makes messages due when it is time: all those that are due before the time until, or before ctx ends. One that is late is due
// all the same, also at the end.
func (l *lane) send(ctx context.Context, rec *recorder, until time.Duration) {
	for j := 0; ; {
		over := ctx.Err() != nil
		now := min(rec.now(), until)
		for ; l.when(j) <= now && l.when(j) < until; j++ {
			l.clients[j%len(l.clients)].dueNow(1)
		}
		if over || now == until {
			return
		}
		l.wait(ctx, min(l.when(j), until)-rec.now())
	}
}
