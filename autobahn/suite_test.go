package autobahn

// This file tests the suite against the endpoint of endpoint_test.go: without faults it passes every case, and for every
// case there is a fault that makes it fail. Everything runs in synctest's time.

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/race"
)

const testRounds = 4

// playServer plays a case against an endpoint that is a server.
func playServer(t *testing.T, c *Case, f faults) *Result {
	t.Helper()
	var over sync.WaitGroup
	defer over.Wait()
	suite := &FuzzingClient{Rounds: testRounds, dial: func(context.Context, string, string) (net.Conn, error) {
		a, b := memPipe()
		over.Go(func() { (&endpoint{faults: f, server: true, conn: b}).serve("") })
		return a, nil
	}}
	target, err := suite.target(ServerSpec{Agent: "test", URL: "ws://test/"})
	if err != nil {
		t.Fatal(err)
	}
	return target.play(t.Context(), c)
}

// memListener hands out one connection and then none.
type memListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *memListener) Addr() net.Addr { return &net.TCPAddr{} }

// playClient plays a case against an endpoint that is a client.
func playClient(t *testing.T, c *Case, f faults) *Result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var result *Result
	ended := make(chan struct{})
	suite := &FuzzingServer{Spec: ServerSpecFile{Cases: []string{c.ID}}, Rounds: testRounds, Progress: func(r *Result) {
		result = r
		close(ended)
	}}
	l := &memListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		suite.Serve(ctx, l)
	}()
	a, b := memPipe()
	l.conns <- a
	var over sync.WaitGroup
	defer over.Wait()
	over.Go(func() { (&endpoint{faults: f, conn: b}).serve("/runCase?case=1&agent=test") })
	<-ended
	cancel()
	<-served
	return result
}

// roles are the two ways to play a case.
var roles = []struct {
	role Role
	name string
	play func(*testing.T, *Case, faults) *Result
}{{Servers, "server", playServer}, {Clients, "client", playClient}}

// inMemory are the cases that need no process.
func inMemory() []*Case {
	return slices.DeleteFunc(Cases(), func(c *Case) bool {
		return c.Child || race.Enabled && c.Heavy && c.ID != "9.7.1" && c.ID != "12.1.1"
	})
}

// some returns every case of those, or under the race detector one in eight: for tests that play each of them with many faults.
func some(cases []*Case) []*Case {
	if !race.Enabled {
		return cases
	}
	var part []*Case
	for i := 0; i < len(cases); i += 8 {
		part = append(part, cases[i])
	}
	return part
}

// informational are the cases that have no better outcome.
var informational = map[string]bool{"7.1.6": true, "7.13.1": true, "7.13.2": true, "S1.2.12": true}

// TestFlawless: an endpoint that keeps every rule is graded OK in every case, or INFORMATIONAL where the catalogue has
// nothing better. A case that a flawless endpoint cannot pass is a defect of the catalogue.
func TestFlawless(t *testing.T) {
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			for _, c := range inMemory() {
				if c.Roles&r.role == 0 {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					res := r.play(t, c, faults{})
					want, wantClose := OK, OK
					if informational[c.ID] {
						want, wantClose = Informational, res.BehaviorClose
					}
					if res.Behavior != want || res.BehaviorClose != wantClose {
						t.Errorf("%s: %s, closing %s: %s %s", c.ID, res.Behavior, res.BehaviorClose, res.Result, res.ResultClose)
					}
				})
			}
		})
	}
}

