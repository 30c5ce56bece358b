//go:build linux

package main

// This file is the soak: clients that come and go in every way there is, on both transports.

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// waves is how often a soak pauses until everything must be gone.
const waves = 3

// soakInterval is that of pings, and the other times of the server: those who vanish are to be missed soon, and those who
// are only late, because the machine is busy, are not.
const soakInterval = 3 * time.Second

// Whatever clients do, they leave nothing behind: no session, socket or room, no goroutine, no descriptor, no memory.
func TestSoak(t *testing.T) {
	lives := slices.Concat(socketLives, pollingLives)
	t.Run("ServeHTTP", func(t *testing.T) { t.Parallel(); soakWith(t, roleHTTP, lives) })
	t.Run("ServeConn", func(t *testing.T) { t.Parallel(); soakWith(t, roleConn, socketLives) })
}

// soakWith lets clients live one of lives each.
func soakWith(t *testing.T, role string, lives []life) {
	m := startServer(t, role, soakInterval.String())
	fresh, err := m.settle()
	if err != nil {
		t.Fatal(err)
	}
	var heaps []uint64
	var lived atomic.Int64
	for range waves {
		wave(t, m.port, lives, *soak/waves, &lived)
		heaps = append(heaps, empty(t, m, fresh))
	}
	t.Logf("%d clients; heap after each wave: %d", lived.Load(), heaps)
	// What the server has left for the next polls of sessions that it closed stays for half a minute.
	most, deadline := heaps[0]+256<<10, time.Now().Add(time.Minute)
	for heap := heaps[waves-1]; heap > most; heap = empty(t, m, fresh) {
		if time.Now().After(deadline) {
			t.Fatalf("the heap grows: %d, and is %d a minute later", heaps, heap)
		}
		<-time.After(time.Second)
	}
}

// wave lets many clients live at once, one after another, until the time is over and each life was lived. Some are silent
// meanwhile, until they are missed.
func wave(t *testing.T, port int, lives []life, d time.Duration, lived *atomic.Int64) {
	var all sync.WaitGroup
	end := time.Now().Add(d)
	for worker := range 16 {
		all.Go(func() {
			if err := live(port, silence); err != nil {
				t.Errorf("%s: %v", silence.name, err)
			}
		})
		all.Go(func() {
			for i := 0; i < len(lives) || time.Now().Before(end); i++ {
				l := lives[(i+worker)%len(lives)]
				if err := live(port, l); err != nil {
					t.Errorf("%s: %v", l.name, err)
					return
				}
				lived.Add(1)
			}
		})
	}
	all.Wait()
}

// life is what a client does after it has connected, up to its last word. It ends with a reset if it is abrupt.
type life struct {
	name   string
	abrupt bool
	live   func(p *peer) error
}

var socketLives = []life{
	{"no word", false, func(p *peer) error { return nil }},
	{"half a request", true, func(p *peer) error { return p.write(socketHead[:100]) }},
	{"a session, no namespace", false, func(p *peer) error { return p.upgrade("") }},
	{"an echo, then the end of the stream", false, func(p *peer) error { return p.chat() }},
	{"an echo, then a reset", true, func(p *peer) error { return p.chat() }},
	{"a close frame", false, func(p *peer) error { return errors.Join(p.chat(), p.write("\x88\x80\x00\x00\x00\x00"), p.drain()) }},
	{"a close packet", false, func(p *peer) error { return errors.Join(p.chat(), p.say("1"), p.drain()) }},
	{"DISCONNECT", false, func(p *peer) error { return errors.Join(p.chat(), p.say("41")) }},
	{"DISCONNECT and CONNECT", true, func(p *peer) error { return errors.Join(p.chat(), p.say("41"), p.say("40"), p.hear("40{")) }},
	{"a broadcast", true, func(p *peer) error { return errors.Join(p.chat(), p.say(`42["shout",2]`), p.hear(`42["news",`)) }},
	{"no packet", false, func(p *peer) error { return errors.Join(p.chat(), p.say("9"), p.drain()) }},
	{"half a frame", true, func(p *peer) error { return errors.Join(p.chat(), p.write("\x81\xfe")) }},
	{"an attachment too few", true, func(p *peer) error { return errors.Join(p.chat(), p.say(`451-["echo",{"_placeholder":true,"num":0}]`)) }},
}

