//go:build linux

package main

// This file holds the two processes of a measurement: one that sends a feed, and the client that reads it.

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
)

const (
	senderRole = "feed-sender"
	clientRole = "feed-client"
)

// role runs this process as the child that args name. It reports false when they name None.
func role(args []string) (ran bool, err error) {
	switch {
	case len(args) == 1 && args[0] == senderRole:
		return true, child.Serve(new(sender))
	case len(args) == 2 && args[0] == clientRole:
		c, err := clients.Named(args[1])
		if err != nil {
			return true, err
		}
		return true, child.Serve(&reader{client: c, came: make(chan struct{}, 1)})
	}
	return false, nil
}

// None stands where a call has nothing to say or to ask.
type None struct{}

// sender is the process that sends.
type sender struct {
	ln    net.Listener
	nc    net.Conn // the client's
	burst []byte
}

// ListenArgs say what to send to the client that connects.
type ListenArgs struct {
	TLS, Raw    bool
	Size, Burst int
}

// Listen begins to listen for one client.
func (s *sender) Listen(args ListenArgs, addr *string) (err error) {
	if s.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	*addr = s.ln.Addr().String()
	s.burst = nil
	for range args.Burst {
		s.burst = websocket.AppendHeader(s.burst, websocket.Header{Fin: true, Opcode: websocket.OpBinary, Length: uint64(args.Size)})
		s.burst = append(s.burst, make([]byte, args.Size)...)
	}
	return nil
}

// Accept waits for the client and makes its handshakes.
func (s *sender) Accept(args ListenArgs, _ *None) (err error) {
	if s.nc, err = s.ln.Accept(); err != nil {
		return err
	}
	s.ln.Close()
	if args.TLS {
		tc := tls.Server(s.nc, servers.ServerTLS())
		s.nc = tc
		if err := tc.Handshake(); err != nil {
			return err
		}
	}
	if args.Raw {
		return nil
	}
	r, err := http.ReadRequest(bufio.NewReader(s.nc))
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "+websocket.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))+"\r\n\r\n")
	return err
}

// Period says for how long to send, and how long to rest behind each burst.
type Period struct{ Duration, Pause time.Duration }

// Send sends bursts, one at least, and returns how many.
func (s *sender) Send(p Period, bursts *int) error {
	pause := unix.NsecToTimespec(p.Pause.Nanoseconds())
	for end := time.Now().Add(p.Duration); ; {
		if _, err := s.nc.Write(s.burst); err != nil {
			return err
		}
		*bursts++
		if !time.Now().Before(end) {
			return nil
		}
		if p.Pause > 0 {
			_ = unix.Nanosleep(&pause, nil)
		}
	}
}

// Close drops the connection.
func (s *sender) Close(None, *None) error { return s.nc.Close() }

// reader is the process that reads.
type reader struct {
	client clients.Client
	came   chan struct{} // there is something in it if count may have reached want

	mu          sync.Mutex
	count, want int
	failed      error
}

// ReadArgs say what to connect to.
type ReadArgs struct {
	Addr string
	TLS  bool
}

// Read begins to read.
func (r *reader) Read(args ReadArgs, _ *None) error {
	var config *tls.Config
	if args.TLS {
		config = &tls.Config{InsecureSkipVerify: true}
	}
	r.count, r.want, r.failed = 0, 0, nil
	go func() {
		err := r.client.Read(args.Addr, config, r.got)
		r.mu.Lock()
		r.failed = errors.Join(err, io.ErrUnexpectedEOF)
		r.mu.Unlock()
		r.tell()
	}()
	return nil
}

// got counts what has been read.
func (r *reader) got(n int) {
	r.mu.Lock()
	r.count += n
	came := r.count == r.want
	r.mu.Unlock()
	if came {
		r.tell()
	}
}

func (r *reader) tell() {
	select {
	case r.came <- struct{}{}:
	default:
	}
}

// patience is how long a client may need for what has been sent.
const patience = 20 * time.Second

// Wait waits until so much has been read since Read, and not more.
func (r *reader) Wait(want int, _ *None) error {
	for timeout := time.After(patience); ; {
		r.mu.Lock()
		r.want = want
		count, failed := r.count, r.failed
		r.mu.Unlock()
		switch {
		case count == want:
			return nil
		case failed != nil:
			return failed
		case count > want:
			return fmt.Errorf("read %d of %d", count, want)
		}
		select {
		case <-r.came:
		case <-timeout:
			return fmt.Errorf("read only %d of %d", count, want)
		}
	}
}

// CPU is the processor time used so far.
func (r *reader) CPU(_ None, d *time.Duration) (err error) {
	*d, err = child.CPU()
	return err
}

// Memory is child.ReadMemory.
func (r *reader) Memory(settle bool, m *child.Memory) (err error) {
	*m, err = child.ReadMemory(settle)
	return err
}
