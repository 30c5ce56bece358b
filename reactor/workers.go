package reactor

// This file holds the goroutines that serve connections in place of their loops, where handlers may wait. Of the flags of a connection, these
// are about it, and bits, inbound and everything else that belongs to whoever serves a connection is the worker's from one to the other:
//
//	busy    Set by the loop when it hands the connection to the workers, cleared by the loop when it has it back.
//	news    Something has happened meanwhile that the loop would have looked at.
//	hungup  An end of the peer's was among it.

import "sync"

// workerRounds is how many reads a worker makes for one connection before others have their turn.
const workerRounds = 16

// pool is the connections that wait for a worker, and the workers.
type pool struct {
	mu      sync.Mutex // guards what follows
	waiting sync.Cond
	jobs    []job
	next    int // of jobs
	closed  bool
	workers sync.WaitGroup
}

// job is a connection to be served.
type job struct {
	conn  *Conn
	adopt *adoption // or to be begun with
}

// newPool starts n workers.
func newPool(s *Server, n int) *pool {
	p := new(pool)
	p.waiting.L = &p.mu
	for range n {
		w := new(worker)
		w.init(s)
		p.workers.Add(1)
		go p.run(w)
	}
	return p
}

// put adds a job. There is at most one for each connection.
func (p *pool) put(j job) {
	p.mu.Lock()
	if p.next == len(p.jobs) {
		p.jobs, p.next = p.jobs[:0], 0
	}
	p.jobs = append(p.jobs, j)
	p.mu.Unlock()
	p.waiting.Signal()
}

// take waits for a job. ok is false when the pool is closed.
func (p *pool) take() (j job, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.next == len(p.jobs) {
		if p.closed {
			return j, false
		}
		p.waiting.Wait()
	}
	j, p.jobs[p.next] = p.jobs[p.next], job{}
	p.next++
	return j, true
}

// close ends the workers, once the loops have ended, and waits for them.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.waiting.Broadcast()
	p.workers.Wait()
}

// run serves connections. Where a handler panics or ends the goroutine, another one goes on.
func (p *pool) run(w *worker) {
	returned := false
	defer func() {
		if returned || !w.inHandler {
			return // a panic that is this package's own goes on
		}
		c := w.conn
		w.abandoned(recover())
		w.tellAfterAll(c)
		go p.run(w)
	}()
	for j, ok := p.take(); ok; j, ok = p.take() {
		w.work(p, j)
	}
	returned = true
	p.workers.Done()
}

// tellAfterAll is what is left to do for a connection whose handler has not returned.
func (w *worker) tellAfterAll(c *Conn) {
	if c.bits&told == 0 {
		c.loop.server.pool.put(job{conn: c}) // for Handler.Close
		return
	}
	c.loop.post(mail{conn: c, back: true})
}

// work does a job.
func (w *worker) work(p *pool, j job) {
	c := j.conn
	w.loop = c.loop
	if j.adopt != nil {
		w.adopt(c, j.adopt)
	}
	for rounds := 0; !c.has(over) && w.serve(c); rounds++ {
		if rounds == workerRounds {
			p.put(job{conn: c})
			return
		}
	}
	if c.has(over) {
		c.bits |= unread // for the loop to find the end of the stream
		w.tell(c)
	}
	c.loop.post(mail{conn: c, back: true})
}

// hand gives c to the workers; what there is to read, they read. A connection that is over and whose handler knows is left to the loop.
func (l *loop) hand(c *Conn, adopt *adoption) {
	if c.has(over) && c.bits&told != 0 {
		if l.worker.serve(c) && c.bits&queued == 0 {
			c.bits |= queued
			l.again = append(l.again, c)
		}
		l.look(c)
		return
	}
	c.mu.Lock()
	c.set(busy)
	c.unset(news | hungup)
	c.mu.Unlock()
	l.server.pool.put(job{c, adopt})
}

// later has the loop look at c when it is back. It is false if it is back.
func (c *Conn) later(ready readiness) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.has(busy) {
		return false
	}
	c.set(news)
	if ready&hangup != 0 {
		c.set(hungup)
	}
	return true
}

// takeBack goes on with a connection that a worker is done with.
func (l *loop) takeBack(c *Conn) {
	c.mu.Lock()
	was := c.flags.Load()
	c.unset(busy | news | hungup)
	c.mu.Unlock()
	if was&hungup != 0 {
		c.bits |= sticky
	}
	if was&news != 0 {
		c.bits |= unread // perhaps
	}
	l.look(c)
}