var silence = life{"silence", false, func(p *peer) error { return errors.Join(p.chat(), p.drain()) }}

var pollingLives = []life{
	{"a session by polling, no namespace", false, func(p *peer) error { return p.handshake() }},
	{"an echo by polling, then nothing", false, func(p *peer) error { return p.chatPolling() }},
	{"an echo by polling, then a close packet", false, func(p *peer) error { return errors.Join(p.chatPolling(), p.post("1")) }},
	{"a poll that is given up", true, func(p *peer) error { return errors.Join(p.chatPolling(), p.write(p.get())) }},
	{"a body that is given up", true, func(p *peer) error {
		return errors.Join(p.chatPolling(), p.write("POST "+pollTarget+"&sid="+p.sid+pollHead+"Content-Length: 100\r\n\r\n42[\"ec"))
	}},
	{"an upgrade", false, func(p *peer) error { return p.upgraded("5") }},
	{"an upgrade, then a reset", true, func(p *peer) error { return p.upgraded("5") }},
	{"an upgrade that is given up", true, func(p *peer) error { return p.upgraded("") }},
}

// peer is a client, which is of one mind: it does one thing after another.
type peer struct {
	port int
	nc   net.Conn
	in   *bufio.Reader
	sid  string // on polling
}

// live connects a client and lets it live.
func live(port int, l life) error {
	p := &peer{port: port}
	if err := p.connect(); err != nil {
		return err
	}
	err := l.live(p)
	if l.abrupt {
		err = errors.Join(err, p.nc.(*net.TCPConn).SetLinger(0))
	}
	return errors.Join(err, p.nc.Close())
}

func (p *peer) connect() error {
	nc, err := net.Dial("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)))
	if err != nil {
		return err
	}
	p.nc, p.in = nc, bufio.NewReader(nc)
	return nc.SetDeadline(time.Now().Add(patience))
}

func (p *peer) write(s string) error {
	_, err := io.WriteString(p.nc, s)
	return err
}

// say sends a packet over WebSocket.
func (p *peer) say(packet string) error {
	_, err := p.nc.Write(appendFrame(nil, packet))
	return err
}

// frame reads a frame.
func (p *peer) frame() (string, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(p.in, head); err != nil {
		return "", err
	}
	if head[0] != 0x81 || head[1] > 125 {
		return "", fmt.Errorf("not a small text frame: % x", head)
	}
	payload := make([]byte, head[1])
	_, err := io.ReadFull(p.in, payload)
	return string(payload), err
}

// hear reads until a packet begins with prefix. Pings and broadcasts may stand before it.
func (p *peer) hear(prefix string) error {
	for {
		packet, err := p.frame()
		if err != nil {
			return fmt.Errorf("waiting for %q: %w", prefix, err)
		}
		switch {
		case strings.HasPrefix(packet, prefix):
			return nil
		case packet == "2":
			if err := p.say("3"); err != nil {
				return err
			}
		case !strings.HasPrefix(packet, `42["news",`):
			return fmt.Errorf("%q instead of %q", packet, prefix)
		}
	}
}

// drain reads until the server says that it closes, or ends the connection, and answers nothing.
func (p *peer) drain() error {
	for {
		head := make([]byte, 2)
		_, err := io.ReadFull(p.in, head)
		if errors.Is(err, io.EOF) || err == nil && head[0] == 0x88 {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := p.in.Discard(int(head[1])); err != nil {
			return err
		}
	}
}

// upgrade opens a session over WebSocket, or another transport for the one with this sid.
func (p *peer) upgrade(sid string) error {
	head := socketHead
	if sid != "" {
		head = strings.Replace(head, "transport=websocket", "transport=websocket&sid="+sid, 1)
	}
	if err := p.write(head); err != nil {
		return err
	}
	r, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return err
	}
	if r.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("refused: %s", r.Status)
	}
	if sid != "" {
		return nil
	}
	return p.hear(`0{"sid":`)
}

