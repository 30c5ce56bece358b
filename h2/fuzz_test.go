package h2

// This file lets a fuzzer say what a peer sends.

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// outcome is what a connection makes of some bytes: how it ended, and which frames it sent that the order of goroutines has no part in.
type outcome struct {
	err     ErrorCode
	acks    int
	pongs   int
	goAways int
}

// playBytes sends bytes to Serve, step at a time, and checks what comes back by the rules for a peer's frames. Before each step everybody else has
// done what is to be done: otherwise it would be chance whether a stream has ended when the next frame for it comes.
func playBytes(t *testing.T, b []byte, step int) (o outcome) {
	inBubble(t, func(t *testing.T) {
		u := &websocket.Upgrader{}
		p := raw(t, u, func(c *websocket.Conn, r *http.Request) { c.Read(r.Context()) })
		var reading sync.WaitGroup
		reading.Go(func() {
			for {
				f, err := p.next()
				if err != nil {
					return
				}
				switch {
				case f.kind == framePing && f.has(flagAck):
					o.pongs++
				case f.kind == frameSettings && f.has(flagAck):
					o.acks++
				case f.kind == frameGoAway:
					o.goAways++
				}
			}
		})
		for len(b) > 0 {
			n := min(step, len(b))
			synctest.Wait()
			p.send(b[:n])
			b = b[n:]
		}
		synctest.Wait()
		p.nc.(*netpipe.Conn).CloseWrite()
		err := <-p.served
		var known *ConnectionError
		if errors.As(err, &known) {
			o.err = known.Code
		} else if err != nil {
			t.Errorf("an error of another kind: %v", err)
		}
		reading.Wait()
		p.nc.Close()
		synctest.Wait()
		if u.Len() != 0 {
			t.Error("a connection is left")
		}
	})
	return o
}

// FuzzServe checks that Serve ends with a known error whatever a client sends, leaves nothing, sends nothing but right frames, and makes the same of
// bytes that come one at a time as of those that come by seven, of which no two frames are.
func FuzzServe(f *testing.F) {
	p := newPeer(nil, nil)
	f.Add(script(p))
	opening := append([]byte(preface), appendSettings(nil, 0)...)
	opening = append(opening, appendBlock(nil, 1, 0, newPeer(nil, nil).encode(connect...))...)
	for _, b := range [][]byte{
		data(1, flagPadded, "\x03"+clientText("hi")+"xyz"), appendReset(nil, 1, Cancel), appendGoAway(nil, 1, NoError), appendWindowUpdate(nil, 0, 1),
		appendSettings(nil, 0, pair{settingInitialWindow, 0}, pair{settingHeaderTableSize, 1 << 31}), headersFrame(3, 0, []byte{0x82}),
		other(framePushPromise, 0, 1, "\x00\x00\x00\x02"), other(0xFA, 0, 0, ""),
	} {
		f.Add(append(append([]byte(nil), opening...), b...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4<<10 {
			return
		}
		playBytes(t, b, len(b))
		if one, seven := playBytes(t, b, 1), playBytes(t, b, 7); one != seven {
			t.Errorf("byte by byte %+v, and by seven %+v", one, seven)
		}
	})
}

// FuzzClient checks the same of what a server sends to a Client.
func FuzzClient(f *testing.F) {
	p := newPeer(nil, nil)
	head := append(appendSettings(nil, 0, pair{settingConnectProtocol, 1}), appendBlock(nil, 1, 0, p.encode(":status", "200"))...)
	f.Add(append(head[:len(head):len(head)], data(1, 0, serverText("hi"))...))
	f.Add(append(head[:len(head):len(head)], appendGoAway(nil, 0, NoError)...))
	f.Add(append(head[:len(head):len(head)], appendReset(nil, 1, RefusedStream)...))
	f.Add(appendSettings(nil, 0))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		inBubble(t, func(t *testing.T) {
			c := &Client{}
			p := dialled(t, c)
			go func() {
				p.send(b)
				p.nc.(*netpipe.Conn).CloseWrite()
			}()
			go func() {
				for {
					if _, err := p.next(); err != nil {
						io.Copy(io.Discard, p.nc)
						return
					}
				}
			}()
			if err := <-p.served; err == nil {
				for _, err := range p.conn.Messages(t.Context()) {
					if err != nil {
						break
					}
				}
			}
			p.nc.Close()
		})
	})
}
