package main

// This file is SSH, and knows nothing of WebSocket: it would be the same over a socket.

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
)

// serverConfig returns the configuration of a server with a new key, and that key as clients are told it.
func serverConfig(password string) (config *ssh.ServerConfig, key string) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		log.Fatal(err)
	}
	config = &ssh.ServerConfig{PasswordCallback: func(_ ssh.ConnMetadata, got []byte) (*ssh.Permissions, error) {
		if subtle.ConstantTimeCompare(got, []byte(password)) == 0 {
			return nil, errors.New("wrong password")
		}
		return nil, nil
	}}
	config.AddHostKey(signer)
	return config, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

// newClient does the handshake of a client.
func newClient(nc net.Conn, name, hostKey, password string) (*ssh.Client, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(hostKey))
	if err != nil {
		return nil, fmt.Errorf("-host-key: %w", err)
	}
	conn, channels, requests, err := ssh.NewClientConn(nc, name, &ssh.ClientConfig{
		User:            "somebody",
		Auth:            []ssh.AuthMethod{ssh.Password(password)},
		HostKeyCallback: ssh.FixedHostKey(key),
	})
	if err != nil {
		return nil, err
	}
	return ssh.NewClient(conn, channels, requests), nil
}

// serve serves one client until its connection ends.
func serve(nc net.Conn, config *ssh.ServerConfig) {
	conn, channels, requests, err := ssh.NewServerConn(nc, config)
	if err != nil {
		log.Print(err)
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for channel := range channels {
		if channel.ChannelType() != "session" {
			channel.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		session, requests, err := channel.Accept()
		if err != nil {
			return
		}
		go execute(session, requests)
	}
}

// execute runs the command that a session asks for. There is one, which greets; a shell would be started here.
func execute(session ssh.Channel, requests <-chan *ssh.Request) {
	defer session.Close()
	for r := range requests {
		var exec struct{ Command string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &exec) != nil {
			r.Reply(false, nil)
			continue
		}
		r.Reply(true, nil)
		status := struct{ Code uint32 }{}
		if name, ok := strings.CutPrefix(exec.Command, "greet "); ok {
			fmt.Fprintf(session, "hello, %s\n", name)
		} else {
			fmt.Fprintf(session.Stderr(), "no such command\n")
			status.Code = 127
		}
		session.SendRequest("exit-status", false, ssh.Marshal(&status))
		return
	}
}
