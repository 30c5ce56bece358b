package autobahn

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// reported plays some cases and collects them.
func reported(t *testing.T, agent string, f faults, ids ...string) *Report {
	t.Helper()
	p := NewReport()
	for _, id := range ids {
		synctest.Test(t, func(t *testing.T) {
			res := playServer(t, byID(t, id), f)
			res.Agent = agent
			p.Add(res)
		})
	}
	return p
}

// TestIndexJSON: index.json has the original's shape.
func TestIndexJSON(t *testing.T) {
	p := reported(t, "Some/Agent 1.0", faults{}, "1.1.1", "2.7")
	b, err := p.Index()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("{\n   \"Some/Agent 1.0\": {\n      \"1.1.1\": {\n         \"behavior\": \"OK\",\n")) {
		t.Errorf("index.json begins with %.100s", b)
	}
	var index map[string]map[string]map[string]any
	if err := json.Unmarshal(b, &index); err != nil {
		t.Fatal(err)
	}
	entry := index["Some/Agent 1.0"]["1.1.1"]
	if got := slices.Sorted(maps.Keys(entry)); !slices.Equal(got, []string{"behavior", "behaviorClose", "duration", "remoteCloseCode", "reportfile"}) {
		t.Errorf("keys %v", got)
	}
	if entry["reportfile"] != "some_agent_1_0_case_1_1_1.json" || entry["remoteCloseCode"] != 1000.0 {
		t.Errorf("entry %v", entry)
	}
}

// caseKeys are the keys of the original's file of a case.
var caseKeys = strings.Fields(`agent behavior behaviorClose case closedByMe createStats createWirelog description droppedByMe
	duration expectation expected expectedClose failedByMe httpRequest httpResponse id isServer localCloseCode
	localCloseReason received remoteCloseCode remoteCloseReason reportCompressionRatio reportTime result resultClose
	rxFrameStats rxOctetStats started trafficStats txFrameStats txOctetStats wasClean wasCloseHandshakeTimeout
	wasNotCleanReason wasOpenHandshakeTimeout wasServerConnectionDropTimeout wirelog`)

// TestCaseJSON: the file of a case has the original's keys, sorted, and rows of the wire log in its forms.
func TestCaseJSON(t *testing.T) {
	dir := t.TempDir()
	p := reported(t, "agent", faults{}, "2.3", "6.4.1", "12.1.1")
	if err := p.WriteJSON(dir); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"2.3", "6.4.1", "12.1.1"} {
		b, err := os.ReadFile(filepath.Join(dir, ReportFile("agent", id, "json")))
		if err != nil {
			t.Fatal(err)
		}
		var c map[string]any
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(c)); !slices.Equal(got, caseKeys) {
			t.Errorf("%s: keys %v", id, got)
		}
		again, err := marshal(c) // of a map, whose keys are written in order
		if err != nil || !bytes.Equal(again, b) && id != "12.1.1" {
			t.Errorf("%s: the keys are not in order, %v", id, err)
		}
		kinds := map[string]int{"RO": 2, "TO": 3, "RF": 7, "TF": 9, "CT": 3, "CTE": 2, "KL": 2, "KLE": 1, "TI": 2, "TIE": 1, "WLM": 2}
		for _, row := range c["wirelog"].([]any) {
			kind := row.([]any)[0].(string)
			if n := len(row.([]any)); n != kinds[kind] {
				t.Errorf("%s: a row %s of %d values", id, kind, n)
			}
		}
		if got := c["trafficStats"] != nil; got != (id == "12.1.1") {
			t.Errorf("%s: trafficStats %t", id, got)
		}
		if id == "2.3" {
			want := []any{[]any{"pong", "0x00fffefdfcfb00ff"}}
			if got, _ := json.Marshal(c["received"]); string(got) != `[["pong","0x00fffefdfcfb00ff"]]` {
				t.Errorf("received %s, want %v", got, want)
			}
		}
	}
}