// bad are endpoints with one fault each.
var bad = map[string]faults{
	"deaf": {deaf: true}, "vanish": {vanish: true}, "refuse": {refuse: true}, "silent opening": {silentOpen: true},
	"wrong accept": {wrongAccept: true}, "lenient opening": {lenientOpen: true}, "only the plainest opening": {strictHost: true},
	"lax framing": {lax: true}, "no UTF-8": {noUTF8: true}, "any length form": {keepLength: true}, "no top bit": {noTopBit: true},
	"any mask": {anyMask: true}, "any RSV1": {packedRSV: true},
	"changes": {changeEcho: true}, "other kind": {otherKind: true}, "shortens": {shorten: true}, "doubles": {double: true},
	"no pong": {noPong: true}, "wrong pong": {wrongPong: true}, "eager pong": {eagerPong: true},
	"bad close code": {badClose: true}, "any close": {anyClose: true}, "no close": {noClose: true},
	"refuses codes": {refuseCodes: true}, "keeps TCP": {keepTCP: true}, "answers after close": {echoOnClose: true},
	"masks wrongly": {masksWrong: true}, "one mask key": {oneKey: true},
	"ignores the window": {ignoreWindow: true}, "bad DEFLATE": {badDeflate: true}, "any offer": {anyOffer: true},
	"invents": {invent: true}, "late UTF-8": {lateUTF8: true}, "takes any DEFLATE": {takeDeflate: true}, "giant": {giant: true}, "flood": {flood: true},
	"answers 200": {answer200: true}, "forgets": {forgets: true}, "beyond": {beyond: 1}, "narrow": {narrow: 1},
	"a Close frame that is not final": {ownClose: "FIN"},
}

// failing is the limit by which a case counts as failed.
var failing = func() Limit {
	l, err := ParseLimit("failed")
	if err != nil {
		panic(err)
	}
	return l
}()

// TestEveryCaseCanFail: for every case and role there is an endpoint with a fault that makes it fail, besides the faults
// that make every case fail.
func TestEveryCaseCanFail(t *testing.T) {
	// These say nothing about what the case itself looks at. They come last, and only where nothing else can fail.
	blunt := []string{"refuse", "silent opening", "deaf", "vanish"}
	sharp := []string{"shortens", "no pong", "lax framing", "no UTF-8", "any close"} // most cases fail with one of these
	for _, n := range slices.Sorted(maps.Keys(bad)) {
		if !slices.Contains(blunt, n) && !slices.Contains(sharp, n) {
			sharp = append(sharp, n)
		}
	}
	only := map[string]bool{"7.1.6": true, "7.13.1": true, "7.13.2": true, "S1.2.12": true}
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			for _, c := range some(inMemory()) {
				if c.Roles&r.role == 0 {
					continue
				}
				try := sharp
				if only[c.ID] {
					try = blunt
				}
				if !slices.ContainsFunc(try, func(name string) (failed bool) {
					synctest.Test(t, func(t *testing.T) { failed = failing.Exceeded(r.play(t, c, bad[name])) })
					return failed
				}) {
					t.Errorf("%s: no faulty endpoint makes it fail", c.ID)
				}
			}
		})
	}
}

