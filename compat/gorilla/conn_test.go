package websocket

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// pipe returns both sides of a connection in memory whose handshake has come to agreed.
func pipe(t *testing.T, agreed ws.Agreement) (client, server *Conn, clientEnd, serverEnd *countingConn) {
	t.Helper()
	a, b := net.Pipe()
	clientEnd, serverEnd = &countingConn{Conn: a}, &countingConn{Conn: b}
	client, server = newConn(clientEnd, true, agreed, nil, sizes{}), newConn(serverEnd, false, agreed, nil, sizes{})
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	return client, server, clientEnd, serverEnd
}

// countingConn keeps what was written.
type countingConn struct {
	net.Conn
	written bytes.Buffer
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.written.Write(p)
	return c.Conn.Write(p)
}

// messagesOf reads messages until there is an error, and gives them to the channel.
func messagesOf(c *Conn) <-chan string {
	messages := make(chan string, 1000)
	go func() {
		defer close(messages)
		for {
			_, p, err := c.ReadMessage()
			if err != nil {
				return
			}
			messages <- string(p)
		}
	}()
	return messages
}

// mixed are the kinds of writes that a program may mix.
func mixed(t *testing.T, c *Conn, text string) []func() error {
	t.Helper()
	prepared, err := NewPreparedMessage(TextMessage, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return []func() error{
		func() error { return c.WriteMessage(TextMessage, []byte(text)) },
		func() error { return c.WritePreparedMessage(prepared) },
		func() error { return c.WriteJSON(text) },
		func() error { return c.WriteControl(PingMessage, []byte("p"), time.Now().Add(time.Minute)) },
	}
}

// TestConcurrentWrites mixes all kinds of writes by many goroutines: each message comes whole.
func TestConcurrentWrites(t *testing.T) {
	for name, agreed := range map[string]ws.Agreement{"plain": {}, "compressed": {Compression: takeover()}} {
		t.Run(name, func(t *testing.T) {
			client, server, _, _ := pipe(t, agreed)
			got := messagesOf(server)
			go messagesOf(client) // the pongs
			const writers, each = 4, 25
			var wg sync.WaitGroup
			for i := range writers {
				for _, write := range mixed(t, client, strings.Repeat(string(rune('a'+i)), 1000)) {
					wg.Go(func() {
						for range each {
							if err := write(); err != nil {
								t.Error(err)
							}
						}
					})
				}
			}
			wg.Wait()
			client.Close()
			n := 0
			for s := range got {
				n++
				if s = strings.Trim(s, "\"\n"); len(s) != 1000 || s != strings.Repeat(s[:1], 1000) {
					t.Fatalf("a message of %d bytes: %.20q...", len(s), s)
				}
			}
			if want := 3 * writers * each; n != want {
				t.Errorf("%d messages came, want %d", n, want)
			}
		})
	}
}

// takeover are the parameters that compression without wishes comes to.
func takeover() *compress.Params {
	return &compress.Params{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}
}

// TestMessageWaitsForWriter begins a message that is too long for its buffer: another one waits for its end, pings do not.
func TestMessageWaitsForWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server, _, _ := pipe(t, ws.Agreement{})
		got := messagesOf(server)
		go messagesOf(client)
		w, err := client.NextWriter(BinaryMessage)
		if err != nil {
			t.Fatal(err)
		}
		long := strings.Repeat("l", 3*minFragment)
		io.WriteString(w, long)
		written := make(chan error, 1)
		go func() { written <- client.WriteMessage(TextMessage, []byte("short")) }()
		if err := client.WriteControl(PingMessage, nil, time.Time{}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(written) > 0 {
			t.Error("WriteMessage did not wait for the writer")
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-written; err != nil {
			t.Error(err)
		}
		if first, second := <-got, <-got; first != long || second != "short" {
			t.Errorf("got messages of %d and %d bytes", len(first), len(second))
		}
		client.Close()
		server.Close()
	})
}

// TestMessagePassesShortWriter begins a message that is collected: another one need not wait.
func TestMessagePassesShortWriter(t *testing.T) {
	client, server, _, _ := pipe(t, ws.Agreement{})
	got := messagesOf(server)
	w, _ := client.NextWriter(TextMessage)
	io.WriteString(w, "begun")
	if err := client.WriteMessage(TextMessage, []byte("passes")); err != nil {
		t.Error(err)
	}
	w.Close()
	if first, second := <-got, <-got; first != "passes" || second != "begun" {
		t.Errorf("got %q and %q", first, second)
	}
}