// TestHTML: there is an overview and a page a case, and what an endpoint sends cannot become markup.
func TestHTML(t *testing.T) {
	dir := t.TempDir()
	p := reported(t, "<b>agent</b>", faults{}, "1.1.2", "6.4.1", "12.1.1")
	if err := p.WriteHTML(dir, "ws autobahn <x>"); err != nil {
		t.Fatal(err)
	}
	for name, contains := range map[string][]string{
		"index.html": {"One text message of 125 octets.", `href="#OK@0"`, "against the RFC", `data-outcome="OK">`, "ws autobahn &lt;x&gt;", "&lt;b&gt;agent", "1.1.2", "viewport", "UTF-8", ReportFile("<b>agent</b>", "1.1.2", "html")},
		ReportFile("<b>agent</b>", "1.1.2", "html"):  {"GET / HTTP/1.1", "received frame text(1) fin=true", "sent frame close(8)", "********", "viewport"},
		ReportFile("<b>agent</b>", "6.4.1", "html"):  {"wait 1 s, A", "timeout"},
		ReportFile("<b>agent</b>", "12.1.1", "html"): {"Traffic", "All 4 messages came back"},
	} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range contains {
			if !bytes.Contains(b, []byte(s)) {
				t.Errorf("%s does not contain %q", name, s)
			}
		}
		if bytes.Contains(b, []byte("//")) && regexp.MustCompile(`(src|href|url)[=(]["']?(https?:)?//`).Match(b) {
			t.Errorf("%s loads something from another host", name)
		}
		if ratios := regexp.MustCompile(`<td>\d\.\d{3}</td></tr>`).FindAll(b, -1); bytes.Contains(b, []byte("%!")) || len(ratios) != strings.Count(name, "12_1_1")*2 {
			t.Errorf("%s: something is formatted wrongly, %d ratios", name, len(ratios))
		}
		if bytes.Contains(b, []byte("<b>agent")) {
			t.Errorf("%s contains markup of the agent's", name)
		}
	}
}

// TestVersion: a release is named by its version, and what was built in a clone by its commit.
func TestVersion(t *testing.T) {
	const module = "github.com/seed-d69ae1b7/websocket"
	own := func(v string) []*debug.Module {
		return []*debug.Module{{Path: "golang.org/x/sys", Version: "v1"}, {Path: module, Version: v}}
	}
	for _, tt := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{Main: debug.Module{Path: module + "/cmd", Version: "v0.2.0"}, Deps: own("v0.1.0")}, module + " v0.1.0"},
		{debug.BuildInfo{Main: debug.Module{Path: module + "/cmd", Version: "v0.0.0-2026-07e2ef08a055"}, Deps: own("(devel)")}, module + " v0.0.0-2026-07e2ef08a055"},
		{debug.BuildInfo{Main: debug.Module{Path: module, Version: "v0.1.0"}}, module + " v0.1.0"},
		{debug.BuildInfo{Main: debug.Module{Path: "elsewhere", Version: "v3"}, Deps: own("(devel)")}, module + " (devel)"},
	} {
		if got := version(&tt.info); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.info.Main, got, tt.want)
		}
	}
}

// TestJUnit: failures and skipped cases by the limit.
func TestJUnit(t *testing.T) {
	p := reported(t, "agent", faults{noDeflate: true, noPong: true}, "1.1.1", "2.1", "12.1.1")
	limit, err := ParseLimit("failed")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.WriteJUnit(&b, limit); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`name="agent" tests="3" failures="1" skipped="1"`, `<failure message="FAILED, closing `, `<skipped message="UNIMPLEMENTED, closing OK: The endpoint did not agree`} {
		if !strings.Contains(b.String(), s) {
			t.Errorf("no %s in %s", s, b.String())
		}
	}
	if _, err := ParseLimit("whatever"); err == nil {
		t.Error("an unknown limit is no error")
	}
}

// TestFilesOfAgents: agents whose names come to the same in the names of files do not overwrite each other's.
func TestFilesOfAgents(t *testing.T) {
	dir := t.TempDir()
	p := NewReport()
	for _, agent := range []string{"A/B", "A:B", "../a\\b", "日本", "한국"} {
		p.Add(&Result{Agent: agent, ID: "1.1.1", Behavior: OK, BehaviorClose: OK, Description: "of " + agent})
	}
	if err := errors.Join(p.WriteJSON(dir), p.WriteHTML(dir, "")); err != nil {
		t.Fatal(err)
	}
	index := readIndex(t, dir)
	names := map[string]bool{}
	for agent, cases := range index {
		file := cases["1.1.1"].ReportFile
		names[file] = true
		for _, name := range []string{file, strings.TrimSuffix(file, "json") + "html"} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || !bytes.Contains(b, []byte("of "+strings.ReplaceAll(agent, "\\", "\\\\"))) && !bytes.Contains(b, []byte("of "+agent)) {
				t.Errorf("%s: %s is not its own, %v", agent, name, err)
			}
		}
	}
	if len(names) != 5 || !names["a_b_case_1_1_1.json"] || !names["_case_1_1_1.json"] {
		t.Errorf("%v", names)
	}
}

