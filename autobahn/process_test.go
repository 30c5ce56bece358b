//go:build linux

package autobahn

// This file tests the cases that measure memory (S4) against a child process: the test binary itself, as an endpoint
// that keeps its memory bounded, or as one that does not.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const childVariable = "AUTOBAHN_TEST_CHILD"

// TestMain plays the endpoint in a child: "server ADDRESS" or "client URL", and "greedy" behind it; "end STATUS" prints
// and ends, "sit" prints and does nothing more, "once ADDRESS" plays the first case, prints and ends at once.
func TestMain(m *testing.M) {
	words := strings.Fields(os.Getenv(childVariable))
	if len(words) == 0 {
		os.Exit(m.Run())
	}
	switch words[0] {
	case "once":
		conn, err := net.Dial("tcp", words[1])
		if err != nil {
			panic(err)
		}
		childServe(conn, false, "/runCase?case=1&agent=once", false)
		fallthrough
	case "end", "sit":
		fmt.Println("what came before")
		fmt.Println("cannot listen")
		switch {
		case words[0] == "sit":
			select {}
		case words[0] == "end":
			status, _ := strconv.Atoi(words[1])
			os.Exit(status)
		}
		return
	}
	greedy := len(words) == 3
	if words[0] == "server" {
		childServer(words[1], greedy)
		return
	}
	childClient(words[1], greedy)
}

func childServer(address string, greedy bool) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go childServe(conn, true, "", greedy)
	}
}

func childClient(address string, greedy bool) {
	for i := 1; ; i++ {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		childServe(conn, false, fmt.Sprintf("/runCase?case=%d&agent=child", i), greedy)
	}
}

// childServe is the strict endpoint with a bound on everything, or the greedy one.
func childServe(conn net.Conn, server bool, target string, greedy bool) {
	defer conn.Close()
	if !greedy {
		(&endpoint{server: server, conn: conn, bounded: true}).serve(target)
		return
	}
	if !server {
		io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	}
	defer giveBack(conn) // for the next case, which is played by the same process where that is a client
	buf := make([]byte, 64<<10)
	for open := false; ; {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if !open {
			head, rest, whole := strings.Cut(string(buf[:n]), "\r\n\r\n")
			open = whole
			if whole && server {
				answer(conn, head)
			}
			if whole && rest == "" {
				continue
			}
		}
		keep(conn)
	}
}

// answer completes the opening handshake of a greedy server.
func answer(conn net.Conn, head string) {
	h, _, _ := parseHead([]byte(head + "\r\n\r\n"))
	resp := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + acceptKey(h.get("Sec-WebSocket-Key")) + "\r\n"
	if len(h.values(extensions)) > 0 {
		resp += extensions + ": permessage-deflate\r\n"
	}
	io.WriteString(conn, resp+"\r\n")
}

// hoard is what a greedy process has taken, for whichever of its connections was first. It comes from the system at
// once: as objects of Go it would come late on a busy machine, and with the race detector's shadow.
var hoard struct {
	sync.Mutex
	of     net.Conn
	memory []byte
}

func keep(conn net.Conn) {
	hoard.Lock()
	defer hoard.Unlock()
	if hoard.of != nil {
		return
	}
	const size = 320 << 20
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_POPULATE)
	if err != nil {
		panic(err)
	}
	hoard.of, hoard.memory = conn, memory
}

func giveBack(conn net.Conn) {
	hoard.Lock()
	defer hoard.Unlock()
	if hoard.of == conn {
		syscall.Munmap(hoard.memory)
		hoard.of, hoard.memory = nil, nil
	}
}

