package interop

// This file makes a peer of a library in another language: a process for every connection, told what to do in lines of JSON.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// processPeer is a program that is an end of a connection, and its arguments.
type processPeer []string

// nodePeer is Node's ws package.
var nodePeer = processPeer{"node", "node/peer.js"}

type processEndpoint struct {
	program  string
	commands io.WriteCloser
	answers  *bufio.Reader
	agreed   string // the subprotocol
}

// processCommand is a line to a program; each command uses some of the fields.
type processCommand struct {
	Do          string               `json:"do"`
	URL         string               `json:"url,omitempty"`
	Subprotocol string               `json:"subprotocol,omitempty"`
	Compress    bool                 `json:"compress,omitempty"`
	Deflate     deflate              `json:"deflate"`
	Op          string               `json:"op,omitempty"`
	Fragments   [][]byte             `json:"fragments,omitempty"`
	Data        string               `json:"data,omitempty"`
	Code        websocket.StatusCode `json:"code,omitempty"`
	Reason      string               `json:"reason,omitempty"`
}

// processAnswer is a line from it.
type processAnswer struct {
	Error       string
	Port        int
	Subprotocol string
	Op          string
	Data        []byte
	Closed      *closed
}

// start starts a process, which ends with ctx, or when the test does.
func (p processPeer) start(ctx context.Context, t *testing.T) *processEndpoint {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p[0], p[1:]...)
	cmd.Stderr = &stderr
	commands, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: %v; .ci/run and make install what is needed", p, err)
	}
	t.Cleanup(func() {
		commands.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v\n%s", p, err, stderr.Bytes())
		}
	})
	return &processEndpoint{program: p[1], commands: commands, answers: bufio.NewReader(answers)}
}

// do sends a command and waits for its answer. The process, and so the wait, ends with its context.
func (e *processEndpoint) do(c processCommand) (processAnswer, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return processAnswer{}, err
	}
	if _, err := e.commands.Write(append(line, '\n')); err != nil {
		return processAnswer{}, err
	}
	line, err = e.answers.ReadBytes('\n')
	if err != nil {
		return processAnswer{}, fmt.Errorf("%s, at %s: %w", e.program, c.Do, err)
	}
	var a processAnswer
	if err := json.Unmarshal(line, &a); err != nil {
		return processAnswer{}, err
	}
	if a.Error != "" {
		return processAnswer{}, errors.New(e.program + ": " + a.Error)
	}
	return a, nil
}

func (p processPeer) listen(ctx context.Context, t *testing.T, o opening) (string, func(context.Context) (endpoint, error)) {
	e := p.start(ctx, t)
	a, err := e.do(processCommand{Do: "listen", Subprotocol: o.subprotocol, Compress: o.compress, Deflate: o.peer})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("ws://127.0.0.1:%d/", a.Port), func(context.Context) (endpoint, error) {
		a, err := e.do(processCommand{Do: "accept"})
		e.agreed = a.Subprotocol
		return e, err
	}
}

func (p processPeer) dial(ctx context.Context, t *testing.T, url string, o opening) (endpoint, error) {
	e := p.start(ctx, t)
	a, err := e.do(processCommand{Do: "dial", URL: url, Subprotocol: o.subprotocol, Compress: o.compress, Deflate: o.peer})
	e.agreed = a.Subprotocol
	return e, err
}

func (e *processEndpoint) subprotocol() string { return e.agreed }

func (e *processEndpoint) send(_ context.Context, op websocket.Opcode, fragments ...[]byte) error {
	c := processCommand{Do: "send", Op: "text"}
	if op == websocket.OpBinary {
		c.Op = "binary"
	}
	for _, fragment := range fragments {
		c.Fragments = append(c.Fragments, append([]byte{}, fragment...)) // nil would be null in JSON
	}
	_, err := e.do(c)
	return err
}

func (e *processEndpoint) receive(context.Context) (websocket.Message, error) {
	a, err := e.do(processCommand{Do: "receive"})
	if err != nil {
		return websocket.Message{}, err
	}
	if a.Closed != nil {
		return websocket.Message{}, *a.Closed
	}
	msg := websocket.Message{Op: websocket.OpText, Data: a.Data}
	if a.Op == "binary" {
		msg.Op = websocket.OpBinary
	}
	return msg, nil
}

func (e *processEndpoint) ping(context.Context) error {
	_, err := e.do(processCommand{Do: "ping", Data: "from the peer"})
	return err
}

func (e *processEndpoint) close(_ context.Context, code websocket.StatusCode, reason string) error {
	a, err := e.do(processCommand{Do: "close", Code: code, Reason: reason})
	if err != nil {
		return err
	}
	return answered(*a.Closed, code)
}