// TestCauseIsTold: where a verdict comes of a broken rule, the pages and JUnit XML say so and which, and not only who
// closed the connection.
func TestCauseIsTold(t *testing.T) {
	const cause = "the endpoint broke the protocol: a text message is not UTF-8."
	p := reported(t, "agent", faults{noUTF8: true}, "6.3.1", "6.4.4")
	dir := t.TempDir()
	if err := p.WriteHTML(dir, ""); err != nil {
		t.Fatal(err)
	}
	var xml bytes.Buffer
	if err := p.WriteJUnit(&xml, failing); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"JUnit": xml.String()}
	for _, name := range []string{"index.html", ReportFile("agent", "6.3.1", "html"), ReportFile("agent", "6.4.4", "html")} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(b)
	}
	for name, text := range texts {
		if !strings.Contains(text, cause) {
			t.Errorf("%s does not say it", name)
		}
	}
	if got := strings.Count(xml.String(), `<failure message="FAILED, closing FAILED: The wrong endpoint closed the connection: `+cause+`"`); got != 2 {
		t.Errorf("%d failures with their cause in %s", got, xml.String())
	}
}

// TestHowItEnded: the texts and nulls by which scripts see how a connection has ended, as the original writes them.
func TestHowItEnded(t *testing.T) {
	const none = "null"
	for _, tt := range []struct {
		f                        faults
		id                       string
		notClean, reason, answer string // wasNotCleanReason, localCloseReason, remoteCloseReason
	}{
		{faults{}, "7.1.1", none, none, none},
		{faults{}, "7.3.1", none, none, none},
		{faults{reason: "bye & <good>"}, "7.3.4", none, `"Hello World!"`, `"bye & <good>"`},
		{faults{vanish: true}, "1.1.1", `"peer dropped the TCP connection without previous WebSocket closing handshake"`, none, none},
		{faults{keepTCP: true}, "1.1.6", `"server did not drop TCP connection (in time)"`, none, none},
		{faults{silentOpen: true, keepTCP: true}, "1.1.1", `"peer did not finish (in time) the opening handshake"`, none, none},
		{faults{noClose: true}, "1.1.6", `"peer did not respond (in time) in closing handshake"`, none, none},
	} {
		synctest.Test(t, func(t *testing.T) {
			b, err := marshal(playServer(t, byID(t, tt.id), tt.f))
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range map[string]string{
				"wasNotCleanReason": tt.notClean, "localCloseReason": tt.reason, "remoteCloseReason": tt.answer,
			} {
				if want = "\n   \"" + key + "\": " + want + ",\n"; !bytes.Contains(b, []byte(want)) {
					t.Errorf("%s, not clean %s: no %q", tt.id, tt.notClean, want)
				}
			}
		})
	}
}