// chat joins, and has something echoed, in a room.
func (p *peer) chat() error {
	if err := p.upgrade(""); err != nil {
		return err
	}
	return errors.Join(p.say("40"), p.hear("40{"), p.say(`42["join","kitchen"]`), p.say(`427["echo","x"]`), p.hear(`437["x"]`))
}

// handshake opens a session by polling.
func (p *peer) handshake() error {
	body, err := p.roundTrip("GET " + pollTarget + pollHead + "\r\n")
	if err != nil {
		return err
	}
	_, sid, _ := strings.Cut(body, `"sid":"`)
	p.sid, _, _ = strings.Cut(sid, `"`)
	return nil
}

// roundTrip sends a request and returns the body of its response.
func (p *peer) roundTrip(request string) (string, error) {
	if err := p.write(request); err != nil {
		return "", err
	}
	r, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return "", err
	}
	text := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" { // many broadcasts at once; the request has a browser's header
		if text, err = gzip.NewReader(text); err != nil {
			return "", err
		}
	}
	body, err := io.ReadAll(text)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %q", r.Status, body)
	}
	return string(body), err
}

// TestPeerUnzips protects that a client of the soak understands a poll for which so much has waited that it is compressed, as on a busy machine.
func TestPeerUnzips(t *testing.T) {
	var body strings.Builder
	z := gzip.NewWriter(&body)
	io.WriteString(z, `42["news","x"]`+"\x1e"+`437["x"]`)
	z.Close()
	near, far := net.Pipe()
	go func() {
		http.ReadRequest(bufio.NewReader(far))
		fmt.Fprintf(far, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", body.Len(), body.String())
		far.Close()
	}()
	p := &peer{nc: near, in: bufio.NewReader(near)}
	if err := p.poll(`437["x"]`); err != nil {
		t.Error(err)
	}
}

// get is a poll.
func (p *peer) get() string { return "GET " + pollTarget + "&sid=" + p.sid + pollHead + "\r\n" }

// post sends packets by polling.
func (p *peer) post(body string) error {
	answer, err := p.roundTrip(fmt.Sprintf("POST %s&sid=%s%sContent-Length: %d\r\n\r\n%s", pollTarget, p.sid, pollHead, len(body), body))
	if err == nil && answer != "ok" {
		err = fmt.Errorf("answer %q", answer)
	}
	return err
}

// poll polls until a packet begins with prefix.
func (p *peer) poll(prefix string) error {
	for {
		body, err := p.roundTrip(p.get())
		if err != nil {
			return fmt.Errorf("waiting for %q: %w", prefix, err)
		}
		for packet := range strings.SplitSeq(body, "\x1e") {
			if strings.HasPrefix(packet, prefix) {
				return nil
			}
			if packet == "2" {
				err = p.post("3")
			} else if !strings.HasPrefix(packet, `42["news",`) {
				err = fmt.Errorf("%q instead of %q", packet, prefix)
			}
			if err != nil {
				return err
			}
		}
	}
}

// chatPolling is chat by polling.
func (p *peer) chatPolling() error {
	if err := p.handshake(); err != nil {
		return err
	}
	return errors.Join(p.post("40"), p.poll("40{"), p.post("42[\"join\",\"kitchen\"]\x1e427[\"echo\",\"x\"]"), p.poll(`437["x"]`))
}

// upgraded chats by polling, opens a second transport, probes it, and says last. With "5" it has something echoed there.
func (p *peer) upgraded(last string) error {
	if err := p.chatPolling(); err != nil {
		return err
	}
	second := &peer{port: p.port}
	if err := second.connect(); err != nil {
		return err
	}
	err := errors.Join(second.upgrade(p.sid), second.say("2probe"), second.hear("3probe"))
	if err == nil && last != "" {
		err = errors.Join(second.say(last), second.say(`428["echo","y"]`), second.hear(`438["y"]`))
	}
	return errors.Join(err, second.nc.Close())
}