// TestFaultsAreFound: a fault makes those cases fail that are about it, and no others. Only light cases are played.
func TestFaultsAreFound(t *testing.T) {
	invalid := "6.3 6.4 6.6.1 6.6.3 6.6.4 6.6.6 6.6.8 6.6.10 6.8 6.10 6.11.5 6.12 6.13 6.14 6.15 6.16 6.17 6.18 6.19 6.20 6.21 S2.5.17 S3.4.4 S3.4.5 S3.4.6 S3.6.12 S3.6.13"
	framing := "2.5 3.1 3.2 3.3 3.4 3.5 3.6 4.1 4.2 5.1 5.2 5.9 5.10 5.11 5.12 5.13 5.14 5.15 5.16 5.17 5.18 7.3.6 " +
		"S2.5.18 S2.5.19 S2.5.20 S2.5.21 S2.5.22 S2.5.23 S3.1.5 S3.1.6 S3.1.7 S3.1.8 S3.1.9 S3.3 S3.4.1 S3.4.2 S3.4.3 S3.6.10 S3.6.11 S3.6.14 "
	pings := "2.1 2.2 2.3 2.4 2.6 2.9 2.10 2.11 5.6 5.7 5.8 5.19 5.20 S2.5.8 S3.4.7 S3.4.10"
	closes := "7.3.2 7.5 7.9 S3.5.4 S3.5.5 S3.5.6 S3.5.7 S3.5.8 S3.5.9"
	codes := "7.7.2 7.7.4 7.7.5 7.7.6 7.7.7 7.7.8 7.7.9 7.7.10 7.7.11 7.7.12 7.7.13 S3.5.1 S3.5.2 S3.5.3"
	for _, tt := range []struct {
		fault  string
		role   Role
		failed string // cases and groups
	}{
		{"lax framing", Servers, framing + "S3.2.1 S3.2.2 S3.2.3 S3.2.4"},
		{"lax framing", Clients, framing + "S3.2.5 S3.2.6 S3.2.7 S3.2.8"},
		{"no UTF-8", Both, invalid},
		{"any length form", Both, "S3.1.5 S3.1.6"},
		{"no top bit", Both, "S3.1.7 S3.1.8"},
		{"any mask", Servers, "S3.2.1 S3.2.2 S3.2.3 S3.2.4"},
		{"any mask", Clients, "S3.2.5 S3.2.6 S3.2.7 S3.2.8"},
		{"any RSV1", Both, "S2.5.18 S2.5.19 S2.5.20 S2.5.21"},
		{"no pong", Both, pings},
		{"wrong pong", Both, pings},
		{"eager pong", Both, "2.7 2.8 2.9 S3.4.10"},
		{"any close", Both, closes},
		{"refuses codes", Both, codes},
		{"one mask key", Clients, "S1.4.9 S3.2.9"},
		{"takes any DEFLATE", Both, "S2.5.13 S2.5.14 S2.5.16"},
		{"ignores the window", Servers, "S2.2.2 S2.2.3 S2.2.4 S2.2.5 S2.2.6 S2.2.7 S2.2.10 S2.2.11 S2.2.12 S2.2.16 S2.2.18 S2.6.3 S2.6.7 S2.6.11 S2.6.15 S2.6.19 S2.6.23 S2.6.27"},
		{"ignores the window", Clients, "S2.4.2 S2.4.5 S2.4.6 S2.4.7 S2.4.8 S2.4.9 S2.4.10 S2.4.11 S2.4.14 S2.6.4 S2.6.8 S2.6.12 S2.6.16 S2.6.20 S2.6.24 S2.6.28"},
		{"lenient opening", Servers, lenient()},
		{"only the plainest opening", Clients, "S1.4.1 S1.4.2 S1.4.3 S1.4.5 S1.4.6"},
		{"late UTF-8", Both, ""},
	} {
		for _, r := range roles {
			if tt.role&r.role == 0 {
				continue
			}
			t.Run(tt.fault+"/"+r.name, func(t *testing.T) {
				expected := strings.Fields(tt.failed)
				for _, c := range some(inMemory()) {
					if c.Heavy || c.Roles&r.role == 0 {
						continue
					}
					synctest.Test(t, func(t *testing.T) {
						res := r.play(t, c, bad[tt.fault])
						want := slices.Contains(expected, c.ID) || slices.Contains(expected, c.Group())
						if got := failing.Exceeded(res); got != want {
							t.Errorf("%s: failed %t, want %t: %s, closing %s", c.ID, got, want, res.Behavior, res.BehaviorClose)
						}
					})
				}
			})
		}
	}
}

// lenient are the requests that a server must refuse.
func lenient() string {
	ids := ""
	for _, c := range Cases() {
		if c.Group() == "S1.1" && c.ID != "S1.1.24" { // where to agree is non-strict
			ids += c.ID + " "
		}
	}
	return ids
}

