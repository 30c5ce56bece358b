package interop

// This file has OpenSSL's client ask for updates of the keys of TLS, which crypto/tls never does.

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// TestKeyUpdate protects a connection over TLS whose peer updates its keys again and again, and asks for the same: with TLS on the
// socket, and over a net.Conn.
func TestKeyUpdate(t *testing.T) {
	for name, over := range map[string]func(net.Listener) net.Listener{
		"on the socket":   websocket.Listener,
		"over a net.Conn": func(ln net.Listener) net.Listener { return ln },
	} {
		t.Run(name, func(t *testing.T) { keyUpdate(t, over, name == "on the socket") })
	}
}

func keyUpdate(t *testing.T, over func(net.Listener) net.Listener, onSocket bool) {
	ended := make(chan error, 1)
	s := httptest.NewUnstartedServer(new(websocket.Upgrader).Handler(func(c *websocket.Conn, _ *http.Request) {
		if c.OnSocket() != onSocket {
			t.Errorf("on a socket: %v", c.OnSocket())
		}
		for m, err := range c.Messages(context.Background()) {
			if err == nil {
				err = c.Write(context.Background(), m.Op, m.Data)
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}))
	s.Listener = over(s.Listener)
	s.TLS = &tls.Config{SessionTicketsDisabled: true}
	s.StartTLS()
	defer s.Close()
	client := startOpenSSL(t, s.Listener.Addr().String())
	client.write("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	for line := ""; line != "\r\n"; {
		line = client.line(client.out)
		if strings.HasPrefix(line, "HTTP/") && !strings.Contains(line, " 101 ") {
			t.Fatal(line)
		}
	}
	for i, command := range []string{"", "K", "k", "K", "K"} {
		if command != "" {
			client.write(command + "\n")
			for line := ""; !strings.Contains(line, "KEYUPDATE"); {
				line = client.line(client.err)
			}
		}
		text := fmt.Sprint("message ", i)
		client.write("\x81" + string([]byte{0x80 | byte(len(text)), 0, 0, 0, 0}) + text) // masked with zeros
		want := "\x81" + string([]byte{byte(len(text))}) + text
		got := make([]byte, len(want))
		if _, err := io.ReadFull(client.out, got); string(got) != want || err != nil {
			t.Fatalf("behind %q: %q, %v, want %q", command, got, err, want)
		}
	}
	client.in.Close()
	if err := <-ended; websocket.CloseStatus(err) != websocket.StatusAbnormalClosure || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("ended with %v", err)
	}
}

// openSSL is a client that sends what is written to it, and takes lines of one letter as commands.
type openSSL struct {
	t        *testing.T
	in       io.WriteCloser
	out, err *bufio.Reader
}

func startOpenSSL(t *testing.T, addr string) *openSSL {
	cmd := exec.CommandContext(t.Context(), "openssl", "s_client", "-connect", addr, "-quiet", "-no_ign_eof")
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	messages, err3 := cmd.StderrPipe()
	if err := errors.Join(err1, err2, err3, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait() // it tells of the certificate by its status
	})
	return &openSSL{t, in, bufio.NewReader(out), bufio.NewReader(messages)}
}

func (o *openSSL) write(s string) {
	o.t.Helper()
	if _, err := io.WriteString(o.in, s); err != nil {
		o.t.Fatal(err)
	}
}

func (o *openSSL) line(r *bufio.Reader) string {
	o.t.Helper()
	line, err := r.ReadString('\n')
	if err != nil {
		o.t.Fatal(err)
	}
	return line
}
