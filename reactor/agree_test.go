package reactor

// This file holds the promise that a Conn does what a websocket.Conn does, where both have a method: dialogues that are held with
// each, and have to go the same way.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/errno"
)

// common is what the dialogues use.
type common interface {
	Write(ctx context.Context, op websocket.Opcode, p []byte) error
	WritePrepared(ctx context.Context, m *websocket.PreparedMessage) error
	Queue(op websocket.Opcode, p []byte) (first bool, err error)
	QueuePrepared(m *websocket.PreparedMessage) (first bool, err error)
	Send()
	SendPing(ctx context.Context, payload []byte) error
	SendPong(ctx context.Context, payload []byte) error
	Ping(ctx context.Context) (time.Duration, error)
	Close(code websocket.StatusCode, reason string) error
	CloseNow() error
	Context() context.Context
	Buffered() int
	Stats() websocket.Stats
	Subprotocol() string
	Compression() (websocket.CompressionParams, bool)
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
	SetValue(v any)
	Value() any
}

// TestSignatures protects that every method of Conn that a websocket.Conn has, too, has the same signature there.
func TestSignatures(t *testing.T) {
	ours, theirs := reflect.TypeFor[*Conn](), reflect.TypeFor[*websocket.Conn]()
	signature := func(m reflect.Method) string {
		_, signature, _ := strings.Cut(m.Type.String(), "Conn")
		return signature
	}
	same := 0
	for i := range ours.NumMethod() {
		m := ours.Method(i)
		if other, ok := theirs.MethodByName(m.Name); ok {
			same++
			if signature(m) != signature(other) {
				t.Errorf("%s is %s, and a websocket.Conn's %s", m.Name, m.Type, other.Type)
			}
		}
	}
	if want := reflect.TypeFor[common]().NumMethod(); same < want {
		t.Errorf("%d methods of both, want at least %d", same, want)
	}
}

// dialogue is a server's connection, which echoes, and its peer.
type dialogue struct {
	*peer
	conn common
	end  chan error // of the connection
	told []string   // what both have got
}

// tell notes something that has to be the same for all kinds of connections.
func (x *dialogue) tell(format string, args ...any) {
	x.told = append(x.told, fmt.Sprintf(format, args...))
}

// frames notes the next n frames that the peer gets.
func (x *dialogue) frames(n int) {
	x.t.Helper()
	for range n {
		op, p, err := readFrame(x.in)
		if err != nil {
			x.t.Fatal(err)
		}
		x.tell("frame %x %d %.20q", op, len(p), p)
	}
}

// streamEnds notes what the peer gets up to the end of the stream.
func (x *dialogue) streamEnds() {
	x.t.Helper()
	for {
		switch op, p, err := readFrame(x.in); {
		case err == nil:
			x.tell("frame %x %d %.20q", op, len(p), p)
		case errors.Is(err, io.EOF):
			x.tell("end of the stream")
			return
		default:
			x.t.Fatal(err)
		}
	}
}

// ended notes how the connection has ended, and what its methods say from then on.
func (x *dialogue) ended() {
	x.t.Helper()
	select {
	case err := <-x.end:
		x.tell("ended with %s", described(err))
	case <-time.After(settleTime):
		x.t.Fatal("the connection does not end")
	}
	ctx, m := context.Background(), prepared("x")
	_, queued := x.conn.Queue(websocket.OpText, nil)
	_, queuedPrepared := x.conn.QueuePrepared(m)
	_, pinged := x.conn.Ping(ctx)
	for i, err := range []error{
		x.conn.Write(ctx, websocket.OpText, nil), x.conn.WritePrepared(ctx, m), queued, queuedPrepared, x.conn.SendPing(ctx, nil),
		x.conn.SendPong(ctx, nil), pinged, x.conn.Close(1000, ""), x.conn.CloseNow(), context.Cause(x.conn.Context()),
	} {
		x.tell("after the end %d: %s", i, described(err))
	}
	x.tell("%d bytes wait, the context has ended: %v", x.conn.Buffered(), x.conn.Context().Err())
}

// described says what an application can tell of an error.
func described(err error) string {
	if err == nil {
		return "nil"
	}
	var b strings.Builder
	for _, target := range []error{
		net.ErrClosed, io.EOF, io.ErrUnexpectedEOF, os.ErrDeadlineExceeded, context.Canceled, errno.ConnReset, websocket.ErrBackpressure,
		websocket.ErrWriteFailed, websocket.ErrMessageTooBig,
	} {
		if errors.Is(err, target) {
			fmt.Fprintf(&b, "%v; ", target)
		}
	}
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		fmt.Fprintf(&b, "code %d %q, local %v; ", closed.Code, closed.Reason, closed.Local)
	}
	var violation *websocket.ProtocolError
	if errors.As(err, &violation) {
		fmt.Fprintf(&b, "violation %d %q", violation.Code, violation.Text)
	}
	if b.Len() == 0 {
		return err.Error()
	}
	return b.String()
}

