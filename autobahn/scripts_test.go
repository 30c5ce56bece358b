package autobahn

// This file stands for what others have written for the original: scripts that read its reports, and drivers of clients.
// All are written anew after what they do.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// folder is a report of an endpoint that does not check text, in a directory.
func folder(t *testing.T, f faults) string {
	t.Helper()
	dir := t.TempDir()
	if err := reported(t, "my server", f, "1.1.1", "2.1", "6.3.1", "6.10.1", "10.1.1", "S3.2.1").WriteJSON(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

type scriptEntry struct {
	Behavior, BehaviorClose, ReportFile string
	RemoteCloseCode                     *int
	Duration                            float64
}

func readIndex(t *testing.T, dir string) map[string]map[string]scriptEntry {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index map[string]map[string]scriptEntry
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&index); err != nil {
		t.Fatal(err)
	}
	return index
}

// TestScriptSortsByNumber: scripts split a case's ID at the dots and take the parts for numbers.
func TestScriptSortsByNumber(t *testing.T) {
	cases := readIndex(t, folder(t, faults{}))["my server"]
	number := func(id string) (parts []int) {
		for _, s := range strings.Split(id, ".") {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Errorf("case %s: %v", id, err)
			}
			parts = append(parts, n)
		}
		return parts
	}
	ids := slices.SortedFunc(maps.Keys(cases), func(a, b string) int { return slices.Compare(number(a), number(b)) })
	if want := []string{"1.1.1", "2.1", "6.3.1", "6.10.1", "10.1.1"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
}

// TestScriptComparesRuns: scripts keep behavior and behaviorClose of every case, sorted, and compare them with those of an
// earlier run; durations must not matter.
func TestScriptComparesRuns(t *testing.T) {
	grades := func(dir string) (lines []string) {
		for agent, cases := range readIndex(t, dir) {
			for id, c := range cases {
				lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s", agent, id, c.Behavior, c.BehaviorClose))
			}
		}
		slices.Sort(lines)
		return lines
	}
	good := grades(folder(t, faults{}))
	if again := grades(folder(t, faults{})); !slices.Equal(good, again) {
		t.Errorf("%q, then %q", good, again)
	}
	var changed []string
	for i, line := range grades(folder(t, faults{noUTF8: true})) {
		if line != good[i] {
			changed = append(changed, line)
		}
	}
	if want := []string{"my server\t6.10.1\tFAILED\tFAILED", "my server\t6.3.1\tFAILED\tFAILED"}; !slices.Equal(changed, want) {
		t.Errorf("%q, want %q", changed, want)
	}
}

// TestScriptCountsLines: scripts count how often each line with "behavior" comes, without reading JSON: a key is on a line
// of its own, in the original's writing.
func TestScriptCountsLines(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(folder(t, faults{noUTF8: true}), "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, `"behavior"`) || strings.Contains(line, `"behaviorClose"`) {
			counts[strings.TrimRight(strings.TrimSpace(line), ",")]++
		}
	}
	want := map[string]int{`"behavior": "OK"`: 3, `"behaviorClose": "OK"`: 3, `"behavior": "FAILED"`: 2, `"behaviorClose": "FAILED"`: 2}
	if !maps.Equal(counts, want) {
		t.Errorf("%v, want %v", counts, want)
	}
}

// TestScriptOpensCases: scripts open the file of each bad case that the index names, for what to print.
func TestScriptOpensCases(t *testing.T) {
	dir := folder(t, faults{noUTF8: true})
	opened := 0
	for _, c := range readIndex(t, dir)["my server"] {
		if c.Behavior == "OK" || c.Behavior == "NON-STRICT" || c.Behavior == "INFORMATIONAL" {
			continue
		}
		opened++
		b, err := os.ReadFile(filepath.Join(dir, c.ReportFile))
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			ID, Description, Expectation, Result, ResultClose string
			Expected                                          map[string][][]any
			Received                                          [][]any
			WasClean                                          *bool
		}
		if err := json.Unmarshal(b, &file); err != nil || file.Result == "" || file.ResultClose == "" || file.WasClean == nil || file.Received == nil {
			t.Errorf("%s: %+v, %v", c.ReportFile, file, err)
		}
	}
	if opened != 2 {
		t.Errorf("%d cases were opened", opened)
	}
}

