package h2

// This file tests what bounds the work that a hostile peer causes: allowance, which is asked of every kind of frame that carries nothing. The names
// are those of the attacks that had them first.

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// floods are frames that carry nothing, each sent again and again on a connection with stream 1 open. What a server alone can be sent says so.
var floods = map[string]struct {
	serverOnly bool
	frames     func(p *peer, i uint32) []byte
}{
	"CVE-2019-9512 PING":                 {false, func(*peer, uint32) []byte { return appendPing(nil, 0, [8]byte{}) }},
	"PING ACK":                           {false, func(*peer, uint32) []byte { return appendPing(nil, flagAck, [8]byte{}) }},
	"CVE-2019-9515 SETTINGS":             {false, func(*peer, uint32) []byte { return appendSettings(nil, 0) }},
	"SETTINGS ACK":                       {false, func(*peer, uint32) []byte { return appendSettings(nil, flagAck) }},
	"CVE-2019-9513 PRIORITY":             {false, func(*peer, uint32) []byte { return other(framePriority, 0, 1, "12345") }},
	"CVE-2019-9518 empty DATA":           {false, func(*peer, uint32) []byte { return data(1, 0, "") }},
	"CVE-2019-9511 WINDOW_UPDATE by one": {false, func(*peer, uint32) []byte { return appendWindowUpdate(nil, 1, 1) }},
	"WINDOW_UPDATE of the connection":    {false, func(*peer, uint32) []byte { return appendWindowUpdate(nil, 0, 1) }},
	"GOAWAY":                             {false, func(*peer, uint32) []byte { return appendGoAway(nil, 1, NoError) }},
	"unknown type":                       {false, func(*peer, uint32) []byte { return other(0xFA, 0, 1, "x") }},
	"CVE-2023-44487 rapid reset": {true, func(p *peer, i uint32) []byte {
		return append(appendBlock(nil, 2*i+3, 0, p.encode(connect...)), appendReset(nil, 2*i+3, Cancel)...)
	}},
	"CVE-2019-9514 malformed requests":     {true, func(p *peer, i uint32) []byte { return appendBlock(nil, 2*i+3, 0, p.encode("Upper", "x")) }},
	"requests beyond the bound on streams": {true, func(p *peer, i uint32) []byte { return appendBlock(nil, 2*i+3, 0, p.encode(connect...)) }},
	"HEADERS of a stream that was reset": {true, func(p *peer, i uint32) []byte {
		if i == 0 {
			return appendReset(nil, 1, Cancel)
		}
		return appendBlock(nil, 1, flagEndStream, nil)
	}},
	"CVE-2024-27316, CVE-2023-45288 CONTINUATION": {false, func(_ *peer, i uint32) []byte {
		if i == 0 {
			return headersFrame(1, 0, nil)
		}
		return other(frameContinuation, 0, 1, "")
	}},
}

// TestFloods protects from each of them: the connection ends with ENHANCE_YOUR_CALM, soon, and its function with it.
func TestFloods(t *testing.T) {
	for name, flood := range floods {
		for _, server := range []bool{true, false} {
			if flood.serverOnly && !server {
				continue
			}
			t.Run(name, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					p := opened(t, server)
					go func() {
						for i := range uint32(4 * allowanceMost) {
							p.send(flood.frames(p, i))
						}
					}()
					p.wantGoAway(EnhanceYourCalm)
					io.Copy(io.Discard, p.nc)
					if err := p.end(); codeOf(err) != EnhanceYourCalm {
						t.Error(err)
					}
					p.nc.Close()
				})
			})
		}
	}
}

// TestFloodOfFair protects a peer from being taken for hostile that does the same, slowly, or with data.
func TestFloodOfFair(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := newClientPeer(t, &websocket.Upgrader{}, echo)
		p.open(1)
		for range 3 * allowanceMost {
			p.answered()
			time.Sleep(allowanceEvery)
		}
		for range 3 * allowanceMost {
			p.send(data(1, 0, clientText("x")), appendWindowUpdate(nil, 1, 3), appendWindowUpdate(nil, 0, 3))
			p.want(frameData, 0, 1)
		}
		for range 3 * allowanceMost {
			p.send(appendWindowUpdate(nil, 0, smallUpdate))
		}
		p.answered()
		p.nc.Close()
		<-p.served
	})
}

// TestFloodOfDeaf protects from a client that reads nothing and pays for what it asks with data (CVE-2019-9517): its answers are not kept.
func TestFloodOfDeaf(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := newClientPeer(t, &websocket.Upgrader{}, func(c *websocket.Conn, r *http.Request) {
			for c.Write(r.Context(), websocket.OpBinary, make([]byte, 16<<10)) == nil {
			}
		}, pair{settingInitialWindow, maxStreamID})
		p.send(appendWindowUpdate(nil, 0, 1<<30))
		p.open(1)
		pass(0) // until nothing more leaves
		p.send(data(1, 0, "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"))
		go func() {
			for range 2 * mostAnswers {
				p.send(data(1, 0, "x"), appendPing(nil, 0, [8]byte{}), appendPing(nil, 0, [8]byte{}))
			}
		}()
		if err := <-p.served; codeOf(err) != EnhanceYourCalm {
			t.Error(err)
		}
		p.nc.Close()
	})
}

// TestRapidReset protects from a client that has reset its streams and whose functions still run: not more than twice as many as it may have open
// (CVE-2023-44487, and CVE-2025-8671, where it is the server that is made to reset).
func TestRapidReset(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var running atomic.Int32
		done := make(chan struct{})
		p := newClientPeer(t, &websocket.Upgrader{}, func(*websocket.Conn, *http.Request) {
			running.Add(1)
			<-done
		})
		go io.Copy(io.Discard, p.nc)
		for i := range uint32(3 * maxStreams) {
			p.send(appendBlock(nil, 2*i+1, 0, p.encode(connect...)))
			pass(0) // so that the function runs
			p.send(appendReset(nil, 2*i+1, Cancel))
			pass(allowanceEvery)
		}
		if n := running.Load(); n != 2*maxStreams {
			t.Errorf("%d functions run", n)
		}
		close(done)
		p.nc.Close()
		<-p.served
	})
}
