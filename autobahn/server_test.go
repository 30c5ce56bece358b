package autobahn

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ask makes one request of the fuzzing server over TCP, as a driver does, and returns its first message.
func ask(t *testing.T, address, target string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n")
	br := bufio.NewReader(conn)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return resp.Status
	}
	rest, err := io.ReadAll(io.LimitReader(br, 2))
	if err != nil || len(rest) < 2 || rest[0]&0xF == opClose {
		return ""
	}
	p := make([]byte, rest[1])
	io.ReadFull(br, p)
	conn.Write(appendFrame(nil, closeFrame(1000, ""), true, [4]byte{}))
	io.Copy(io.Discard, br)
	return string(p)
}

// TestServerURLs: a driver of the original finds every URL that it uses.
func TestServerURLs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	s := &FuzzingServer{Spec: ServerSpecFile{Cases: []string{"1.1.1", "2.5", "7.7.*"}, ExcludeAgentCases: map[string][]string{"B*": {"1.*"}}},
		WriteReports: func(*Report) error { written++; return nil }}
	done := make(chan *Report)
	go func() {
		report, err := s.Serve(context.Background(), l)
		if err != nil {
			t.Error(err)
		}
		done <- report
	}()
	address := l.Addr().String()
	play := func(agent string) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		(&endpoint{conn: conn}).serve("/runCase?case=1&agent=" + agent)
	}
	for _, tt := range []struct{ target, want string }{
		{"/getCaseCount", "15"},
		{"/getCaseInfo?case=2", `{"description":"A ping with a payload of 126 octets.","id":"2.5"}`},
		{"/getCaseInfo?casetuple=7.7.1", `{"description":"A Close frame with the code 1000, which is allowed.","id":"7.7.1"}`},
		{"/getCaseInfo?case=16", "404 Not Found"},
		{"/runCase?case=1", "404 Not Found"},
	} {
		if got := ask(t, address, tt.target); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.target, got, tt.want)
		}
	}
	for _, target := range []string{"/", "/elsewhere?x=1"} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		e := &endpoint{conn: conn, faults: faults{noDeflate: true}}
		if err := e.connect(target); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		e.sendClose(1000)
		if err := e.frame(); err != errEnd {
			t.Errorf("%s: the Close frame is not answered: %v", target, err)
		}
		conn.Close()
	}
	play("A")
	play("B") // excluded
	for target, want := range map[string]string{
		"/getCaseStatus?case=1&agent=A": `{"behavior":"OK"}`, "/getCaseStatus?case=1&agent=B": "", "/getCaseStatus?case=2&agent=A": "",
		"/getCaseStatus?case=1": "404 Not Found", "/getCaseStatus?case=0&agent=A": "404 Not Found",
	} {
		if got := ask(t, address, target); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
	ask(t, address, "/updateReports?agent=A")
	ask(t, address, "/updateReports?agent=A&shutdownOnComplete=true")
	report := <-done
	if written != 2 || report.Get("A", "1.1.1") == nil || report.Get("B", "1.1.1") != nil {
		t.Errorf("reports written %d times, agents %v", written, report.Agents())
	}
}

// TestClientSpec: the original's specification file is read, and what it says is done.
func TestClientSpec(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heads := make(chan string, 1)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				e := &endpoint{server: true, conn: conn}
				if e.more() == nil {
					select {
					case heads <- string(e.in):
					default:
					}
					e.serve("")
				}
			}()
		}
	}()
	file := filepath.Join(t.TempDir(), "fuzzingclient.json")
	spec := `{"outdir": "./reports", "servers": [{"agent": "A", "url": "ws://` + l.Addr().String() + `/path?q=1", "headers": {"X-One": "1"},
		"options": {"version": 18, "closeHandshakeTimeout": 2.5}}], "cases": ["1.1.*"], "exclude-cases": ["1.1.2"],
		"exclude-agent-cases": {"A*": ["1.1.8"]}}`
	if err := os.WriteFile(file, []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	var f FuzzingClient
	if err := ReadSpec(file, &f.Spec); err != nil {
		t.Fatal(err)
	}
	f.Parallel = 4
	report, err := f.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(report.Results("A")); n != 6 {
		t.Errorf("%d cases were run, want 6", n)
	}
	head := <-heads
	if !strings.HasPrefix(head, "GET /path?q=1 HTTP/1.1\r\n") || !strings.Contains(head, "X-One: 1\r\n") {
		t.Errorf("request %q", head)
	}
	target, err := f.target(f.Spec.Servers[0])
	if err != nil || target.limits.Close != 2500*time.Millisecond || target.limits.Open != 5*time.Second {
		t.Errorf("limits %+v, %v", target.limits, err)
	}
	if err := ReadSpec(file+"x", &f.Spec); err == nil {
		t.Error("a file that does not exist is no error")
	}
}

// TestAgents: a server that is not named is called what it calls itself, with its address where there are several, and
// excluded cases go by that name; what would mix results up is an error.
func TestAgents(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "Some/1.0")
		w.WriteHeader(http.StatusBadRequest)
	})}
	defer server.Close()
	go server.Serve(l)
	url := "ws://" + l.Addr().String()
	run := func(p ProcessSpec, servers ...ServerSpec) (string, error) {
		f := &FuzzingClient{Process: p, Spec: ClientSpec{Servers: servers, Cases: []string{"S1.1.1", "S1.1.2"}, ExcludeAgentCases: map[string][]string{"Some/*": {"S1.1.2"}}}}
		report, err := f.Run(t.Context())
		got := ""
		for _, a := range report.Agents() {
			got += fmt.Sprintf("%s:%d ", a, len(report.Results(a)))
		}
		return got, err
	}
	for _, tt := range []struct {
		servers   []ServerSpec
		want, err string
	}{
		{[]ServerSpec{{URL: url}}, "Some/1.0:1 ", ""},
		{[]ServerSpec{{URL: url}, {URL: url + "/2"}}, "Some/1.0 at " + url + ":1 Some/1.0 at " + url + "/2:1 ", ""},
		{[]ServerSpec{{URL: url, Agent: "A"}, {URL: url + "/2"}}, "A:2 Some/1.0 at " + url + "/2:1 ", ""},
		{[]ServerSpec{{URL: url, Agent: "A"}, {URL: url + "/2", Agent: "A"}}, "", "two servers"},
	} {
		if got, err := run(ProcessSpec{}, tt.servers...); got != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%v: %q, %v", tt.servers, got, err)
		}
	}
	if _, err := run(ProcessSpec{Command: []string{"false"}}, ServerSpec{URL: url}, ServerSpec{URL: url + "/2"}); err == nil || !strings.Contains(err.Error(), "one process") {
		t.Errorf("several servers, one process: %v", err)
	}
}

// TestFailedReports: that the reports could not be written is said to who asked for them.
func TestFailedReports(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s := &FuzzingServer{Spec: ServerSpecFile{Cases: []string{"1.1.1"}}, WriteReports: func(*Report) error { return errors.New("disk full") }}
	go s.Serve(ctx, l)
	if got := ask(t, l.Addr().String(), "/updateReports?agent=A"); got != "disk full" {
		t.Errorf("the answer is %q", got)
	}
}
