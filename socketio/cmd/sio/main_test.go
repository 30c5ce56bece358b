package main

import (
	"bufio"
	"context"
	"encoding/json/jsontext"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// serve starts a server.
func serve(t *testing.T) string {
	o := new(socketio.Options)
	o.Logger = slog.New(slog.DiscardHandler)
	io := socketio.NewServer(o)
	for _, n := range []*socketio.Namespace{io.Namespace, io.Of("/other")} {
		n.OnEvent("echo", func(s *socketio.Socket, e *socketio.Event) { s.Emit("echo", e.Args()) })
		n.On("message", func(s *socketio.Socket, text string) { s.Emit("said", text) })
		n.Handle2("sum", func(_ *socketio.Socket, a, b int) (int, error) { return a + b, nil })
		n.Handle("who", func(s *socketio.Socket, _ struct{}) (string, error) {
			return s.Namespace().Name() + string(s.Handshake().Auth) + s.Handshake().Header("X-Key"), nil
		})
		n.Handle("refuse", func(*socketio.Socket, int) (int, error) { return 0, &socketio.Error{Message: "no"} })
		n.On("question", func(s *socketio.Socket, _ struct{}) {
			got, err := s.EmitWithAck[string](s.Context(), "what?")
			s.Emit("heard", got, err == nil)
		})
		n.On("away", func(s *socketio.Socket, _ struct{}) { s.Disconnect() })
	}
	srv := httptest.NewServer(io)
	t.Cleanup(func() {
		io.Shutdown(context.Background())
		srv.Close()
	})
	return srv.URL
}

// session is a run of the program.
type session struct {
	*testing.T
	in   io.WriteCloser
	out  *bufio.Scanner
	done chan error
}

func start(t *testing.T, args ...string) *session {
	in, typed := io.Pipe()
	printed, out := io.Pipe()
	s := &session{t, typed, bufio.NewScanner(printed), make(chan error, 1)}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	go func() {
		err := run(ctx, args, in, out, out)
		out.Close()
		s.done <- err
	}()
	t.Cleanup(func() {
		typed.Close()
		cancel()
		go io.Copy(io.Discard, printed)
		<-s.done
	})
	return s
}

var variable = regexp.MustCompile(`as \S+, |\(\d+m?s\)`)

// expect reads lines, without what differs each time.
func (s *session) expect(want ...string) {
	s.Helper()
	for _, one := range want {
		if !s.out.Scan() {
			s.Fatalf("the program has ended before %q", one)
		}
		if got := strings.TrimSpace(variable.ReplaceAllString(s.out.Text(), "")); got != one {
			s.Errorf("got %q, want %q", got, one)
		}
	}
}

func (s *session) typ(format string, args ...any) { fmt.Fprintf(s.in, format+"\n", args...) }

func TestSio(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte{0, 1, 0xff}, 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, "-transport", "websocket", serve(t))
	s.expect("* connected recovered: false")
	s.typ(`/emit echo 1 {"a": [1, "b"]} word "two words" null`)
	s.expect(`< echo 1 {"a":[1,"b"]} "word" "two words" null`)
	s.typ("/emit echo @%s", file)
	s.expect(`< echo "<3 bytes: 0001ff>"`)
	s.typ("/ask sum 40 2")
	s.expect("= sum: 42")
	s.typ("/ask refuse 1")
	s.expect(`= refuse: {"error":{"message":"no"}}`)
	s.typ("hello there")
	s.expect(`< said "hello there"`)
	s.typ("/emit question")
	s.expect("< what? (/ack 1)")
	s.typ(`/ack 1 "that"`)
	s.expect(`< heard "that" true`)
	s.typ("/ack 1 again")
	s.expect("! nothing to acknowledge with number 1")
	s.typ("/status")
	s.expect("* connected to / by websocket, 0 bytes wait")
	s.typ("/nonsense")
	s.expect("! /nonsense is no command: try /help")
	s.typ("/emit")
	s.expect("! no name")
	s.typ(`/emit x {"a"`)
	s.expect("! malformed JSON: jsontext: unexpected EOF within \"/a\" after offset 4")
	s.typ("/emit connect")
	s.expect("! socketio: reserved event name: connect")
	s.typ(`/emit echo "\u001b[31m"`)
	s.expect("< echo \"\\u001b[31m\"")
	s.typ("/emit away")
	s.expect("* disconnected: io server disconnect")
	s.typ("/status")
	s.expect("* not connected to /")
	s.typ("/help")
	s.expect(strings.Split(strings.TrimSpace(help), "\n")...)
	s.typ("/quit")
	if s.out.Scan() {
		t.Errorf("printed %q", s.out.Text())
	}
}

func TestSioFlags(t *testing.T) {
	s := start(t, "-namespace", "/other", "-auth", `{"token":1}`, "-header", "X-Key: key", "-transport", "polling", serve(t))
	s.expect("* connected recovered: false")
	s.typ("/ask who")
	s.expect(`= who: "/other{\"token\":1}key"`)
	s.typ("/status")
	s.expect("* connected to /other by polling, 0 bytes wait")
	for _, args := range [][]string{{}, {"a", "b"}, {"-nonsense", "x"}, {"-header", "x", "y"}} {
		if err := run(context.Background(), args, strings.NewReader(""), io.Discard, io.Discard); err != errUsage {
			t.Errorf("%q: %v", args, err)
		}
	}
	for _, args := range [][]string{{"-auth", "[]", "http://x"}, {"-transport", "x", "http://x"}, {"ftp://x"}, {"-once", "http://127.0.0.1:1"}} {
		if err := run(context.Background(), args, strings.NewReader(""), io.Discard, io.Discard); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string][]any{
		"":                     nil,
		"  a  b ":              {"a", "b"},
		`1 true null -1.5e3 x`: {jsontext.Value("1"), jsontext.Value("true"), jsontext.Value("null"), jsontext.Value("-1.5e3"), "x"},
		`{"a":1}[2]"b"c`:       {jsontext.Value(`{"a":1}`), jsontext.Value("[2]"), jsontext.Value(`"b"`), "c"},
		"@":                    {"@"},
	} {
		all, err := parse(text)
		var got []any
		for _, one := range all {
			got = append(got, one.value)
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, bad := range []string{`"a`, "[1", "@/does/not/exist"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