// TestCompare: what changed between two reports, and what of it is for the worse.
func TestCompare(t *testing.T) {
	good, fine := Verdict{OK, OK}, Verdict{Informational, OK}
	before := Verdicts{"a": {"1.1.1": good, "2.1": good, "7.1.6": fine, "S1.1.1": {Failed, Failed}, "9.1.1": good}}
	cases, err := Select([]string{"*", "S*"}, []string{"9.*"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		later Verdicts
		want  []string
		worse int
	}{
		{"nothing", before, nil, 0},
		{"another name, one case left out, nothing worse", Verdicts{"b": {"1.1.1": good, "2.1": good, "7.1.6": good, "S1.1.1": good}},
			[]string{"b 7.1.6: INFORMATIONAL, closing OK -> OK, closing OK", "b S1.1.1: FAILED, closing FAILED -> OK, closing OK"}, 0},
		{"worse in either grade", Verdicts{"a": {"1.1.1": {NonStrict, OK}, "2.1": {OK, Unclean}, "7.1.6": fine, "S1.1.1": {Failed, Unclean}}},
			[]string{"a 1.1.1: OK, closing OK -> NON-STRICT, closing OK", "a 2.1: OK, closing OK -> OK, closing UNCLEAN",
				"a S1.1.1: FAILED, closing FAILED -> FAILED, closing UNCLEAN"}, 2},
		{"not run, and new", Verdicts{"a": {"1.1.1": good, "1.1.2": good, "7.1.6": fine, "S1.1.1": {Failed, Failed}}},
			[]string{"a 1.1.2: new -> OK, closing OK", "a 2.1: OK, closing OK -> not run"}, 1},
		{"no verdict", Verdicts{"a": {"1.1.1": {}, "2.1": good, "7.1.6": fine, "S1.1.1": {Failed, Failed}}},
			[]string{"a 1.1.1: OK, closing OK -> , closing "}, 1},
		{"one agent more", Verdicts{"a": before["a"], "b": {"1.1.1": good}}, []string{"b 1.1.1: new -> OK, closing OK"}, 0},
		{"another agent instead, of two", Verdicts{"b": {"1.1.1": good}, "c": {}}, []string{
			"a 1.1.1: OK, closing OK -> not run", "a 2.1: OK, closing OK -> not run", "a 7.1.6: INFORMATIONAL, closing OK -> not run",
			"a S1.1.1: FAILED, closing FAILED -> not run", "b 1.1.1: new -> OK, closing OK"}, 4},
	} {
		var got []string
		worse := 0
		for _, c := range before.Compare(tt.later, cases) {
			got = append(got, c.String())
			if c.Regression() {
				worse++
			}
		}
		if !slices.Equal(got, tt.want) || worse != tt.worse {
			t.Errorf("%s: %q, %d worse; want %q, %d", tt.name, got, worse, tt.want, tt.worse)
		}
	}
}

// TestReadVerdicts: the verdicts of a folder are those that were written, the cases that the original lacks in a file of
// their own, which does not outlive them.
func TestReadVerdicts(t *testing.T) {
	dir := t.TempDir()
	p := reported(t, "agent", faults{}, "1.1.1", "S3.2.1")
	if err := p.WriteJSON(dir); err != nil {
		t.Fatal(err)
	}
	got, err := ReadVerdicts(dir)
	if want := (Verdicts{"agent": {"1.1.1": {OK, OK}, "S3.2.1": {OK, OK}}}); err != nil || !maps.EqualFunc(got, want, maps.Equal) {
		t.Errorf("%v, %v", got, err)
	}
	for name, has := range map[string]string{"index.json": "1.1.1", "extra.json": "S3.2.1"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.Contains(string(b), `"S`) != (has == "S3.2.1") || !strings.Contains(string(b), has) {
			t.Errorf("%s: %s, %v", name, b, err)
		}
	}
	if err := reported(t, "agent", faults{}, "1.1.1").WriteJSON(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadVerdicts(dir); err != nil || len(got["agent"]) != 1 {
		t.Errorf("after a run without S cases: %v, %v", got, err)
	}
	if _, err := ReadVerdicts(filepath.Join(dir, "none")); err == nil {
		t.Error("no folder is no error")
	}
}

// TestPlainJSON: what HTML would escape stands in the files as it is.
func TestPlainJSON(t *testing.T) {
	for _, v := range []any{textMessage("a&<b>"), wireRow{kind: "RF", values: []any{"a&<b>"}}} {
		if b, err := marshal(v); err != nil || !strings.Contains(string(b), "a&<b>") {
			t.Errorf("%s, %v", b, err)
		}
	}
}

// TestTrafficStats: what is counted is what the original counts, so that ratios can be compared: the round trips, without
// the handshakes, and control frames only as octets on the wire.
func TestTrafficStats(t *testing.T) {
	for _, r := range roles {
		for _, pings := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				res := r.play(t, byID(t, "12.1.1"), faults{pings: pings})
				s := res.TrafficStats
				if s == nil {
					t.Fatalf("%s: no counters", r.name)
				}
				sent, received := int64(2), int64(6) // octets of a header, in this direction and in that
				if r.role == Servers {
					sent, received = received, sent
				}
				headers := int64(testRounds)
				if pings {
					headers *= 2
				}
				want := trafficStats{
					IncomingOctetsAppLevel: s.OutgoingOctetsAppLevel, OutgoingOctetsAppLevel: s.OutgoingOctetsAppLevel,
					IncomingOctetsWebSocketLevel: s.IncomingOctetsWebSocketLevel, OutgoingOctetsWebSocketLevel: s.OutgoingOctetsWebSocketLevel,
					IncomingOctetsWireLevel: s.IncomingOctetsWebSocketLevel + headers*received,
					OutgoingOctetsWireLevel: s.OutgoingOctetsWebSocketLevel + headers*sent,
					IncomingWebSocketFrames: testRounds, OutgoingWebSocketFrames: testRounds,
					IncomingWebSocketMessages: testRounds, OutgoingWebSocketMessages: testRounds,
					PreopenIncomingOctetsWireLevel: int64(len(res.HTTPResponse)) + 4,
					PreopenOutgoingOctetsWireLevel: int64(len(res.HTTPRequest)) + 4,
				}
				if r.role == Clients {
					want.PreopenIncomingOctetsWireLevel, want.PreopenOutgoingOctetsWireLevel = want.PreopenOutgoingOctetsWireLevel, want.PreopenIncomingOctetsWireLevel
				}
				got, _ := marshal(s)
				wanted, _ := marshal(want.finish())
				if !bytes.Equal(got, wanted) || s.OutgoingOctetsAppLevel < 16*testRounds {
					t.Errorf("%s, pings %t: %s, want %s", r.name, pings, got, wanted)
				}
			})
		}
	}
}