// runChild plays all of S4 against a child.
func runChild(t *testing.T, role Role, greedy bool) map[string]*Result {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	mode := map[Role]string{Servers: "server ", Clients: "client "}[role] + address
	if greedy {
		mode += " greedy"
	}
	quiet := time.Duration(0)
	if greedy {
		quiet = 15 * time.Second // it ends sooner, when too much was taken
	}
	spec := ProcessSpec{Command: []string{"env", childVariable + "=" + mode, os.Args[0]}, Output: os.Stderr}
	cases := []string{"S4.*"}
	if role == Servers {
		l.Close()
		f := &FuzzingClient{Spec: ClientSpec{Servers: []ServerSpec{{Agent: "child", URL: "ws://" + address}}, Cases: cases}, Process: spec, quiet: quiet}
		report, err := f.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return report.results["child"]
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &FuzzingServer{Spec: ServerSpecFile{Cases: cases}, Process: spec, quiet: quiet}
	count, err := s.Count()
	if err != nil {
		t.Fatal(err)
	}
	s.Progress = func(*Result) {
		if count--; count == 0 {
			cancel()
		}
	}
	report, err := s.Serve(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	return report.results["child"]
}

// TestMeasured: a bounded endpoint passes the cases that measure, one that hoards what it gets fails each of them.
func TestMeasured(t *testing.T) {
	for _, r := range roles {
		for _, greedy := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/greedy=%t", r.name, greedy), func(t *testing.T) {
				t.Parallel()
				results := runChild(t, r.role, greedy)
				want := 0
				for _, c := range Cases() {
					if c.Child && c.Roles&r.role != 0 {
						want++
					}
				}
				if len(results) != want {
					t.Fatalf("%d results, want %d", len(results), want)
				}
				for id, res := range results {
					if bad := res.Behavior != OK; bad != greedy {
						t.Errorf("%s: %s: %s", id, res.Behavior, res.Result)
					}
				}
			})
		}
	}
}

// TestProcessThatFails: a process that ends or never listens is told with its status and what it printed last.
func TestProcessThatFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "ws://" + l.Addr().String()
	l.Close()
	for mode, status := range map[string]string{"end 3": "ended with exit status 3", "end 0": "ended with exit status 0", "sit": "still runs"} {
		patience := time.Minute
		if mode == "sit" {
			patience = 5 * time.Second
		}
		t.Setenv(childVariable, mode)
		f := &FuzzingClient{Spec: ClientSpec{Servers: []ServerSpec{{URL: url}}, Cases: []string{"1.1.1"}},
			Process: ProcessSpec{Command: []string{os.Args[0]}}, patience: patience}
		_, err := f.Run(t.Context())
		want := status + "; its last lines:\n\twhat came before\n\tcannot listen"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// TestClientThatLeaves: a client that ends with an error, or before it has played all cases, is told with its status and
// what it printed last; what it has played stays.
func TestClientThatLeaves(t *testing.T) {
	for _, tt := range []struct {
		mode    string
		cases   []string
		exclude map[string][]string
		results int
		err     string // what the error begins with behind "the client under test has "; "": none
	}{
		{"end 3", []string{"1.1.1"}, nil, 0, "played 0 of 1 cases and ended with exit status 3"},
		{"end 0", []string{"1.1.1"}, nil, 0, "played 0 of 1 cases and ended with exit status 0"},
		{"once", []string{"1.1.1"}, nil, 1, ""},
		{"once", []string{"1.1.1", "1.1.2"}, nil, 1, "played 1 of 2 cases and ended with exit status 0"},
		{"once", []string{"1.1.1", "1.1.2"}, map[string][]string{"once": {"1.1.2"}}, 1, ""},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(childVariable, strings.Replace(tt.mode, "once", "once "+l.Addr().String(), 1))
		s := &FuzzingServer{Spec: ServerSpecFile{Cases: tt.cases, ExcludeAgentCases: tt.exclude}, Process: ProcessSpec{Command: []string{os.Args[0]}}}
		report, err := s.Serve(t.Context(), l)
		if n := len(report.Results("once")); n != tt.results {
			t.Errorf("%s, %s: %d results", tt.mode, tt.cases, n)
		}
		want := "the client under test has " + tt.err + "; its last lines:\n\twhat came before\n\tcannot listen"
		if (err != nil) != (tt.err != "") || err != nil && !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s, %s: %v", tt.mode, tt.cases, err)
		}
	}
}

// TestLastLines: of many lines the last are kept, and all are passed on.
func TestLastLines(t *testing.T) {
	var all bytes.Buffer
	l := &lastLines{to: &all}
	for i := range 1000 {
		fmt.Fprintf(l, "line %d\n", i)
	}
	if got := l.String(); !strings.HasSuffix(got, "\n\tline 999") || strings.Count(got, "\n") != 10 || !strings.Contains(all.String(), "line 0\n") {
		t.Errorf("%q", got)
	}
	if got := (&lastLines{}).String(); got != ", and has printed nothing" {
		t.Errorf("%q", got)
	}
}
