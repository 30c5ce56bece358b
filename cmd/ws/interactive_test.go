//go:build unix

package main

// This file tests ws dial on a terminal: a pseudo-terminal that the test types at and looks at.

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"

	"github.com/seed-d69ae1b7/websocket"
)

// screen is a terminal with the tool on it.
type screen struct {
	t       *testing.T
	pty     *os.File
	cmd     *exec.Cmd
	mu      sync.Mutex
	changed *sync.Cond
	before  []byte // what was shown up to the last thing that was expected
	shown   []byte // since then
	ended   bool
}

// onScreen starts the tool on a terminal.
func onScreen(t *testing.T, env []string, args ...string) *screen {
	t.Helper()
	cmd := tool(t, args...)
	cmd.Env = append(cmd.Env, env...)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, pty: terminal, cmd: cmd}
	s.changed = sync.NewCond(&s.mu)
	t.Cleanup(func() { terminal.Close() })
	go s.watch()
	return s
}

// watch keeps what is shown, until the tool has ended.
func (s *screen) watch() {
	buffer := make([]byte, 4096)
	for {
		n, err := s.pty.Read(buffer)
		s.mu.Lock()
		s.shown = append(s.shown, buffer[:n]...)
		s.ended = err != nil
		s.changed.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// colour is what the line editor and we send beside text.
var colour = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// expect waits until something is shown that matches, and forgets what is before its end.
func (s *screen) expect(pattern string) {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		plain := colour.ReplaceAll(s.shown, nil)
		if at := re.FindIndex(plain); at != nil {
			s.before, s.shown = plain[:at[1]], plain[at[1]:]
			return
		}
		if s.ended {
			s.t.Fatalf("no %s in %q", pattern, plain)
		}
		s.changed.Wait()
	}
}

// enter types something.
func (s *screen) enter(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.pty, keys); err != nil {
		s.t.Fatal(err)
	}
}

// status waits for the end of the tool, after which nothing more is shown.
func (s *screen) status() int {
	s.mu.Lock()
	for !s.ended {
		s.changed.Wait()
	}
	s.mu.Unlock()
	s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}

// TestInteractive protects a conversation at a terminal: editing, history, completion, commands, and how messages look.
func TestInteractive(t *testing.T) {
	pings := make(chan string, 2)
	u := &websocket.Upgrader{Options: websocket.Options{OnPing: func(_ *websocket.Conn, payload []byte) bool {
		pings <- string(payload)
		return false
	}}}
	s := serveHandler(t, u.Handler(echo))
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("a\x00b"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := onScreen(t, nil, "dial", s)
	c.expect(`> $`)
	c.enter("hellp\x7fo\r") // a mistake, taken back
	c.expect(`← \d\d:\d\d:\d\d\.\d{3} text 5 B  hello\r\n> `)
	c.enter("\x1b[A!\r") // the arrow up
	c.expect(`text 6 B  hello!\r\n`)
	c.enter(`{"b":[1,"x"],"a":null}` + "\r")
	c.expect(`text 22 B  \{ "b": \[1, "x"\], "a": null \}\r\n`)
	c.enter(`{"b":[1,"x"],"a":"` + strings.Repeat("y", 80) + `"}` + "\r")
	c.expect(`text 100 B\r\n\{\r\n  "b": \[1, "x"\],\r\n  "a": "y+"\r\n\}\r\n`)
	c.enter("//x\r")
	c.expect(`text 2 B  /x\r\n`)
	c.enter("/bi\t00ff 41\r")
	c.expect(`binary 3 B  00000000  00 ff 41 +\|\.\.A\|\r\n`)
	c.enter("/file " + file + "\r")
	c.expect(`binary 3 B  00000000  61 00 62`)
	c.enter("/textfile " + filepath.Join(filepath.Dir(file), "none") + "\r")
	c.expect(`no such file`)
	c.enter("/ping\r")
	c.expect(`pong after \d`)
	if payload := <-pings; len(payload) != 8 {
		t.Errorf("ping %q", payload)
	}
	c.enter("/ping you\r")
	if payload := <-pings; payload != "you" {
		t.Errorf("ping %q", payload)
	}
	c.enter("/other\r")
	c.expect(`no such command: /other; /help`)
	c.enter("/help\r")
	c.expect(`/close \[CODE \[REASON\]\] +close(.|\n)*/help(.|\n)*Ctrl-D`)
	c.enter("/close 1006\r")
	c.expect(`close code 1006: want 1000`)
	c.enter("/binary xx\r")
	c.expect(`invalid byte`)
	c.enter("\x1b[200~pasted\x1b[201~\r")
	c.expect(`text 6 B  pasted\r\n`)
	c.enter(strings.Repeat("x", 5000) + "\r")
	c.expect(`4096 characters, and nothing was sent`)
	c.enter("/close 3000 bye\r")
	c.expect(`closed by us: 3000 bye\r\n`)
	if status := c.status(); status != exitOrdinary {
		t.Errorf("status %d", status)
	}
}

// TestInteractiveEnds protects the ends of a conversation at a terminal: by Ctrl-D, and by the server, while a line is being typed.
func TestInteractiveEnds(t *testing.T) {
	s := serveHandler(t, new(websocket.Upgrader).Handler(func(conn *websocket.Conn, r *http.Request) {
		for msg := range conn.Messages(context.Background()) {
			if string(msg.Data) == "end" {
				conn.Close(4000, "enough\x1b[2J")
			}
		}
	}))
	c := onScreen(t, nil, "dial", "-close", "3001 bye", s)
	c.expect(`> $`)
	c.enter("\x04")
	c.expect(`closed by us: 3001 bye`)
	if status := c.status(); status != exitOrdinary {
		t.Errorf("Ctrl-D: status %d", status)
	}
	c = onScreen(t, nil, "dial", s)
	c.expect(`> $`)
	c.enter("end\rsome")
	c.expect("closed by the server: 4000 enough\ufffd\\[2J\r\n")
	if status := c.status(); status != exitClosed {
		t.Errorf("closed by the server: status %d", status)
	}
}

// TestInteractiveHarmless protects the terminal from messages, refusals and subprotocols, and that NO_COLOR is heeded.
func TestInteractiveHarmless(t *testing.T) {
	s := serveHandler(t, new(websocket.Upgrader).Handler(func(conn *websocket.Conn, _ *http.Request) {
		conn.Write(context.Background(), websocket.OpText, []byte("a\x1b]0;title\x07\r\u009b2Jb"))
		conn.Write(context.Background(), websocket.OpText, []byte("{\"a\":\"\u009b2J\u202e\"}"))
	}))
	c := onScreen(t, []string{"NO_COLOR=1"}, "dial", "-v", s)
	c.expect("text 17 B  a\ufffd\\]0;title\ufffd\ufffd\ufffd2Jb\r\n")
	c.expect("\"a\": \"\ufffd2J\ufffd\" }\r\n")
	c.expect("closed by the server: 1000")
	c.status()
	refusing := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "go \x1b[2Jaway\u009b\nand stay there")
	}))
	c = onScreen(t, nil, "dial", refusing)
	c.expect("403(.|\n)*go \ufffd\\[2Jaway\ufffd\r\nand stay there")
	c.status()
	// What is piped in does not change where it goes to.
	c = onScreen(t, nil, "dial", "-0", "-x", "a", s)
	c.expect("a\ufffd\\]0;title\ufffd\ufffd\ufffd2Jb")
	c.status()
}

