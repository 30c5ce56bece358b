//go:build unix

package main

// This file tests what ws serve does in place of the echo, and what it tells of its connections.

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// process is a ws serve that is a process.
type process struct {
	host    string
	first   []string // the lines that it printed before it was ready
	log     chan string
	end     func() error // SIGTERM, and how it ended
	dialURL string
}

// serveProcess starts the tool's server and waits until it is ready.
func serveProcess(t *testing.T, flags ...string) *process {
	t.Helper()
	return serveCommandLine(t, tool(t, append([]string{"serve", "-addr", "127.0.0.1:0"}, flags...)...))
}

// serveCommandLine is serveProcess for a command that becomes one.
func serveCommandLine(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{log: make(chan string, 1000)}
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		defer close(p.log)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			p.log <- lines.Text()
		}
	}()
	p.end = func() error {
		cmd.Process.Signal(syscall.SIGTERM)
		<-logged
		return cmd.Wait()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		p.first = append(p.first, lines.Text())
		if m := regexp.MustCompile(`Open http(s?)://([^/]+)/ `).FindStringSubmatch(lines.Text()); m != nil {
			p.host, p.dialURL = m[2], "ws"+m[1]+"://"+m[2]+"/"
			return p
		}
	}
	t.Fatalf("printed %q", p.first)
	return nil
}

// logged waits for a line of the log that matches.
func (p *process) logged(t *testing.T, pattern string) string {
	t.Helper()
	var others []string
	for line := range p.log {
		if regexp.MustCompile(pattern).MatchString(line) {
			return line
		}
		others = append(others, line)
	}
	t.Fatalf("no %s in the log:\n%s", pattern, strings.Join(others, "\n"))
	return ""
}

