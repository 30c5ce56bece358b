package features

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"

	"github.com/seed-d69ae1b7/websocket"
)

// features are the rows of the table of README.md: what is asked of each library.
var features = map[string]func(t *testing.T, library string) answer{
	"refuses pages of other origins":                    refusesOrigins,
	"refuses text that is not UTF-8":                    refusesText,
	"limits a message, here one of 20 MiB":              limitsMessages,
	"compresses with what came before (takeover)":       takesOver,
	"compresses with the window that a client asks for": windows,
	"many goroutines may write at once":                 writersMeet,
	"a read can be cancelled, and repeated":             cancels,
}

// answer is what a cell of the table says.
type answer string

const (
	yes  answer = "yes"
	no   answer = "no"
	none answer = "–" // the question has no meaning for the library: it calls back
)

// is returns the answer of a condition.
func is(condition bool) answer {
	if condition {
		return yes
	}
	return no
}

// TestReadme protects the table of README.md: every cell of it is true, and no row is there that nobody has looked at.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| by default, | this | gorilla | coder | gws | nbio |\n")
	rows := 0
	for _, line := range strings.Split(table, "\n")[1:] {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 1+len(libraries) {
			break
		}
		ask := features[cells[0]]
		if ask == nil {
			t.Fatalf("nobody looks at %q", cells[0])
		}
		rows++
		for i, library := range libraries {
			t.Run(cells[0]+"/"+library, func(t *testing.T) {
				if got := ask(t, library); string(got) != cells[1+i] {
					t.Errorf("%s, and not %s", got, cells[1+i])
				}
			})
		}
	}
	if rows != len(features) {
		t.Errorf("%d rows of %d are in README.md", rows, len(features))
	}
}

// connect opens a connection to a server, and returns what it runs over as well.
func connect(t *testing.T, h http.Handler, d websocket.Dialer) (*websocket.Conn, net.Conn, *http.Response, error) {
	t.Helper()
	var nc net.Conn
	d.DialContext = func(ctx context.Context, network, addr string) (_ net.Conn, err error) {
		nc, err = new(net.Dialer).DialContext(ctx, network, addr)
		return nc, err
	}
	conn, resp, err := d.Dial(t.Context(), serve(t, h))
	if err == nil {
		t.Cleanup(func() { conn.CloseNow() })
	}
	return conn, nc, resp, err
}

func refusesOrigins(t *testing.T, library string) answer {
	_, _, resp, err := connect(t, echoes[library], websocket.Dialer{Header: http.Header{"Origin": {"https://evil.example"}}})
	if resp == nil {
		t.Fatal(err)
	}
	return is(err != nil && resp.StatusCode == http.StatusForbidden)
}

// refusesText sends a byte that no text has.
func refusesText(t *testing.T, library string) answer {
	conn, nc, _, err := connect(t, echoes[library], websocket.Dialer{})
	if err != nil {
		t.Fatal(err)
	}
	frame := websocket.AppendHeader(nil, websocket.Header{Fin: true, Opcode: websocket.OpText, Masked: true, Length: 1})
	nc.Write(append(frame, 0xff))
	_, err = conn.Read(t.Context())
	// A library that echoes it breaks the protocol itself, which conn sees.
	var seen *websocket.CloseError
	return is(errors.As(err, &seen) && !seen.Local)
}

func limitsMessages(t *testing.T, library string) answer {
	conn, _, _, err := connect(t, echoes[library], websocket.Dialer{Options: websocket.Options{ReadLimit: -1}})
	if err != nil {
		t.Fatal(err)
	}
	go conn.Write(t.Context(), websocket.OpBinary, make([]byte, 20<<20))
	m, err := conn.Read(t.Context())
	return is(err != nil && len(m.Data) == 0)
}

// agreed returns what a library answers to an offer of compression.
func agreed(t *testing.T, library, offer string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", serve(t, echoes[library]), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Extensions": {offer},
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp.Status)
	}
	return resp.Header.Get("Sec-WebSocket-Extensions")
}

func takesOver(t *testing.T, library string) answer {
	got := agreed(t, library, "permessage-deflate")
	return is(strings.HasPrefix(got, "permessage-deflate") && !strings.Contains(got, "no_context_takeover"))
}

func windows(t *testing.T, library string) answer {
	got := agreed(t, library, "permessage-deflate; server_max_window_bits=10")
	return is(regexp.MustCompile(`server_max_window_bits="?(8|9|10)\b`).MatchString(got))
}

// writersMeet has many goroutines write to a connection of the library.
func writersMeet(t *testing.T, library string) answer {
	if library == "gorilla" {
		return is(!gorillaPanics(t))
	}
	const writers, each = 16, 50
	conn, _, _, err := connect(t, writing(library, func(write func([]byte) error) {
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				for range each {
					if err := write(make([]byte, 1000)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}), websocket.Dialer{})
	if err != nil {
		t.Fatal(err)
	}
	for range writers * each {
		if m, err := conn.Read(t.Context()); len(m.Data) != 1000 {
			t.Fatal(len(m.Data), err)
		}
	}
	return yes
}

// gorillaPanics reports whether a write panics that meets another one, which has begun and waits: its message is more than the
// kernel takes, and the client reads no more than its beginning.
func gorillaPanics(t *testing.T) bool {
	begun, panicked := make(chan bool), make(chan any, 1)
	conn, _, _, err := connect(t, writing("gorilla", func(write func([]byte) error) {
		go write(make([]byte, 64<<20))
		<-begun
		defer func() { panicked <- recover() }()
		write(make([]byte, 1000))
	}), websocket.Dialer{Options: websocket.Options{ReadLimit: -1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Reader(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(begun)
	return <-panicked != nil
}

// cancels has the time of reads end while they wait, and then reads what has come. Twenty, because one may end before it waits.
func cancels(t *testing.T, library string) answer {
	var read func(wait time.Duration) error
	var write func([]byte) error
	switch library {
	case "this":
		c, _, _, err := connect(t, echoes[library], websocket.Dialer{})
		if err != nil {
			t.Fatal(err)
		}
		read = inContext(t, func(ctx context.Context) error { _, err := c.Read(ctx); return err })
		write = func(p []byte) error { return c.Write(t.Context(), websocket.OpText, p) }
	case "gorilla":
		c, _, err := gorilla.DefaultDialer.Dial(strings.Replace(serve(t, echoes[library]), "http", "ws", 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		read = func(wait time.Duration) error {
			c.SetReadDeadline(time.Now().Add(wait))
			_, _, err := c.ReadMessage()
			return err
		}
		write = func(p []byte) error { return c.WriteMessage(gorilla.TextMessage, p) }
	case "coder":
		c, _, err := coder.Dial(t.Context(), serve(t, echoes[library]), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		read = inContext(t, func(ctx context.Context) error { _, _, err := c.Read(ctx); return err })
		write = func(p []byte) error { return c.Write(t.Context(), coder.MessageText, p) }
	default:
		return none
	}
	for range 20 {
		if read(time.Millisecond) == nil {
			t.Error("a message that nobody has sent")
		}
	}
	return is(write([]byte("late")) == nil && read(time.Minute) == nil)
}

// inContext calls f with a context that ends after a while.
func inContext(t *testing.T, f func(context.Context) error) func(wait time.Duration) error {
	return func(wait time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		return f(ctx)
	}
}