// TestWaitForWriterEnds bounds the wait for a writer that is not closed. The connection goes on.
func TestWaitForWriterEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server, _, _ := pipe(t, ws.Agreement{})
		got := messagesOf(server)
		w, _ := client.NextWriter(BinaryMessage)
		w.Write(make([]byte, 2*minFragment))
		client.SetWriteDeadline(time.Now().Add(time.Second))
		if err := client.WriteMessage(TextMessage, nil); err != errWriteTimeout {
			t.Errorf("got %v", err)
		}
		client.SetWriteDeadline(time.Time{})
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := client.WriteMessage(TextMessage, []byte("on")); err != nil {
			t.Error(err)
		}
		if first, second := <-got, <-got; len(first) != 2*minFragment || second != "on" {
			t.Errorf("got messages of %d bytes, and %q", len(first), second)
		}
		client.Close()
		server.Close()
	})
}

// TestWriteBufferSize sends with NextWriter what just fits into the buffer that was asked for: it is one frame.
func TestWriteBufferSize(t *testing.T) {
	a, b := net.Pipe()
	wire := &countingConn{Conn: a}
	server := newConn(wire, false, ws.Agreement{}, nil, sizes{write: 50_000})
	client := newConn(b, true, ws.Agreement{}, nil, sizes{})
	defer server.Close()
	got := messagesOf(client)
	w, _ := server.NextWriter(BinaryMessage)
	w.Write([]byte{1})
	w.Write(make([]byte, 49_999))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if h, _, err := ws.ParseHeader(wire.written.Bytes()); err != nil || !h.Fin || h.Length != 50_000 {
		t.Errorf("the first header is %+v, %v", h, err)
	}
	if n := len(<-got); n != 50_000 {
		t.Errorf("%d bytes came", n)
	}
}

// TestWriterThatCannotGoOn writes what is not text behind a fragment: the peer must not take the next message for the rest.
func TestWriterThatCannotGoOn(t *testing.T) {
	client, server, _, _ := pipe(t, ws.Agreement{})
	failed := make(chan error, 1)
	go func() {
		_, _, err := server.ReadMessage()
		failed <- err
	}()
	go messagesOf(client)
	w, _ := client.NextWriter(TextMessage)
	w.Write(bytes.Repeat([]byte("a"), minFragment+1))
	w.Write([]byte{0xFF})
	if err := w.Close(); err == nil {
		t.Error("Close returned nil")
	}
	if err := client.WriteMessage(TextMessage, nil); err != ErrCloseSent {
		t.Errorf("WriteMessage returned %v", err)
	}
	if err := <-failed; !IsCloseError(err, CloseInternalServerErr) {
		t.Errorf("the peer got %v", err)
	}
}

// TestTakeover sends a message twice: the second one refers to the first.
func TestTakeover(t *testing.T) {
	for name, ends := range map[string]func(client, server *Conn, c, s *countingConn) (*Conn, *Conn, *countingConn){
		"client": func(client, server *Conn, c, _ *countingConn) (*Conn, *Conn, *countingConn) { return client, server, c },
		"server": func(client, server *Conn, _, s *countingConn) (*Conn, *Conn, *countingConn) { return server, client, s },
	} {
		t.Run(name, func(t *testing.T) {
			from, to, wire := ends(pipe(t, ws.Agreement{Compression: takeover()}))
			got := messagesOf(to)
			text := []byte("The quick brown fox jumps over the lazy dog, then packs my box with five dozen jugs of liquor.")
			size := func() int {
				before := wire.written.Len()
				if err := from.WriteMessage(TextMessage, text); err != nil {
					t.Fatal(err)
				}
				if s := <-got; s != string(text) {
					t.Fatalf("got %q", s)
				}
				return wire.written.Len() - before
			}
			if first, second := size(), size(); second > first/2 {
				t.Errorf("%d bytes, then %d", first, second)
			}
			// A new level begins with an empty window, which the peer does not notice.
			from.SetCompressionLevel(9)
			if third, fourth := size(), size(); fourth > third/2 {
				t.Errorf("%d bytes with a new level, then %d", third, fourth)
			}
		})
	}
}

