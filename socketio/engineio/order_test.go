package engineio

// This file tests that each message comes once and in order, whatever else happens: an upgrade amid messages, many senders, ends.

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// TestOrderAcrossUpgrade has server and client send numbers while the client upgrades as it should: it pauses its requests first.
func TestOrderAcrossUpgrade(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		o := testOptions()
		o.PingInterval = time.Hour
		inWorld(t, o, func(w *world) {
			const total = 60
			var up []string
			w.message = func(_ *Session, _ websocket.Opcode, data []byte) { up = append(up, string(data)) }
			q := w.polling()
			s, done, pause := w.session(), make(chan struct{}), time.Duration(1+random.IntN(5))*time.Millisecond
			go func() {
				defer close(done)
				for i := range total {
					s.Send(websocket.OpText, []byte(strconv.Itoa(i)))
					time.Sleep(pause)
				}
			}()
			c := &numbers{t: t}
			sent := 0
			send := func() string { sent++; return "4" + strconv.Itoa(sent-1) }
			for range random.IntN(5) {
				c.payload(w.do("GET", q, "").body)
				w.do("POST", q, send())
			}
			polled := make(chan string, 1)
			go func() { polled <- w.do("GET", q, "").body }()
			time.Sleep(time.Duration(random.IntN(8)) * time.Millisecond)
			p := w.probe(q)
			c.payload(<-polled)
			p.send("5")
			for c.next < total {
				p.send(send())
				c.payload(p.read())
			}
			<-done
			p.CloseNow()
			synctest.Wait()
			for i, one := range up {
				if one != strconv.Itoa(i) {
					t.Errorf("message %d is %s", i, one)
				}
			}
			if len(up) != sent {
				t.Errorf("%d of %d messages came", len(up), sent)
			}
		})
	}
}

// numbers checks that numbers come one after another.
type numbers struct {
	t    *testing.T
	next int
}

func (c *numbers) payload(text string) {
	for one := range strings.SplitSeq(text, "\x1e") {
		if one == "6" {
			continue
		}
		if one != "4"+strconv.Itoa(c.next) {
			c.t.Errorf("got %q, want %d", one, c.next)
		}
		c.next++
	}
}

// TestAttachmentsStayTogether protects that nothing comes between the messages of a row, however many send at once.
func TestAttachmentsStayTogether(t *testing.T) {
	for _, transport := range []Transport{Polling, WebSocket} {
		inWorld(t, nil, func(w *world) {
			var q string
			var p *peer
			if transport == Polling {
				q = w.polling()
			} else {
				p, _ = w.websocket()
			}
			s := w.session()
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					n := strconv.Itoa(i)
					row, _ := Prepare(websocket.Message{Op: websocket.OpText, Data: []byte("row" + n)}, websocket.Message{Op: websocket.OpText, Data: []byte("of" + n)})
					for range 20 {
						s.SendPrepared(row)
						s.Send(websocket.OpText, []byte("one"))
					}
				})
			}
			wg.Wait()
			var got []string
			for len(got) < 8*20*3 {
				if transport == Polling {
					got = append(got, strings.Split(w.do("GET", q, "").body, "\x1e")...)
				} else {
					got = append(got, p.read())
				}
			}
			for i, one := range got {
				if n, ok := strings.CutPrefix(one, "4row"); ok && got[i+1] != "4of"+n {
					t.Errorf("%s: %q behind %q", transport, got[i+1], one)
				}
			}
			if p != nil {
				p.CloseNow()
			}
		})
	}
}

// TestFirstMessageWithHandshake protects that what comes in one segment with the opening handshake is not lost, on either way in.
func TestFirstMessageWithHandshake(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		frame := websocket.AppendHeader(nil, websocket.Header{Fin: true, Opcode: websocket.OpText, Masked: true, Length: 3})
		frame = append(frame, "440"...) // the key is zero
		request := "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" + string(frame)
		for _, bare := range []bool{false, true} {
			for range 50 {
				var nc net.Conn
				if bare {
					client, server := wstest.NetPipe()
					go w.srv.ServeConn(context.Background(), server)
					nc = client
				} else {
					nc, _ = w.l.dial(context.Background(), "", "")
				}
				fmt.Fprint(nc, request)
				r := bufio.NewReader(nc)
				for line := "x"; strings.TrimSpace(line) != ""; {
					line, _ = r.ReadString('\n')
				}
				w.expect(t, "open", "text 40")
				nc.Close()
				w.expect(t, "close: transport close")
			}
		}
	})
}

// TestEndsRace lets everything end a session at the same time: Open and Close are called once each, and Close is the last.
func TestEndsRace(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 2))
		inWorld(t, nil, func(w *world) {
			w.message = func(s *Session, _ websocket.Opcode, data []byte) { s.Send(websocket.OpText, data) }
			p, _ := w.websocket()
			s := w.session()
			acts := []func(){
				func() { s.Close() }, func() { p.CloseNow() }, func() { p.Write(context.Background(), websocket.OpText, []byte("1")) },
				func() { p.Write(context.Background(), websocket.OpText, []byte("x")) }, func() { s.Send(websocket.OpText, make([]byte, 1000)) },
				func() { p.Close(websocket.StatusNormalClosure, "") }, func() { s.Hold()() }, func() { <-s.Context().Done() },
			}
			random.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
			var wg sync.WaitGroup
			for _, act := range acts {
				wg.Go(act)
			}
			wg.Wait()
			synctest.Wait()
			p.CloseNow()
			w.notes.mu.Lock()
			defer w.notes.mu.Unlock()
			if n := w.notes.all; len(n) != 2 || !strings.HasPrefix(n[1], "close: ") {
				t.Errorf("%q", n)
			}
		})
	}
}