// TestPassword protects a password from being shown, and asks for it once.
func TestPassword(t *testing.T) {
	passwords := make(chan string, 1)
	s := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		passwords <- password
		w.WriteHeader(http.StatusForbidden)
	}))
	c := onScreen(t, nil, "dial", "-user", "me", s)
	c.expect("Password of me: ")
	c.enter("secret\r")
	if got := <-passwords; got != "secret" {
		t.Errorf("password %q", got)
	}
	c.expect("403")
	if c.status(); bytes.Contains(c.shown, []byte("secret")) {
		t.Errorf("shown: %q", c.shown)
	}
}

// TestResize protects lines from a terminal that has become narrower: the editor breaks them where it ends.
func TestResize(t *testing.T) {
	c := onScreen(t, nil, "dial", serveHandler(t, new(websocket.Upgrader).Handler(echo)))
	c.expect(`> $`)
	if err := pty.Setsize(c.pty, &pty.Winsize{Rows: 24, Cols: 20}); err != nil {
		t.Fatal(err)
	}
	for broken := false; !broken; { // the signal comes when it comes, and until then the line is not broken
		c.enter(strings.Repeat("x", 30) + "\x15end")
		c.expect(`end$`)
		broken = bytes.Contains(c.before, []byte("x\r\nx"))
	}
}

// TestView protects what is shown of a message: bounded, indented where that helps, and as it came where it does not.
func TestView(t *testing.T) {
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	for _, row := range []struct {
		op   websocket.Opcode
		data string
		want string // a regular expression
	}{
		{websocket.OpText, "", `^ text 0 B  \n$`},
		{websocket.OpText, "two\nlines", `^ text 9 B\ntwo\nlines\n$`},
		{websocket.OpText, `{"a":"\"{"}`, `^ text 11 B  \{ "a": "\\"\{" \}\n$`},
		{websocket.OpText, "{\r\n}", `^ text 4 B  \{ \}\n$`},
		{websocket.OpText, `{"a"`, `^ text 4 B  \{"a"\n$`},
		{websocket.OpText, "17", `^ text 2 B  17\n$`},
		{websocket.OpText, deep, `^ text 2000 B  \[{1000}\]{1000}\n$`},
		{websocket.OpText, strings.Repeat("ü", shownText), `^ text 32768 B\nü+\n… and 16384 bytes more\n$`},
		{websocket.OpText, "x" + strings.Repeat("ü", shownText), `\n… and 16386 bytes more\n$`},
		{websocket.OpBinary, strings.Repeat("\x00", 600), `^ binary 600 B\n([0-9a-f]{8}  00.*\n){32}… and 88 bytes more\n$`},
		{websocket.OpBinary, "", `^ binary 0 B  \n$`},
	} {
		var out bytes.Buffer
		if err := (view{w: &out}).message(websocket.Message{Op: row.op, Data: []byte(row.data)}); err != nil {
			t.Fatal(err)
		}
		shown := regexp.MustCompile(`^← \d\d:\d\d:\d\d\.\d{3}`).ReplaceAllString(out.String(), "")
		if !regexp.MustCompile(row.want).MatchString(shown) {
			t.Errorf("%.20q: %.300q, want %s", row.data, shown, row.want)
		}
	}
}