// prepared returns prepared messages.
func prepared(texts ...string) *websocket.PreparedMessage {
	var messages []websocket.Message
	for _, text := range texts {
		messages = append(messages, websocket.Message{Op: websocket.OpText, Data: []byte(text)})
	}
	m, err := websocket.PrepareMessages(messages...)
	if err != nil {
		panic(err)
	}
	return m
}

// dialogues are all that are held.
var dialogues = map[string]func(x *dialogue){
	"writes": func(x *dialogue) {
		ctx := context.Background()
		x.tell("%v", x.conn.Write(ctx, websocket.OpText, []byte("Write")))
		x.tell("%v", x.conn.WritePrepared(ctx, prepared("prepared", "twice")))
		x.frames(3)
		first, err := x.conn.Queue(websocket.OpBinary, []byte("Queue"))
		x.tell("%v, %v", first, err)
		first, err = x.conn.QueuePrepared(prepared("queued", "twice"))
		x.tell("%v, %v, %d bytes", first, err, x.conn.Buffered())
		x.conn.Send()
		x.tell("%v", x.conn.SendPing(ctx, []byte("ping")))
		x.tell("%v", x.conn.SendPong(ctx, []byte("pong")))
		x.frames(5)
		x.tell("%v", x.conn.Write(ctx, websocket.OpBinary, make([]byte, 200_000)))
		x.frames(1)
		x.tell("%d bytes wait, %d messages out", x.conn.Buffered(), x.conn.Stats().MessagesOut)
	},
	"echoes": func(x *dialogue) {
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 200_000} {
			x.Write(x.message(websocket.OpBinary, strings.Repeat("x", n)))
			x.frames(1)
		}
		b, _ := x.AppendFragment(nil, websocket.OpText, []byte("first "), false)
		b, _ = x.AppendControl(b, websocket.OpPing, []byte("between"))
		b, _ = x.AppendFragment(b, websocket.OpText, []byte("last"), true)
		x.Write(b)
		x.frames(2)
		x.tell("%d out", x.conn.Stats().MessagesOut)
	},
	"wrong arguments": func(x *dialogue) {
		ctx, cancel := context.WithCancel(context.Background())
		bad := []byte("\xff")
		_, queued := x.conn.Queue(websocket.OpClose, nil)
		_, queuedText := x.conn.Queue(websocket.OpText, bad)
		errs := []error{
			x.conn.Write(ctx, websocket.OpPing, nil), x.conn.Write(ctx, websocket.OpText, bad),
			x.conn.Write(ctx, websocket.OpText, []byte(strings.Repeat("x", 100_000)+"\xff")), queued, queuedText,
			x.conn.SendPing(ctx, make([]byte, 126)), x.conn.SendPong(ctx, make([]byte, 126)),
			x.conn.Close(1005, "x"), x.conn.Close(1006, ""), x.conn.Close(999, ""), x.conn.Close(5000, "x"), x.conn.Close(1000, "\xff"),
		}
		cancel()
		_, pinged := x.conn.Ping(ctx)
		errs = append(errs, x.conn.Write(ctx, websocket.OpText, nil), x.conn.WritePrepared(ctx, prepared("x")), x.conn.SendPing(ctx, nil),
			x.conn.SendPong(ctx, nil), pinged)
		for _, err := range errs {
			x.tell("%v", err)
		}
		x.Write(x.message(websocket.OpText, "still open"))
		x.frames(1)
	},
	"values": func(x *dialogue) {
		x.tell("%v", x.conn.Value())
		x.conn.SetValue(7)
		_, compressed := x.conn.Compression()
		x.tell("%v %q %v", x.conn.Value(), x.conn.Subprotocol(), compressed)
		x.tell("%v %v %v", x.conn.LocalAddr().String() == x.TCPConn.RemoteAddr().String(),
			x.conn.RemoteAddr().String() == x.TCPConn.LocalAddr().String(), x.conn.Context().Err())
	},
	"ping": func(x *dialogue) {
		var err error
		done := make(chan struct{})
		go func() {
			_, err = x.conn.Ping(context.Background())
			close(done)
		}()
		op, p, _ := readFrame(x.in)
		x.tell("frame %x of %d bytes", op, len(p))
		b, _ := x.AppendControl(nil, websocket.OpPong, []byte("unasked"))
		b, _ = x.AppendControl(b, websocket.OpPong, p)
		x.Write(b)
		<-done
		x.tell("%v, RTT measured: %v", err, x.conn.Stats().RTT > 0)
	},
	"ping and the end": func(x *dialogue) {
		done := make(chan error)
		go func() {
			_, err := x.conn.Ping(context.Background())
			done <- err
		}()
		op, _, _ := readFrame(x.in)
		x.tell("frame %x", op)
		x.Write(x.closeFrame(1000, "bye"))
		x.tell("%s", described(<-done))
		x.streamEnds()
		x.ended()
	},
	"ping given up": func(x *dialogue) {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() {
			_, err := x.conn.Ping(ctx)
			done <- err
		}()
		readFrame(x.in)
		cancel()
		x.tell("%s", described(<-done))
		x.Write(x.message(websocket.OpText, "still open"))
		x.frames(1)
	},
	"Close": func(x *dialogue) {
		done := make(chan error)
		go func() { done <- x.conn.Close(4000, "why") }()
		x.frames(1)
		x.tell("%s", described(x.conn.Write(context.Background(), websocket.OpText, nil)))
		x.Write(x.message(websocket.OpText, "is discarded"))
		x.Write(x.closeFrame(4000, ""))
		x.tell("%v", <-done)
		x.streamEnds()
		x.ended()
	},
	"Close with a long reason": func(x *dialogue) {
		done := make(chan error)
		go func() { done <- x.conn.Close(1000, strings.Repeat("é", 100)) }()
		op, p, _ := readFrame(x.in)
		x.tell("frame %x %q", op, p)
		x.Write(x.closeFrame(1000, ""))
		x.tell("%v", <-done)
		x.ended()
	},
	"Close and no answer": func(x *dialogue) {
		done := make(chan error)
		go func() { done <- x.conn.Close(1001, "") }()
		x.frames(1)
		x.CloseWrite()
		<-done
		x.ended()
	},
	"CloseNow": func(x *dialogue) {
		x.tell("%v", x.conn.Write(context.Background(), websocket.OpText, []byte("leaves")))
		x.tell("%v", x.conn.CloseNow())
		x.streamEnds()
		x.ended()
	},
	"peer closes":              func(x *dialogue) { x.closes(1000, "bye") },
	"peer closes with a code":  func(x *dialogue) { x.closes(4321, "why") },
	"peer closes without code": func(x *dialogue) { x.closes(websocket.StatusNoStatusReceived, "") },
	"peer ends its stream": func(x *dialogue) {
		x.Write(x.message(websocket.OpText, "last"))
		x.CloseWrite()
		x.streamEnds()
		x.ended()
	},
	"peer resets": func(x *dialogue) {
		x.SetLinger(0)
		x.Close()
		x.ended()
	},
	"violation": func(x *dialogue) {
		io.WriteString(x, "\x83\x80\x00\x00\x00\x00")
		x.streamEnds()
		x.ended()
	},
	"message too big": func(x *dialogue) {
		x.Write(x.message(websocket.OpText, "before"))
		x.Write(x.message(websocket.OpBinary, strings.Repeat("x", 1<<20+1)))
		x.frames(2)
		x.ended()
	},
}

