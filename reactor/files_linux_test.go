package reactor

// This file tests a server that may not open enough files, in a process of its own.

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-d69ae1b7/websocket"
)

const fewFiles = "REACTOR_TEST_FEW_FILES" // set for the process

// serveFewFiles serves with 64 descriptors until its input ends, and prints its address and its log.
func serveFewFiles(t *testing.T) {
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64}); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("address", ln.Addr())
	s := &Server{Handler: echo, Upgrader: &websocket.Upgrader{ErrorLog: log.New(os.Stdout, "", 0)}}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		s.Shutdown(bounded(t))
	}()
	if err := s.Serve(ln); err != ErrServerClosed {
		t.Error(err)
	}
}

// TestFewFiles protects a server that has no descriptor left: it tries again less and less often, goes on serving those that it has, and
// serves the others when there are descriptors again.
func TestFewFiles(t *testing.T) {
	if os.Getenv(fewFiles) != "" {
		serveFewFiles(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFewFiles$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), fewFiles+"=1")
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	lines := bufio.NewScanner(out)
	next := func(prefix string) string {
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return rest
			}
		}
		t.Fatalf("the process prints no %q: %v", prefix, lines.Err())
		return ""
	}
	addr := next("address ")
	var conns []net.Conn
	for range 100 {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(settleTime))
		io.WriteString(nc, request)
		conns = append(conns, nc)
	}
	var pauses []string
	for range 5 {
		pause, why, _ := strings.Cut(next("reactor: accepting pauses for "), ":")
		if pauses = append(pauses, pause); !strings.Contains(why, "too many open files") {
			t.Errorf("pauses because of %s", why)
		}
	}
	if got := fmt.Sprint(pauses); got != "[5ms 10ms 20ms 40ms 80ms]" {
		t.Errorf("pauses for %s", got)
	}
	go io.Copy(io.Discard, out) // so that its log never waits
	for i, nc := range conns {
		c := newClient()
		nc.Write(c.message(websocket.OpText, "Hello"))
		got := make([]byte, 7)
		in := bufio.NewReader(nc)
		for line := ""; line != "\r\n"; {
			var err error
			if line, err = in.ReadString('\n'); err != nil {
				t.Fatalf("connection %d: %v", i, err)
			}
		}
		if _, err := io.ReadFull(in, got); err != nil || string(got[2:]) != "Hello" {
			t.Fatalf("connection %d: %q, %v", i, got, err)
		}
		nc.Close()
	}
}
