package interop

// This file makes a peer of Node's ws package: a process of node/peer.js for every connection, told what to do in lines
// of JSON.

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

type nodePeer struct{}

type nodeEndpoint struct {
	commands io.WriteCloser
	answers  *bufio.Reader
	agreed   string // the subprotocol
}

// nodeCommand is a line to node/peer.js; each command uses some of the fields.
type nodeCommand struct {
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

// nodeAnswer is a line from it.
type nodeAnswer struct {
	Error       string
	Port        int
	Subprotocol string
	Op          string
	Data        []byte
	Closed      *closed
}

// startNode starts a process, which ends with ctx, or when the test does.
func startNode(ctx context.Context, t *testing.T) *nodeEndpoint {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "node", "node/peer.js")
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
		t.Fatalf("node: %v; make interop installs what is needed", err)
	}
	t.Cleanup(func() {
		commands.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("node: %v\n%s", err, stderr.Bytes())
		}
	})
	return &nodeEndpoint{commands: commands, answers: bufio.NewReader(answers)}
}

// do sends a command and waits for its answer. The process, and so the wait, ends with its context.
func (e *nodeEndpoint) do(c nodeCommand) (nodeAnswer, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return nodeAnswer{}, err
	}
	if _, err := e.commands.Write(append(line, '\n')); err != nil {
		return nodeAnswer{}, err
	}
	line, err = e.answers.ReadBytes('\n')
	if err != nil {
		return nodeAnswer{}, fmt.Errorf("node, at %s: %w", c.Do, err)
	}
	var a nodeAnswer
	if err := json.Unmarshal(line, &a); err != nil {
		return nodeAnswer{}, err
	}
	if a.Error != "" {
		return nodeAnswer{}, errors.New("node: " + a.Error)
	}
	return a, nil
}

func (nodePeer) listen(ctx context.Context, t *testing.T, o opening) (string, func(context.Context) (endpoint, error)) {
	e := startNode(ctx, t)
	a, err := e.do(nodeCommand{Do: "listen", Subprotocol: o.subprotocol, Compress: o.compress, Deflate: o.peer})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("ws://127.0.0.1:%d/", a.Port), func(context.Context) (endpoint, error) {
		a, err := e.do(nodeCommand{Do: "accept"})
		e.agreed = a.Subprotocol
		return e, err
	}
}

func (nodePeer) dial(ctx context.Context, t *testing.T, url string, o opening) (endpoint, error) {
	e := startNode(ctx, t)
	a, err := e.do(nodeCommand{Do: "dial", URL: url, Subprotocol: o.subprotocol, Compress: o.compress, Deflate: o.peer})
	e.agreed = a.Subprotocol
	return e, err
}

func (e *nodeEndpoint) subprotocol() string { return e.agreed }

func (e *nodeEndpoint) send(_ context.Context, op websocket.Opcode, fragments ...[]byte) error {
	c := nodeCommand{Do: "send", Op: "text"}
	if op == websocket.OpBinary {
		c.Op = "binary"
	}
	for _, fragment := range fragments {
		c.Fragments = append(c.Fragments, append([]byte{}, fragment...)) // nil would be null in JSON
	}
	_, err := e.do(c)
	return err
}

func (e *nodeEndpoint) receive(context.Context) (websocket.Message, error) {
	a, err := e.do(nodeCommand{Do: "receive"})
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

func (e *nodeEndpoint) ping(context.Context) error {
	_, err := e.do(nodeCommand{Do: "ping", Data: "from node"})
	return err
}

func (e *nodeEndpoint) close(_ context.Context, code websocket.StatusCode, reason string) error {
	a, err := e.do(nodeCommand{Do: "close", Code: code, Reason: reason})
	if err != nil {
		return err
	}
	return answered(*a.Closed, code)
}
