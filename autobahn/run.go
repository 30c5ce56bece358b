package autobahn

// This file is the engine: it plays one case over one connection. A run belongs to one goroutine, which sleeps in pump;
// two more only move octets (transfer.go). What arrives is judged in receive.go, the verdict is grade.go's.

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Timeouts bound what an endpoint may take. A zero field takes the original's value.
type Timeouts struct {
	Open  time.Duration // the opening handshake; 5 s
	Close time.Duration // the answer to a Close frame; 1 s
	Drop  time.Duration // a server's closing of TCP after the closing handshake; 1 s
}

func (t Timeouts) orDefault() Timeouts {
	if t.Open <= 0 {
		t.Open = 5 * time.Second
	}
	if t.Close <= 0 {
		t.Close = time.Second
	}
	if t.Drop <= 0 {
		t.Drop = time.Second
	}
	return t
}

type runState byte

const (
	connecting runState = iota
	open
	closing // a Close frame was sent
	closed  // the TCP connection is gone
)

// A run is one case being played over one connection.
type run struct {
	c        *Case
	res      *Result
	isServer bool // the suite plays the server
	timeouts Timeouts
	rounds   int // most round trips of sections 9, 12 and 13; 0: as many as the case has
	request  requestOptions
	process  *process                 // the process under test, where the suite started it
	quiet    time.Duration            // how long a process must take no memory until it is judged, if tests set it
	dial     func() (net.Conn, error) // more connections to the server under test

	conn      net.Conn
	out       *writer
	in        chan chunk
	free      chan []byte
	over      chan struct{} // closed when the run is over
	connected time.Time
	started   time.Time // the opening handshake was completed

	state  runState
	opened bool
	ended  bool // the script is over before its end
	failed bool // the suite failed the connection: what arrives now is only looked at for a Close frame
	timers []timer
	clock  *time.Timer

	rx      receiver
	deflate *deflater // nil unless permessage-deflate was agreed
	inflate *inflater
	agreed  *deflateParams
	traffic trafficStats
	fresh   []byte // octets of frames not yet handed to the writer

	offset     int            // in the payload of sections 12 and 13
	answerWith *deflateParams // what the suite answers to an offer, in place of the case's wishes
	chopHead   int            // send the suite's half of the opening handshake in pieces of this many octets; 0: in one
	pieceKey   [4]byte        // masks the frame that is being sent in pieces

	wantClose expectedClose // how the connection should end; the case's own, unless a step finds it cannot be played
	closeMoot bool          // how the connection ends is not graded
	holding   bool          // the suite does not read: what was read last is not given back to the reader

	onMessage func(payload []byte, binary bool) // takes messages in place of the list of events, if set
	answer    *httpHead                         // the endpoint's half of the opening handshake
	note      string                            // what a judge function wants to remember of the script
	broke     string                            // how the endpoint broke the protocol first
	linger    time.Duration                     // how long the suite listens after the closing handshake, if set
}

type timer struct {
	at time.Time
	do func()
}