// TestPreparedMessageIsShared protects that a prepared message is compressed for nobody in particular: the same frame goes to all
// whatever they were sent before, with context takeover or without, to one that has just been sent the very text, too; that what a
// connection with a window sends afterwards may refer to it; and that clients, which mask, send the same payload.
func TestPreparedMessageIsShared(t *testing.T) {
	const text = "The quick brown fox jumps over the lazy dog, then packs my box with five dozen jugs of liquor, liquor, liquor."
	pm, err := NewPreparedMessage(TextMessage, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, forgets := range []bool{false, true} {
		params := takeover()
		params.ServerNoContextTakeover, params.ClientNoContextTakeover = forgets, forgets
		first := ""
		for _, before := range []string{"", strings.Repeat("something else that came before it, ", 3), text} {
			for _, isClient := range []bool{false, true} {
				client, server, clientWire, serverWire := pipe(t, ws.Agreement{Compression: params})
				say := sayer(t, server, client, serverWire)
				if isClient {
					say = sayer(t, client, server, clientWire)
				}
				say(before, func(c *Conn) error { return c.WriteMessage(TextMessage, []byte(before)) })
				frame := say(text, func(c *Conn) error { return c.WritePreparedMessage(pm) })
				if first == "" {
					first = frame
				}
				switch {
				case len(first) >= len(text):
					t.Errorf("%d bytes became %d", len(text), len(first))
				case isClient && len(frame) != len(first)+4: // the masking key
					t.Errorf("a client sent %d bytes, a server %d", len(frame), len(first))
				case !isClient && frame != first:
					t.Errorf("behind %q: %x, and for the first %x", before, frame, first)
				}
				after := say(text, func(c *Conn) error { return c.WriteMessage(TextMessage, []byte(text)) })
				if refers := len(after) < len(frame)/2; refers != (before != "" && !forgets) {
					t.Errorf("without takeover: %v; %d bytes, and then %d for the same as a message of its own", forgets, len(frame), len(after))
				}
			}
		}
	}
}

// sayer returns a function that writes to a connection, waits for the message on the other side, and returns the bytes that it took.
func sayer(t *testing.T, from, to *Conn, wire *countingConn) func(want string, write func(*Conn) error) string {
	got := messagesOf(to)
	return func(want string, write func(*Conn) error) string {
		t.Helper()
		at := wire.written.Len()
		if err := write(from); err != nil {
			t.Fatal(err)
		}
		if s := <-got; s != want {
			t.Fatalf("got %q", s)
		}
		return wire.written.String()[at:]
	}
}

// TestPreparedMessageOtherwise protects that prepared messages which are not shared are what WriteMessage makes of them: a long one goes
// out in fragments, compressed, and a ping is one.
func TestPreparedMessageOtherwise(t *testing.T) {
	client, server, _, wire := pipe(t, ws.Agreement{Compression: takeover()})
	pings := make(chan string, 1)
	client.SetPingHandler(func(data string) error { pings <- data; return nil })
	got := messagesOf(client)
	write := func(messageType int, data string) {
		pm, err := NewPreparedMessage(messageType, []byte(data))
		if err == nil {
			err = server.WritePreparedMessage(pm)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Repeat("0123456789abcdef", maxFrame/16+1)
	write(TextMessage, text)
	if s := <-got; s != text {
		t.Errorf("got %d bytes, want %d", len(s), len(text))
	}
	// RFC 6455, Section 5.2, and RFC 7692, Section 6: FIN is not set, RSV1 is, and the opcode is that of text.
	if b := wire.written.Bytes()[0]; b != 0x41 {
		t.Errorf("the first frame begins with %#x", b)
	}
	write(PingMessage, "ping")
	if s := <-pings; s != "ping" {
		t.Errorf("the ping had %q", s)
	}
}

// TestTimeoutsAreToldForGood reads and writes with deadlines that are over.
func TestTimeoutsAreToldForGood(t *testing.T) {
	client, _, _, _ := pipe(t, ws.Agreement{})
	client.SetReadDeadline(time.Unix(1, 0))
	client.SetWriteDeadline(time.Unix(1, 0))
	_, _, readErr := client.ReadMessage()
	for _, err := range []error{readErr, client.WriteMessage(TextMessage, nil)} {
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
}

// TestLargeMessageIsReadInPlace reads a message in pieces larger than the connection's buffer.
func TestLargeMessageIsReadInPlace(t *testing.T) {
	client, server, _, _ := pipe(t, ws.Agreement{})
	data := bytes.Repeat([]byte("0123456789"), 30_000)
	go client.WriteMessage(BinaryMessage, data)
	_, r, err := server.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, len(data))
	reads := 0
	for n := 0; n < len(p); reads++ {
		k, err := r.Read(p[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += k
	}
	if !bytes.Equal(p, data) {
		t.Error("what was read is not what was written")
	}
	if reads > 3 {
		t.Errorf("%d reads", reads)
	}
	if n, err := r.Read(p); n != 0 || err != io.EOF {
		t.Errorf("behind the end: %d, %v", n, err)
	}
}
