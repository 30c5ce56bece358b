package journal

// This file holds connection state recovery: sessions are kept beside the log, and what was missed stands in it.

import (
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"slices"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// session is how a session is written. Node has the first four, and its rooms have the own among them.
type session struct {
	SID         string         `json:"sid"`
	PID         string         `json:"pid"`
	Rooms       []cluster.Text `json:"rooms"`
	Data        jsontext.Value `json:"data,omitzero"`
	Since       string         `json:"since,omitzero"`
	Live        bool           `json:"live,omitzero"`
	Memberships []membership   `json:"memberships,omitzero"`
}

type membership struct {
	Room string `json:"room"`
	From string `json:"from"`
	To   string `json:"to,omitzero"`
}

// Save keeps a session. It does not wait.
func (j *Journal) Save(_ context.Context, one *adapter.Session, keep time.Duration) error {
	w := session{SID: one.SID, PID: one.PID, Rooms: cluster.Texts(append([]string{one.SID}, one.Rooms...)), Data: one.Data, Since: one.Since, Live: one.Live}
	for _, m := range one.Memberships {
		w.Memberships = append(w.Memberships, membership(m))
	}
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return j.log.Save(one.PID, text, keep)
}

// Forget forgets a session. It does not wait.
func (j *Journal) Forget(_ context.Context, pid string) error { return j.log.Forget(pid) }

// maxPID is how long a name may be that a client claims, and that other servers are asked for: ours, and Node's, are shorter.
const maxPID = 64

// Take gives a session back, and what was missed.
func (j *Journal) Take(ctx context.Context, pid, offset string, resume adapter.Resume) error {
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	j.mu.Lock()
	j.recovers = true
	j.mu.Unlock()
	var one *adapter.Session
	if pid != "" && len(pid) <= maxPID {
		var err error
		if one, err = j.claim(ctx, pid); err != nil {
			return err
		}
	}
	if one == nil {
		return j.refuse(resume)
	}
	if offset == "" { // the client has had no event yet
		offset = one.Since
	}
	at, ok := parsePlace(offset)
	if !ok {
		return j.refuse(resume)
	}
	if err := j.log.Await(ctx); err != nil { // behind the place where this server begins to read
		return err
	}
	switch holds, err := j.log.Holds(ctx, at); {
	case err != nil:
		return err
	case !holds:
		return j.refuse(resume)
	}
	return j.catchUp(ctx, one, at, resume)
}

// claim takes a session. Where its socket may live, other servers are asked to end it, and save what it was to the last; one that was killed has saved
// what it was a moment before.
func (j *Journal) claim(ctx context.Context, pid string) (*adapter.Session, error) {
	one, err := j.saved(ctx, pid)
	if err != nil || one != nil && !one.Live || !j.Yield(ctx, pid) {
		return one, err
	}
	if last, err := j.saved(ctx, pid); err != nil || last != nil {
		return last, err
	}
	return one, nil
}

// saved takes a session as it was saved.
func (j *Journal) saved(ctx context.Context, pid string) (*adapter.Session, error) {
	text, err := j.log.Take(ctx, pid)
	if err != nil || text == nil {
		return nil, err
	}
	return decodeSession(text)
}

// refuse lets a new socket take part.
func (j *Journal) refuse(resume adapter.Resume) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
	resume(nil, nil, j.here())
	return nil
}

// decodeSession returns a session.
func decodeSession(text []byte) (*adapter.Session, error) {
	var w session
	if err := cluster.Unmarshal(text, &w); err != nil {
		return nil, err
	}
	one := &adapter.Session{SID: w.SID, PID: w.PID, Data: w.Data, Since: w.Since, Live: w.Live}
	one.Rooms = slices.DeleteFunc(cluster.Strings(w.Rooms), func(room string) bool { return room == w.SID })
	for _, m := range w.Memberships {
		one.Memberships = append(one.Memberships, adapter.Membership(m))
	}
	if w.Since == "" { // Node's, which does not say since when: always
		for _, room := range one.Rooms {
			one.Memberships = append(one.Memberships, adapter.Membership{Room: room})
		}
	}
	return one, nil
}

// catchUp reads what was missed and resumes, with nothing between.
func (j *Journal) catchUp(ctx context.Context, one *adapter.Session, from Place, resume adapter.Resume) error {
	stays := staysOf(one)
	var missed []*adapter.Packet
	for {
		end, err := j.log.Range(ctx, from, func(e Entry) {
			if p := j.missed(e, stays); p != nil {
				missed = append(missed, p)
			}
		})
		if err != nil {
			return err
		}
		if j.resume(one, missed, end, stays, resume) {
			return nil
		}
		from = end
	}
}

// missed returns the event that stands in an entry, if it was meant for a session.
func (j *Journal) missed(e Entry, stays stays) *adapter.Packet {
	m := e.Message
	if m.Namespace != j.Local().Namespace() || m.Kind != cluster.Broadcast || m.Target.Volatile || !stays.areMeant(&m.Target, e.Place) {
		return nil
	}
	m.Packet.Offset = e.Place.String()
	return m.Packet
}

// resume resumes, unless this server has read further in the log than the place up to which it is known what was missed. What it has not read yet, the
// socket will get as others do.
func (j *Journal) resume(one *adapter.Session, missed []*adapter.Packet, upTo Place, stays stays, resume adapter.Resume) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
	here := j.position
	if upTo.before(here) {
		return false
	}
	missed = slices.DeleteFunc(missed, func(p *adapter.Packet) bool {
		at, _ := parsePlace(p.Offset)
		return here.before(at)
	})
	for _, own := range j.pending { // the sockets have been told of these already
		if own.number <= j.delivered && !own.target.Volatile && stays.areMeant(&own.target, maxPlace) {
			missed = append(missed, placed(own.packet, j.here()))
		}
	}
	resume(one, missed, j.here())
	return true
}