// A habit is what drivers do that differs.
type habit struct {
	waits     bool // connects to / until the server is there, and closes
	abandons  bool // closes TCP as soon as it has the number of cases, and behind the request for reports
	noAnswer  bool // sends a Close frame behind the request for reports and goes at once
	fromZero  bool // asks for a case 0 too, and does not mind that there is none
	askStatus bool // asks for the verdict on each case
}

// TestDrivers: drivers that behave as those of coder/websocket, gorilla/websocket, tungstenite and ws do, and one that asks
// for verdicts, get through all cases and have reports at the end.
func TestDrivers(t *testing.T) {
	for name, h := range map[string]habit{
		"coder": {waits: true}, "gorilla": {abandons: true}, "tungstenite": {noAnswer: true}, "ws": {}, "from zero": {fromZero: true},
		"curious": {askStatus: true},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			written := make(chan error, 1)
			s := &FuzzingServer{Spec: ServerSpecFile{Cases: []string{"1.1.1", "2.1", "7.7.1", "S1.3.1"}},
				WriteReports: func(r *Report) error { err := r.WriteJSON(dir); written <- err; return err }}
			go s.Serve(t.Context(), l)
			driver{t, l.Addr().String(), h}.drive()
			if err := <-written; err != nil {
				t.Fatal(err)
			}
			if cases := readIndex(t, dir)["me"]; len(cases) != 3 || cases["7.7.1"].Behavior != "OK" || cases["1.1.1"].Behavior != "OK" {
				t.Errorf("%v", cases)
			}
		})
	}
}

// A driver plays all cases of a fuzzing server, by its habits.
type driver struct {
	t       *testing.T
	address string
	habit
}

func (d driver) dial() net.Conn {
	conn, err := net.Dial("tcp", d.address)
	if err != nil {
		d.t.Fatal(err)
	}
	return conn
}

// request shakes hands and leaves the rest to the caller.
func (d driver) request(target string) (net.Conn, *bufio.Reader) {
	conn := d.dial()
	io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: "+d.address+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n")
	br := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		d.t.Fatalf("%s: %v", target, err)
	}
	return conn, br
}

func (d driver) drive() {
	if d.waits {
		d.wait()
	}
	first := 1
	if d.fromZero {
		first = 0
	}
	cases := d.count()
	for n := first; n <= cases; n++ {
		(&endpoint{conn: d.dial()}).serve(fmt.Sprintf("/runCase?case=%d&agent=me", n))
		if d.askStatus {
			if got := ask(d.t, d.address, fmt.Sprintf("/getCaseStatus?case=%d&agent=me", n)); got != `{"behavior":"OK"}` {
				d.t.Errorf("case %d: %s", n, got)
			}
		}
	}
	d.updateReports()
}

func (d driver) wait() {
	conn, br := d.request("/")
	defer conn.Close()
	conn.Write(appendFrame(nil, closeFrame(1000, ""), true, [4]byte{}))
	if _, err := io.ReadAll(br); err != nil {
		d.t.Error(err)
	}
}

func (d driver) count() int {
	count := ""
	if d.abandons {
		conn, br := d.request("/getCaseCount")
		defer conn.Close()
		var head [3]byte
		if _, err := io.ReadFull(br, head[:]); err != nil {
			d.t.Fatal(err)
		}
		count = string(head[2:]) // of one digit
	} else {
		count = ask(d.t, d.address, "/getCaseCount")
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func (d driver) updateReports() {
	conn, br := d.request("/updateReports?agent=me")
	defer conn.Close()
	switch {
	case d.abandons:
	case d.noAnswer:
		conn.Write(appendFrame(nil, closeFrame(1000, ""), true, [4]byte{}))
	default:
		io.Copy(io.Discard, br)
	}
}