func connect(t *testing.T, url string, d websocket.Dialer) *websocket.Conn {
	t.Helper()
	conn, _, err := d.Dial(testContext(t), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return conn
}

// TestServeExec protects that a connection is the input and output of a process, which knows the request, and whose end it tells.
func TestServeExec(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, row := range []struct {
		command, flags, dial string
		input, output        string
		status               int
		said                 string
	}{
		{"cat", "", "-n 3 -wait=-1s", "a\n\ngrüße\n", "a\n\ngrüße\n", exitOrdinary, "closed by us: 1000"},
		{"cat", "-binary", "-binary -n 1 -wait=-1s", "a\n\x00\xff", "a\n\x00\xff", exitOrdinary, "closed by us: 1000"},
		{`read x; echo "$x!"; printf '\377'`, "", "-wait=-1s", "a\n", "a!\n\ufffd\n", exitOrdinary, "closed by the server: 1000"},
		{"exit 3", "", "-wait=-1s", "", "", exitClosed, "closed by the server: 1011 (internal error) exit status 3"},
		{"echo abcd; echo abc", "-limit 3", "-wait=-1s", "", "", exitOrdinary, "closed by the server: 1000"},
		{
			`echo $GATEWAY_INTERFACE $REQUEST_METHOD $REQUEST_URI $PATH_INFO $QUERY_STRING $REMOTE_ADDR $SERVER_NAME $HTTP_X_A "$HTTP_PROXY" $WEBSOCKET_SUBPROTOCOL`, "",
			"-wait=-1s -H X-A:1 -H X-a:2 -H Proxy:evil -H X_A:3 -subprotocol s", "",
			"CGI/1.1 GET /p%20q?x=y /p q x=y 127.0.0.1 127.0.0.1 1, 2  s\n", exitOrdinary, "subprotocol s\nclosed by the server: 1000",
		},
	} {
		p := serveProcess(t, append([]string{"-exec", row.command}, strings.Fields(row.flags)...)...)
		args := append(append([]string{"dial"}, strings.Fields(row.dial)...), p.dialURL+"p%20q?x=y")
		o := run(t, row.input, args...)
		if strings.ReplaceAll(o.out, "2, 1", "1, 2") != row.output || o.status != row.status || !strings.HasPrefix(o.said, row.said) {
			t.Errorf("%s: %+v, want %q, %d, %q", row.command, o, row.output, row.status, row.said)
		}
		if err := p.end(); err != nil {
			t.Errorf("%s: %v", row.command, err)
		}
	}
}

// TestServeExecEnds protects the machine from processes whose connection has ended: they are told, and killed if they do not listen,
// with what they have started, also at the end of the server.
func TestServeExecEnds(t *testing.T) {
	t.Parallel() // it mostly waits
	p := serveProcess(t, "-exec", `trap 'echo told >&2; exit' TERM; sleep 100 & echo $$; wait`)
	conn := connect(t, p.dialURL, websocket.Dialer{})
	if _, err := conn.Read(testContext(t)); err != nil {
		t.Fatal(err)
	}
	conn.Close(websocket.StatusNormalClosure, "")
	p.logged(t, `msg=stderr conn=1 line=told`)
	p.logged(t, `msg=closed conn=1 code=1000`)
	conn = connect(t, p.dialURL, websocket.Dialer{})
	if _, err := conn.Read(testContext(t)); err != nil {
		t.Fatal(err)
	}
	conn.CloseRead(context.Background())
	if err := p.end(); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	if code := websocket.CloseStatus(context.Cause(conn.Context())); code != websocket.StatusGoingAway {
		t.Errorf("the client saw %v", code)
	}
	// One that does not listen, and does not read its input.
	p = serveProcess(t, "-exec", `trap '' TERM; echo $$; while :; do sleep 1; done`)
	conn = connect(t, p.dialURL, websocket.Dialer{})
	msg, err := conn.Read(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	conn.CloseRead(context.Background())
	if err := p.end(); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	var pid int
	fmt.Sscan(string(msg.Data), &pid)
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("process %d lives on: %v", pid, err)
	}
}

// TestServeTCP protects the bridge to TCP: bytes go both ways, the end of one side is that of the other, and who cannot be reached is
// told before the connection is made.
func TestServeTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	p := serveProcess(t, "-tcp", ln.Addr().String())
	for _, serverEnds := range []bool{true, false} {
		conn := connect(t, p.dialURL, websocket.Dialer{})
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if err := conn.Write(testContext(t), websocket.OpBinary, []byte("ping")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 4)
		if _, err := io.ReadFull(nc, got); err != nil || string(got) != "ping" {
			t.Fatalf("%q, %v", got, err)
		}
		nc.Write([]byte("pong"))
		if msg, err := conn.Read(testContext(t)); err != nil || msg.Op != websocket.OpBinary || string(msg.Data) != "pong" {
			t.Fatalf("%v %q, %v", msg.Op, msg.Data, err)
		}
		if serverEnds {
			nc.Close()
			if _, err := conn.Read(testContext(t)); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
				t.Errorf("the client saw %v", err)
			}
		} else {
			conn.Close(websocket.StatusNormalClosure, "")
			if n, err := nc.Read(got); n != 0 || err != io.EOF {
				t.Errorf("the server saw %d bytes, %v", n, err)
			}
		}
	}
	_, _, err = (&websocket.Dialer{Header: http.Header{"Origin": {"https://elsewhere.example"}}}).Dial(testContext(t), p.dialURL)
	var refused *websocket.HandshakeError
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		t.Errorf("another origin: %v", err)
	}
	ln.Close()
	if _, _, err = websocket.Dial(testContext(t), p.dialURL); !errors.As(err, &refused) || refused.Status != http.StatusBadGateway {
		t.Errorf("nobody behind: %v", err)
	}
	p.logged(t, `level=WARN msg=refused remote=127.0.0.1:\d+ path=/ origin=https://elsewhere.example status=403`)
	p.logged(t, `level=WARN msg=refused remote=127.0.0.1:\d+ path=/ status=502`)
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// TestServeBroadcast protects that every message gets to all, in the same order, and that who does not read is closed instead of
// waited for.
func TestServeBroadcast(t *testing.T) {
	t.Parallel() // it mostly waits
	p := serveProcess(t, "-broadcast", "-compress=false")
	a, b, slow := connect(t, p.dialURL, websocket.Dialer{}), connect(t, p.dialURL, websocket.Dialer{}), connect(t, p.dialURL, websocket.Dialer{})
	for range 3 {
		p.logged(t, "msg=connected")
	}
	for _, text := range []string{"one", "two"} {
		if err := a.Write(testContext(t), websocket.OpText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		for _, conn := range []*websocket.Conn{a, b} {
			if msg, err := conn.Read(testContext(t)); err != nil || string(msg.Data) != text {
				t.Errorf("%q, %v, want %s", msg.Data, err, text)
			}
		}
	}
	const sent = 128 // messages of 256 KiB: far more than the kernel takes, and each far less than the server keeps
	for range sent {
		if err := a.Write(testContext(t), websocket.OpBinary, make([]byte, 256<<10)); err != nil {
			t.Fatal(err)
		}
		for _, conn := range []*websocket.Conn{a, b} {
			if _, err := conn.Read(testContext(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
	received := 0
	for _, err := range slow.MessagesInPlace(context.Background()) {
		if err == nil {
			received++
		}
	}
	if received >= sent {
		t.Errorf("the slow one got %d messages", received)
	}
	p.logged(t, `msg=closed conn=\d code=1008 local=true .*reason="too slow"`)
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// TestServeTLS protects -tls: a certificate for the names of this machine, whose fingerprint is printed, and -cert.
func TestServeTLS(t *testing.T) {
	p := serveProcess(t, "-tls")
	if o := run(t, "hello\n", "dial", p.dialURL); o.status != exitUnreachable {
		t.Errorf("unknown certificate: %+v", o)
	}
	if o := run(t, "hello\n", "dial", "-insecure", p.dialURL); o.out != "hello\n" || o.status != exitOrdinary {
		t.Errorf("-insecure: %+v", o)
	}
	if !regexp.MustCompile(`^Certificate for .*localhost.*127\.0\.0\.1.*, SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$`).MatchString(p.first[0]) {
		t.Errorf("printed %q", p.first)
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	cert, key := writeCertificate(t, dir)
	p = serveProcess(t, "-cert", cert, "-key", key)
	if o := run(t, "hello\n", "dial", "-cacert", cert, p.dialURL); o.out != "hello\n" || o.status != exitOrdinary {
		t.Errorf("-cert: %+v", o)
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// TestServeOrigin protects what is more than an echo from pages of others, also from those that have their name lead to loopback.
func TestServeOrigin(t *testing.T) {
	for _, row := range []struct {
		flags        []string
		host, origin string
		want         bool
	}{
		{nil, "", "https://elsewhere.example", true},
		{[]string{"-broadcast"}, "", "https://elsewhere.example", false},
		{[]string{"-broadcast"}, "", "http://HOST", true},
		{[]string{"-broadcast"}, "rebound.example", "http://rebound.example", false},
		{[]string{"-broadcast"}, "localhost", "http://localhost", true},
		{[]string{"-broadcast", "-origin", "https://elsewhere.example"}, "", "https://elsewhere.example", true},
		{[]string{"-broadcast", "-origin", "*"}, "", "https://elsewhere.example", true},
		{[]string{"-origin", "https://www.example"}, "", "https://elsewhere.example", false},
		{[]string{"-broadcast"}, "", "", true},
	} {
		s := startServe(t, append(row.flags, "-addr", "127.0.0.1:0")...)
		h := http.Header{}
		if row.host != "" {
			h.Set("Host", row.host)
		}
		if row.origin != "" {
			h.Set("Origin", strings.Replace(row.origin, "HOST", s.host, 1))
		}
		conn, _, err := (&websocket.Dialer{Header: h}).Dial(testContext(t), "ws://"+s.host)
		if (err == nil) != row.want {
			t.Errorf("%v %s %s: %v", row.flags, row.host, row.origin, err)
		}
		if conn != nil {
			conn.CloseNow()
		}
	}
}

// TestServeLog protects the lines that are logged, and that what a client says cannot forge one, or control a terminal.
func TestServeLog(t *testing.T) {
	p := serveProcess(t, "-log", "json", "-max", "1", "-subprotocol", "chat")
	conn := connect(t, p.dialURL+"a%0Ab%1b?token=secret", websocket.Dialer{Subprotocols: []string{"chat"}})
	conn.Write(testContext(t), websocket.OpText, []byte("hello"))
	conn.Read(testContext(t))
	if _, _, err := websocket.Dial(testContext(t), p.dialURL); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("one too many: %v", err)
	}
	conn.Close(4000, "bye\x1b")
	var lines []map[string]any
	for _, pattern := range []string{"connected", "refused", "closed"} {
		var line map[string]any
		if err := json.Unmarshal([]byte(p.logged(t, pattern)), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	for i, want := range []map[string]any{
		{"msg": "connected", "conn": 1., "path": "/a\nb\x1b", "subprotocol": "chat", "compressed": false},
		{"msg": "refused", "status": 503., "path": "/"},
		{"msg": "closed", "conn": 1., "code": 4000., "local": false, "messages_in": 1., "messages_out": 1., "bytes_in": 11. + 6 + 6, "bytes_out": 7. + 6 + 4, "reason": "bye\x1b"},
	} {
		for name, value := range want {
			if name != "bytes_in" && name != "bytes_out" && lines[i][name] != value {
				t.Errorf("%s is %v, want %v: %v", name, lines[i][name], value, lines[i])
			}
		}
		if strings.Contains(fmt.Sprint(lines[i]), "secret") {
			t.Errorf("a secret is in the log: %v", lines[i])
		}
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// TestServeMetrics protects the counts: of what has ended and of what is under way.
func TestServeMetrics(t *testing.T) {
	p := serveProcess(t, "-metrics", "127.0.0.1:0", "-subprotocol", "chat", "-max", "2")
	at := regexp.MustCompile(`http://\S+/metrics`).FindString(p.first[0])
	ended, open := connect(t, p.dialURL, websocket.Dialer{}), connect(t, p.dialURL, websocket.Dialer{})
	for _, conn := range []*websocket.Conn{ended, open} {
		conn.Write(testContext(t), websocket.OpText, []byte("hello"))
		conn.Read(testContext(t))
	}
	websocket.Dial(testContext(t), p.dialURL)
	ended.Close(4000, "")
	p.logged(t, "msg=closed")
	req, err := http.NewRequestWithContext(testContext(t), "GET", at, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	for _, want := range []string{
		"ws_connections_open 1", "ws_connections_total 2", `ws_closed_total{code="4000"} 1`, `ws_refused_total{status="503"} 1`,
		`ws_messages_total{direction="in"} 2`, `ws_messages_total{direction="out"} 2`, "go_goroutines ",
	} {
		if !slices.ContainsFunc(strings.Split(string(body), "\n"), func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("no %s, %v: %s", want, err, body)
		}
	}
	open.CloseRead(context.Background())
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// TestServeDir protects -dir: its files and nothing beside them.
func TestServeDir(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"index.html": "index", "other.txt": "other", ".env": "secret"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, "-addr", "127.0.0.1:0", "-dir", dir)
	for path, want := range map[string]string{"/": "index", "/other.txt": "other", "/.env": "404", "/link": "", "/../x": "404"} {
		req, err := http.NewRequestWithContext(testContext(t), "GET", "http://"+s.host+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !strings.HasPrefix(string(body), want) || strings.Contains(string(body), "root:") {
			t.Errorf("%s: %s %q", path, resp.Status, body)
		}
	}
	conn := s.dial(t, websocket.Dialer{})
	if err := conn.Write(testContext(t), websocket.OpText, nil); err != nil {
		t.Error(err)
	}
}

// TestHeaderVariables protects processes from header fields that would stand for others, or for what is not the client's to say.
func TestHeaderVariables(t *testing.T) {
	got := headerVariables(http.Header{"X-A": {"1", "2"}, "X_b": {"3"}, "Proxy": {"4"}, "Cookie": {"a=1", "b=2"}, "X=C": {"5"}})
	slices.Sort(got)
	if want := []string{"HTTP_COOKIE=a=1; b=2", "HTTP_X_A=1, 2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