// closeFrame returns a close frame.
func (x *dialogue) closeFrame(code websocket.StatusCode, reason string) []byte {
	b, _ := x.AppendClose(nil, code, reason)
	return b
}

// closes has the peer begin the closing handshake.
func (x *dialogue) closes(code websocket.StatusCode, reason string) {
	x.Write(append(x.message(websocket.OpText, "last"), x.closeFrame(code, reason)...))
	x.streamEnds()
	x.ended()
}

// agreeing are the options of both.
var agreeing = websocket.Options{ReadLimit: 1 << 20, WriteBuffer: 1 << 20}

// converse holds a dialogue with a Conn, over what wrap makes of the listener.
func converse(t *testing.T, talk func(*dialogue), wrap wrapper) []string {
	conns, end := make(chan *Conn, 1), make(chan error, 1)
	s := &Server{Upgrader: &websocket.Upgrader{Options: agreeing}, Handler: &funcs{
		open: func(c *Conn) { conns <- c }, message: echo,
		close: func(_ *Conn, err *websocket.CloseError) { end <- err },
	}}
	p := meet(t, start(t, s, wrap))
	x := &dialogue{peer: p, conn: <-conns, end: end}
	talk(x)
	p.Close()
	return x.told
}

// converseAsRoot holds a dialogue with a websocket.Conn.
func converseAsRoot(t *testing.T, talk func(*dialogue)) []string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	conns, end := make(chan *websocket.Conn, 1), make(chan error, 1)
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		u := &websocket.Upgrader{Options: agreeing}
		c, err := u.UpgradeConn(context.Background(), nc, nil)
		if err != nil {
			return
		}
		conns <- c
		for m, err := range c.Messages(context.Background()) {
			if err != nil {
				end <- err
				return
			}
			c.Write(context.Background(), m.Op, m.Data)
		}
	}()
	p := meet(t, ln.Addr().String())
	c := <-conns
	defer c.CloseNow()
	x := &dialogue{peer: p, conn: c, end: end}
	talk(x)
	p.Close()
	return x.told
}

// TestAgrees protects that a Conn does what a websocket.Conn does, for the application and on the wire.
func TestAgrees(t *testing.T) {
	for name, talk := range dialogues {
		t.Run(name, func(t *testing.T) {
			want := converseAsRoot(t, talk)
			if len(want) == 0 {
				t.Fatal("nothing was said")
			}
			onDrivers(t, func(t *testing.T, wrap wrapper) {
				if got := converse(t, talk, wrap); !slices.Equal(got, want) {
					t.Errorf("a websocket.Conn says\n%s\nand this\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
				}
			})
		})
	}
}