// TestOwnClose: an endpoint whose own Close frame is wrong, or that sends more behind it, fails every case that looks at
// it, and no case takes its closing for a clean one.
func TestOwnClose(t *testing.T) {
	cases, err := Select([]string{"S3.6.*"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for fault := range wrongOwn {
		for _, r := range roles {
			t.Run(fault+"/"+r.name, func(t *testing.T) {
				for _, c := range cases {
					synctest.Test(t, func(t *testing.T) {
						res := r.play(t, c, faults{ownClose: fault})
						if res.Behavior != Failed || !strings.Contains(res.Result, "Close frame") && !strings.Contains(res.Result, "broke the protocol") {
							t.Errorf("%s: %s, closing %s: %s", c.ID, res.Behavior, res.BehaviorClose, res.Result)
						}
					})
				}
				behind := strings.HasPrefix(fault, "data behind")
				if fault == "two" || behind && r.role == Clients {
					return // a server drops TCP after the first, and sees no more
				}
				for _, id := range []string{"1.1.1", "7.1.1", "7.3.3"} {
					synctest.Test(t, func(t *testing.T) {
						res := r.play(t, byID(t, id), faults{ownClose: fault})
						if res.WasClean && !behind || res.BehaviorClose != Unclean || behind && res.Behavior != Failed {
							t.Errorf("%s: %s, closing %s: %s", id, res.Behavior, res.BehaviorClose, res.ResultClose)
						}
					})
				}
			})
		}
	}
}

// TestWindows: an endpoint whose windows are wrong by an octet, or do not last, fails the cases that are about it, and no
// others of S2.
func TestWindows(t *testing.T) {
	cases, err := Select([]string{"S2.*"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	own := func(c *Case) bool { return strings.Contains(c.Description, "as far as its window allows") }
	theirs := func(c *Case) bool {
		return strings.Contains(c.Description, "and after one more") && !strings.Contains(c.Description, "window_bits=15")
	}
	for name, tt := range map[string]struct {
		f     faults
		about func(c *Case) bool
	}{
		"narrow":  {faults{narrow: 1}, own},
		"beyond":  {faults{beyond: 1}, theirs},
		"forgets": {faults{forgets: true}, func(c *Case) bool { return c.Group() == "S2.7" || c.ID == "S2.5.12" }},
	} {
		for _, r := range roles {
			t.Run(name+"/"+r.name, func(t *testing.T) {
				for _, c := range some(cases) {
					if c.Roles&r.role == 0 {
						continue
					}
					synctest.Test(t, func(t *testing.T) {
						res := r.play(t, c, tt.f)
						if got, want := failing.Exceeded(res), tt.about(c); got != want && (want || name != "forgets" && c.Group() != "S2.7") {
							t.Errorf("%s: failed %t, want %t: %s %s", c.ID, got, want, res.Behavior, res.Result)
						}
					})
				}
			})
		}
	}
}

// TestAskedFor: a client that has asked for no context takeover, or for a small window, gets an answer that says so, and
// messages that keep to it, in every case that is about other parameters.
func TestAskedFor(t *testing.T) {
	cases, err := Select([]string{"S2.*", "12.1.1", "13.*.1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []faults{
		{forgets: true, ask: deflateName + "; server_no_context_takeover; client_max_window_bits"},
		{ask: deflateName + "; server_max_window_bits=10; client_max_window_bits"},
		{forgets: true, ask: deflateName + "; server_no_context_takeover; server_max_window_bits=8; client_max_window_bits"},
	} {
		for _, c := range some(cases) {
			if c.Roles&Clients == 0 {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				res := playClient(t, c, f)
				if failing.Exceeded(res) || c.Group() == "S2.4" && !strings.Contains(res.HTTPResponse, strings.Fields(f.ask)[1][:18]) && res.Behavior == OK {
					t.Errorf("%s, %s: %s, closing %s: %s %s", f.ask, c.ID, res.Behavior, res.BehaviorClose, res.Result, res.ResultClose)
				}
			})
		}
	}
}

// TestForgetful: who forgets the window between messages fails round trips too, whatever the window of the suite: as a
// client it has asked for it, as a server it has said so.
func TestForgetful(t *testing.T) {
	for _, r := range roles {
		for _, id := range []string{"12.1.5", "13.1.5", "13.3.5", "13.4.5"} {
			for _, bits := range []int{9, 12, 15} {
				synctest.Test(t, func(t *testing.T) {
					f := faults{limitBits: bits, ask: fmt.Sprintf("%s; client_max_window_bits; server_max_window_bits=%d", deflateName, bits)}
					if res := r.play(t, byID(t, id), f); res.Behavior != OK {
						t.Errorf("%s, %s, %d bits, without a fault: %s: %s", r.name, id, bits, res.Behavior, res.Result)
					}
					f.forgets = true
					if res := r.play(t, byID(t, id), f); res.Behavior != Failed {
						t.Errorf("%s, %s, %d bits: %s: %s", r.name, id, bits, res.Behavior, res.Result)
					}
				})
			}
		}
	}
}

// TestGivingUp: a client may take its time to close a connection that it refuses, and keep one whose response is an
// ordinary one; but not for ever one that the server takes for open.
func TestGivingUp(t *testing.T) {
	for _, tt := range []struct {
		id   string
		f    faults
		want Outcome
	}{
		{"S1.3.1", faults{lingers: time.Minute}, OK}, {"S1.3.2", faults{lingers: time.Minute}, OK},
		{"S1.3.3", faults{lingers: time.Minute}, Failed}, {"S1.3.5", faults{lingers: time.Minute}, Failed},
		{"S1.3.1", faults{lingers: time.Minute, reuses: true}, OK}, {"S1.3.6", faults{lingers: time.Minute, reuses: true}, Failed},
		{"S1.3.13", faults{lingers: 3 * time.Second}, OK}, {"S1.3.13", faults{lingers: 5 * time.Second}, Failed},
		{"S2.3.1", faults{lingers: 3 * time.Second}, OK}, {"S2.3.1", faults{lingers: 5 * time.Second}, Failed},
	} {
		synctest.Test(t, func(t *testing.T) {
			if res := playClient(t, byID(t, tt.id), tt.f); res.Behavior != tt.want {
				t.Errorf("%s, lingers %v, reuses %t: %s: %s", tt.id, tt.f.lingers, tt.f.reuses, res.Behavior, res.Result)
			}
		})
	}
}

// TestInvalidTextEchoed: who does not notice invalid text fails all of 6.3 and 6.4, and the verdict says how.
func TestInvalidTextEchoed(t *testing.T) {
	for _, r := range roles {
		for _, id := range []string{"6.3.1", "6.3.2", "6.4.1", "6.4.2", "6.4.3", "6.4.4"} {
			synctest.Test(t, func(t *testing.T) {
				res := r.play(t, byID(t, id), faults{noUTF8: true})
				if res.Behavior != Failed || res.BehaviorClose != Failed || !strings.Contains(res.Result, "is not UTF-8") {
					t.Errorf("%s, %s: %s, closing %s: %s", r.name, id, res.Behavior, res.BehaviorClose, res.Result)
				}
			})
		}
	}
}

// TestEmptyLastFragment: a message of a multiple of the fragment size ends with an empty frame, which an endpoint that
// takes at most 65536 fragments does not get to the end of 9.3.1.
func TestEmptyLastFragment(t *testing.T) {
	continuations := map[string]int{"6.2.3": 29, "6.2.4": 11, "6.3.2": 20, "10.1.1": 50}
	for i := range 8 {
		for _, group := range []string{"9.3", "9.4"} {
			continuations[fmt.Sprint(group, ".", i+1)] = 1 << (16 - 2*i)
		}
	}
	continuations["9.3.9"], continuations["9.4.9"] = 0, 0
	for id, want := range continuations {
		synctest.Test(t, func(t *testing.T) {
			res := playServer(t, byID(t, id), faults{noUTF8: true})
			if got := res.TxFrameStats[opContinuation]; got != want {
				t.Errorf("%s: %d continuation frames, want %d", id, got, want)
			}
			if got := res.TxFrameStats[opText] + res.TxFrameStats[opBinary]; got != 1 {
				t.Errorf("%s: %d first frames", id, got)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		if res := playServer(t, byID(t, "9.3.1"), faults{mostFragments: 65536}); res.Behavior != Failed || *res.RemoteCloseCode != 1008 {
			t.Errorf("%s: %s", res.Behavior, res.Result)
		}
	})
}

// TestSilent: an endpoint that answers nothing is given up after two idle times at most, in every case of round trips.
func TestSilent(t *testing.T) {
	for _, r := range roles {
		for _, id := range []string{"9.7.6", "12.1.4", "13.3.1", "13.3.2", "13.3.3", "13.7.18"} {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				res := r.play(t, byID(t, id), faults{silent: true})
				if took := time.Since(began); took > 25*time.Second || res.Behavior != Failed || !strings.Contains(res.Result, "nothing arrived") {
					t.Errorf("%s, %s: %v, %s: %s", r.name, id, took, res.Behavior, res.Result)
				}
			})
		}
	}
}

// TestNonStrict: text that is checked only when it is complete is graded NON-STRICT by section 6.4, and so is a wrong
// close code by the limit of that name.
func TestNonStrict(t *testing.T) {
	limit, err := ParseLimit("non-strict")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range roles {
		for _, tt := range []struct {
			id    string
			f     faults
			grade Outcome
			close Outcome
		}{
			{"6.4.1", faults{lateUTF8: true}, NonStrict, OK},
			{"6.4.4", faults{lateUTF8: true}, NonStrict, OK},
			{"2.5", faults{badClose: true}, OK, WrongCode},
			{"12.1.1", faults{noDeflate: true}, Unimplemented, OK},
			{"S2.4.6", faults{ask: deflateName}, Unimplemented, OK},
			{"S2.6.4", faults{ask: deflateName}, Unimplemented, OK},
			{"S2.7.3", faults{ask: deflateName + "; server_no_context_takeover"}, Unimplemented, OK},
			{"S3.1.1", faults{keepLength: true}, NonStrict, OK},
			{"S3.1.2", faults{keepLength: true}, NonStrict, OK},
			{"S3.1.3", faults{keepLength: true}, NonStrict, OK},
			{"S3.1.4", faults{keepLength: true}, NonStrict, OK},
			{"S3.1.4", faults{keepLength: true, changeEcho: true}, Failed, Failed},
			{"S2.5.15", faults{takeDeflate: true}, NonStrict, OK},
			{"S2.5.15", faults{takeDeflate: true, tookDeflate: "Heh"}, NonStrict, OK},
			{"S2.5.15", faults{takeDeflate: true, tookDeflate: "Hex"}, Failed, Failed},
			{"S2.5.15", faults{takeDeflate: true, double: true}, Failed, Failed},
			{"S1.1.24", faults{lenientOpen: true}, NonStrict, OK},
		} {
			if byID(t, tt.id).Roles&r.role == 0 {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				res := r.play(t, byID(t, tt.id), tt.f)
				if res.Behavior != tt.grade || res.BehaviorClose != tt.close {
					t.Errorf("%s, %s: %s, closing %s", r.name, tt.id, res.Behavior, res.BehaviorClose)
				}
				if limit.Exceeded(res) != (tt.grade != Unimplemented) {
					t.Errorf("%s, %s: the limit is wrong", r.name, tt.id)
				}
			})
		}
	}
}

func byID(t *testing.T, id string) *Case {
	t.Helper()
	cases, err := Select([]string{id}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cases[0]
}

// TestSurvives: endpoints that hang, flood, vanish or announce what they do not send end no case later than its limits
// allow, and never as a success of a case that wants an echo.
func TestSurvives(t *testing.T) {
	for _, name := range []string{"deaf", "vanish", "silent opening", "flood", "giant", "no close", "keeps TCP"} {
		for _, r := range roles {
			for _, id := range []string{"1.1.1", "1.2.8", "5.19", "6.4.1", "7.1.6", "9.1.1", "10.1.1", "12.1.1"} {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					res := r.play(t, byID(t, id), bad[name])
					limit := 15 * time.Second
					if id == "12.1.1" {
						limit = 65 * time.Second
					}
					if took := time.Since(began); took > limit {
						t.Errorf("%s, %s, %s: took %v", name, r.name, id, took)
					}
					if name != "keeps TCP" && name != "no close" && res.Behavior == OK && id != "6.4.1" {
						t.Errorf("%s, %s, %s: OK", name, r.name, id)
					}
				})
			}
		}
	}
}

// TestLimitOfSection9: an endpoint that answers nothing is given the original's time for a large message.
func TestLimitOfSection9(t *testing.T) {
	for id, limit := range map[string]time.Duration{"9.1.2": 10, "9.1.3": 100, "9.1.4": 100, "9.2.2": 10, "9.2.3": 10, "9.2.4": 10, "9.2.5": 100, "9.2.6": 100} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			res := playServer(t, byID(t, id), faults{silent: true})
			if took := time.Since(began).Round(time.Second); took != limit*time.Second || res.Behavior != Failed {
				t.Errorf("%s: %s after %v, want %d s", id, res.Behavior, took, limit)
			}
		})
	}
}
