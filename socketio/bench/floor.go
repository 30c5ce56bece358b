//go:build linux

package main

// This file is the floor: what a server on sockets cannot do without. One thread, epoll, one write for each delivery,
// nothing checked, nothing kept but a descriptor. It knows just what the load says.

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"syscall"
)

// floor is the server.
type floor struct {
	epoll, listener int
	clients         map[int]struct{}
	in, out         []byte
}

// serveFloor listens, tells the port, and serves.
func serveFloor(tell func(port int, s settled)) error {
	listener, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	err = errors.Join(
		syscall.Bind(listener, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		syscall.Listen(listener, 4096),
		syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, listener, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(listener)}),
	)
	if err != nil {
		return err
	}
	name, err := syscall.Getsockname(listener)
	if err != nil {
		return err
	}
	tell(name.(*syscall.SockaddrInet4).Port, nil)
	f := &floor{epoll: epoll, listener: listener, clients: make(map[int]struct{}), in: make([]byte, 64<<10)}
	for {
		if err := f.turn(); err != nil {
			return err
		}
	}
}

// turn deals with what has come.
func (f *floor) turn() error {
	var events [256]syscall.EpollEvent
	n, err := syscall.EpollWait(f.epoll, events[:], -1)
	if err != nil && !errors.Is(err, syscall.EINTR) {
		return err
	}
	for _, event := range events[:max(n, 0)] {
		fd := int(event.Fd)
		if fd == f.listener {
			if err := f.accept(); err != nil {
				return err
			}
			continue
		}
		n, err := syscall.Read(fd, f.in)
		if err != nil || n == 0 {
			delete(f.clients, fd)
			_ = syscall.Close(fd) // the client has gone
			continue
		}
		if err := f.answer(fd, f.in[:n]); err != nil {
			return err
		}
	}
	return nil
}

func (f *floor) accept() error {
	fd, _, err := syscall.Accept4(f.listener, syscall.SOCK_CLOEXEC)
	if err != nil {
		return err
	}
	f.clients[fd] = struct{}{}
	return errors.Join(
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.EpollCtl(f.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}),
	)
}

// answer answers a request, or frames, which are small and come whole.
func (f *floor) answer(fd int, in []byte) error {
	if bytes.HasPrefix(in, []byte("GET ")) {
		f.out = append(f.out[:0], "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
			acceptKey+"\r\n\r\n"...)
		f.out = appendServerFrame(f.out, `0{"sid":"aaaaaaaaaaaaaaaaaaaa","upgrades":[],"pingInterval":300000,"pingTimeout":20000,"maxPayload":1000000}`)
		return f.write(fd)
	}
	for len(in) > 0 {
		size := int(in[1] & 0x7f)
		mask, payload := in[2:6], in[6:6+size]
		for i := range payload {
			payload[i] ^= mask[i&3]
		}
		if err := f.packet(fd, string(payload)); err != nil {
			return err
		}
		in = in[6+size:]
	}
	return nil
}

// packet answers one packet.
func (f *floor) packet(fd int, p string) error {
	const echo, shout = `["echo",`, `42["shout",`
	if p == "40" {
		return f.frame(fd, `40{"sid":"aaaaaaaaaaaaaaaaaaaa"}`)
	}
	if i := bytes.Index([]byte(p), []byte(echo)); i > 0 {
		return f.frame(fd, "43"+p[2:i]+"["+p[i+len(echo):])
	}
	if len(p) < len(shout) || p[:len(shout)] != shout {
		return fmt.Errorf("unknown packet %q", p)
	}
	times, err := strconv.Atoi(p[len(shout) : len(p)-1])
	if err != nil {
		return err
	}
	f.out = appendServerFrame(f.out[:0], `42["news",`+text+`]`)
	for range times {
		for fd := range f.clients {
			if err := f.write(fd); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *floor) frame(fd int, p string) error {
	f.out = appendServerFrame(f.out[:0], p)
	return f.write(fd)
}

func (f *floor) write(fd int) error {
	_, err := syscall.Write(fd, f.out)
	return err
}

// appendServerFrame appends a text frame of up to 125 bytes.
func appendServerFrame(b []byte, p string) []byte {
	return append(append(b, 0x81, byte(len(p))), p...)
}
