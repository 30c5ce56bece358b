//go:build !race

package h2

// This file asserts what memory connections and streams take. The race detector takes memory of its own.

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// TestHeldMemory protects memory from what peers keep back, or merely declare: a connection with a block that does not end, and one whose client
// reads nothing (CVE-2019-9517) while it asks for answers, hold no more than bounds say.
func TestHeldMemory(t *testing.T) {
	const n = 40
	bomb := func(p *peer) []byte { // "HPACK bomb": one large field in the table, then many times its index
		return append(p.encode("bomb", strings.Repeat("x", 4000)), bytes.Repeat([]byte{0xBE}, 20_000)...)
	}
	for name, test := range map[string]struct {
		send func(p *peer)
		most int // bytes a connection
	}{
		"declared":                           {func(p *peer) { p.send(appendFrameHeader(nil, frameHeader{maxFrame, frameData, 0, 1})) }, 12 << 10},
		"CVE-2019-9516 fields without names": {func(p *peer) { p.send(headersFrame(3, 0, bytes.Repeat([]byte{0x40, 0, 0}, 5000))) }, 32 << 10},
		"CVE-2016-6581 bomb": {func(p *peer) {
			b := bomb(p)
			p.send(headersFrame(3, 0, b[:maxFrame]), other(frameContinuation, 0, 3, string(b[maxFrame:])))
		}, 100 << 10},
		"CVE-2019-9517 deaf": {func(p *peer) {
			p.send(appendSettings(nil, 0, pair{settingInitialWindow, maxStreamID}), appendWindowUpdate(nil, 0, 1<<30))
			for range 300 {
				p.send(data(1, 0, clientText("flood")), appendPing(nil, 0, [8]byte{}))
			}
		}, 300 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				u := &websocket.Upgrader{Options: websocket.Options{WriteTimeout: -1}}
				var peers []*peer
				for range n {
					p := newClientPeer(t, u, func(c *websocket.Conn, r *http.Request) {
						for m, err := range c.Messages(r.Context()) {
							for i := 0; err == nil && string(m.Data) == "flood" && i < 1000; i++ {
								err = c.Write(r.Context(), websocket.OpBinary, make([]byte, 16<<10))
							}
							if err != nil {
								return
							}
						}
					})
					p.open(1)
					peers = append(peers, p)
				}
				before := heap()
				for _, p := range peers {
					test.send(p)
				}
				pass(0)
				each := (heap() - before) / n
				t.Logf("%d bytes each", each)
				if each > test.most {
					t.Errorf("%d bytes each, want at most %d", each, test.most)
				}
				for _, p := range peers {
					p.nc.Close()
				}
				for _, p := range peers {
					<-p.served
				}
			})
		})
	}
}

// idleServer is a process of its own: it serves over TLS, prints its address, and its memory whenever a line comes.
func idleServer() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := httptest.NewTLSServer(nil) // for its certificate
	config := &tls.Config{Certificates: s.TLS.Certificates, NextProtos: []string{"h2"}}
	s.Close()
	u := &websocket.Upgrader{}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				panic(err)
			}
			go Serve(context.Background(), tls.Server(nc, config), u, echo)
		}
	}()
	fmt.Println(l.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(heap())
	}
}

// TestIdleMemory bounds what an idle connection over a stream takes, on both sides, over TLS: with the goroutine that reads it, and its share of
// the connection.
func TestIdleMemory(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), idleVariable+"=1")
	cmd.Stderr = os.Stderr
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	answers := bufio.NewReader(out)
	addr, err := answers.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	theirs := func() (n int) {
		io.WriteString(in, "\n")
		if _, err := fmt.Fscanln(answers, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	c := &Client{Dialer: websocket.Dialer{Proxy: noProxy, TLS: &tls.Config{InsecureSkipVerify: true}}}
	dial := func() *websocket.Conn {
		conn, _, err := c.Dial(t.Context(), "wss://"+strings.TrimSpace(addr)+"/chat")
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, conn, "hello")
		return conn
	}
	dial().CloseNow()
	const n, most = 500, 7 << 10
	var ended sync.WaitGroup
	defer ended.Wait()
	server, client := theirs(), heap()
	for range n {
		conn := dial()
		defer conn.CloseNow()
		ended.Go(func() { conn.Read(context.Background()) })
	}
	server, client = (theirs()-server)/n, (heap()-client)/n
	t.Logf("an idle stream takes %d bytes of the server and %d of the client", server, client)
	if server > most || client > most {
		t.Errorf("an idle stream takes %d bytes of the server and %d of the client, want at most %d", server, client, most)
	}
}

// heap returns how many bytes are in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

func init() { asServer = idleServer }