// newRun prepares a run of c over conn for the agent.
func newRun(c *Case, conn net.Conn, isServer bool, agent string) *run {
	r := &run{
		c: c, conn: conn, isServer: isServer, timeouts: Timeouts{}.orDefault(), connected: time.Now(),
		in: make(chan chunk), free: make(chan []byte, 2), over: make(chan struct{}),
		clock: time.NewTimer(time.Hour), wantClose: c.close,
	}
	r.res = &Result{
		Agent: agent, Behavior: Failed, BehaviorClose: Failed, Case: c.Index, CreateStats: true, CreateWirelog: true,
		Description: c.Description, Expectation: c.Expectation, Expected: map[string][]event{}, ExpectedClose: c.close,
		ID: c.ID, IsServer: isServer, Received: []event{}, Wirelog: []wireRow{},
		ReportCompressionRatio: c.ratio, ReportTime: c.timed,
		Result:       eventsDiffer,
		ResultClose:  "The TCP connection was dropped without a closing handshake.",
		RxFrameStats: map[int]int{}, RxOctetStats: map[int]int{}, TxFrameStats: map[int]int{}, TxOctetStats: map[int]int{},
		Started: r.connected.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	for _, e := range c.expect {
		r.res.Expected[string(e.outcome)] = append([]event{}, e.events...)
	}
	return r
}

// play does the whole case: opening handshake, script, end of the connection, verdict. It returns when the
// connection is gone, which the timeouts and the case's own limits bound; ctx ends it at once.
func (r *run) play(ctx context.Context, opening func(*run) bool) *Result {
	stop := context.AfterFunc(ctx, func() { r.conn.Close() })
	defer stop()
	for range cap(r.free) {
		r.free <- make([]byte, 64<<10)
	}
	var moving sync.WaitGroup
	r.out = newWriter(r.conn)
	moving.Go(r.readLoop)
	moving.Go(r.out.loop)
	r.after(r.timeouts.Open, func() {
		r.res.WasOpenHandshakeTimeout = true
		r.notClean(openingUnfinished)
		r.drop()
	})
	if opening(r) {
		r.opened, r.state, r.started = true, open, time.Now()
		r.timers = nil
		r.octets(nil) // what came right behind the handshake
		r.runScript()
		if len(r.timers) == 0 {
			kill(r.timeouts.Open)(r) // no script may leave the end to the endpoint alone
		}
	}
	r.pump(func() bool { return false })
	close(r.over)
	r.conn.Close()
	r.out.close()
	moving.Wait()
	if r.opened {
		r.res.Duration = time.Since(r.started).Milliseconds()
	}
	if res := r.res; !res.WasClean && !res.DroppedByMe && res.WasNotCleanReason == nil {
		r.notClean(peerDropped)
	}
	r.grade()
	return r.res
}

func (r *run) runScript() {
	for _, s := range r.c.script {
		if r.state == closed || r.ended {
			return
		}
		s(r)
	}
}

// pump handles what arrives and what falls due until stop says so or the connection is gone.
func (r *run) pump(stop func() bool) {
	r.flush()
	for r.state != closed && !stop() {
		r.setClock()
		select {
		case c := <-r.in:
			r.arrived(c)
		case <-r.clock.C:
			r.fire()
		case <-r.out.idle: // for flood
		}
		r.flush()
	}
}

// poll handles what has arrived, without waiting.
func (r *run) poll() {
	r.flush()
	select {
	case c := <-r.in:
		r.arrived(c)
	default:
	}
}

// arrived takes what the reader read; the end of the stream is the end of the connection.
func (r *run) arrived(c chunk) {
	if len(c.octets) > 0 {
		switch r.state {
		case connecting:
			r.traffic.PreopenIncomingOctetsWireLevel += int64(len(c.octets))
		case open:
			r.traffic.IncomingOctetsWireLevel += int64(len(c.octets))
		}
		r.logOctets("RO", c.octets, false)
		r.octets(c.octets)
	}
	if c.err != nil {
		r.state = closed
	}
	if c.octets != nil && !r.holding {
		r.free <- c.octets[:cap(c.octets)]
	}
}

// after calls do on the run's goroutine when d has passed, unless the connection is gone by then.
func (r *run) after(d time.Duration, do func()) {
	r.timers = append(r.timers, timer{time.Now().Add(d), do})
}

// setClock makes the clock strike when the first timer falls due.
func (r *run) setClock() {
	next := time.Hour
	for _, t := range r.timers {
		next = min(next, time.Until(t.at))
	}
	r.clock.Reset(next)
}

// fire does what has fallen due, in order of time.
func (r *run) fire() {
	for r.state != closed {
		first := -1
		for i, t := range r.timers {
			if !time.Now().Before(t.at) && (first < 0 || t.at.Before(r.timers[first].at)) {
				first = i
			}
		}
		if first < 0 {
			return
		}
		do := r.timers[first].do
		r.timers = append(r.timers[:first], r.timers[first+1:]...)
		do()
	}
}

// wait lets d pass.
func (r *run) wait(d time.Duration, tag any) {
	r.logRow("CT", d.Seconds(), tag)
	due := false
	r.after(d, func() { due = true })
	r.pump(func() bool { return due })
	if r.state != closed {
		r.logRow("CTE", tag)
	}
}

func (r *run) since() time.Duration { return time.Since(r.connected) }

// What can be in wasNotCleanReason, word by word as in the original's reports, which scripts compare.
const (
	peerDropped       = "peer dropped the TCP connection without previous WebSocket closing handshake"
	serverKeptTCP     = "server did not drop TCP connection (in time)"
	openingUnfinished = "peer did not finish (in time) the opening handshake"
	closeUnanswered   = "peer did not respond (in time) in closing handshake"
)

func (r *run) notClean(reason string) {
	r.res.WasClean, r.res.WasNotCleanReason = false, &reason
}

// receive notes an event and, when it completes what is expected, closes if that is the suite's part.
func (r *run) receive(e event) {
	const most = 1024 // no case expects that many: an endpoint that floods has failed already
	if len(r.res.Received) < most {
		r.res.Received = append(r.res.Received, e)
	}
	if r.wantClose.ClosedByMe && len(r.c.expect) > 0 && r.done() {
		r.sendClose(r.wantClose.CloseCode[0], "")
	}
}

// decide sets the verdict of a case that judges while it runs.
func (r *run) decide(o Outcome, text string) { r.res.Behavior, r.res.Result = o, text }

// sendFrame sends f as it is. The octets leave with those of its neighbours, unless f says otherwise.
func (r *run) sendFrame(f frame) {
	if r.state == closed {
		return
	}
	masked := f.mask == maskAlways || f.mask == maskByRole && !r.isServer
	var key [4]byte
	if masked {
		key = newMaskKey()
	}
	if f.sync || f.chop > 0 {
		r.flush()
	}
	r.logSent(f, masked, key)
	if f.opcode < opClose {
		r.traffic.OutgoingWebSocketFrames++
		r.traffic.OutgoingOctetsWebSocketLevel += int64(len(f.payload))
	}
	r.fresh = appendFrame(r.fresh, f, masked, key)
	switch {
	case f.chop > 0:
		r.hand(f.chop, true)
	case f.sync:
		r.hand(0, true)
	}
}

// newMaskKey need not be unpredictable: nothing but test data is behind it.
func newMaskKey() (key [4]byte) {
	binary.LittleEndian.PutUint32(key[:], rand.Uint32())
	return key
}

// sendMessage sends a message; a compressed one is cut after compression. One that is longer than a fragment leaves in
// fragments of that size and a last one, which is empty where nothing is left for it, as the original's is.
func (r *run) sendMessage(opcode byte, payload []byte, fragment int) {
	r.traffic.OutgoingWebSocketMessages++
	r.traffic.OutgoingOctetsAppLevel += int64(len(payload))
	var rsv byte
	if r.deflate != nil {
		payload, rsv = r.deflate.message(payload), rsv1
	}
	if len(payload) > fragment && fragment > 0 {
		for len(payload) >= fragment {
			r.sendFrame(frame{opcode: opcode, rsv: rsv, payload: payload[:fragment], partial: true})
			payload, opcode, rsv = payload[fragment:], opContinuation, 0
		}
	}
	r.sendFrame(frame{opcode: opcode, rsv: rsv, payload: payload})
}

// sendRaw sends octets that are not a frame.
func (r *run) sendRaw(b []byte) {
	r.flush()
	r.fresh = append(r.fresh, b...)
	r.hand(0, true)
}

// flush hands the octets of the frames so far to the writer.
func (r *run) flush() { r.hand(0, false) }

func (r *run) hand(chop int, sync bool) {
	if len(r.fresh) == 0 {
		return
	}
	if r.state == open {
		r.traffic.OutgoingOctetsWireLevel += int64(len(r.fresh))
	}
	for b := r.fresh; len(b) > 0; {
		n := len(b)
		if chop > 0 {
			n = min(n, chop)
		}
		r.logOctets("TO", b[:n], sync)
		b = b[n:]
	}
	r.fresh = r.out.write(r.fresh, chop)
}

// sendClose sends the suite's Close frame and starts waiting for the answer. It does nothing unless the connection is
// open. A code below zero sends the reason alone.
func (r *run) sendClose(code int, reason string) { r.sendCloseFrame(code, reason, false) }

func (r *run) sendCloseFrame(code int, reason string, reply bool) {
	if r.state != open {
		return
	}
	r.sendFrame(closeFrame(code, reason))
	r.state = closing
	r.res.ClosedByMe = !reply
	if code >= 0 {
		r.res.LocalCloseCode = &code
	}
	if reason != "" {
		shown := show(reason)
		r.res.LocalCloseReason = &shown
	}
	if !reply {
		r.after(r.timeouts.Close, func() {
			if r.rx.gotClose {
				return
			}
			r.res.WasCloseHandshakeTimeout = true
			r.notClean(closeUnanswered)
			r.drop()
		})
	}
}

// fail ends the connection because of the suite: with a Close frame while it is open, else by dropping TCP.
func (r *run) fail(code int, reason string) {
	r.failed, r.res.FailedByMe = true, true
	if r.state == open {
		r.sendClose(code, reason)
		return
	}
	r.drop()
}

// drop closes the TCP connection.
func (r *run) drop() {
	if r.state == closed {
		return
	}
	r.flush()
	r.res.DroppedByMe = true
	r.state = closed
	r.out.drain(r.timeouts.Drop)
	r.conn.Close()
}

// sendPiece sends the octets from..to of the payload of a frame; the header goes out with the first.
func (r *run) sendPiece(f frame, from, to int) {
	masked := !r.isServer
	if from == 0 {
		r.pieceKey = newMaskKey()
		r.logSent(f, masked, r.pieceKey)
	}
	whole := appendFrame(nil, f, masked, r.pieceKey)
	start := len(whole) - len(f.payload)
	if from == 0 {
		from = -start
	}
	r.sendRaw(whole[start+from : start+to])
}
