package interop

// This file tests the tool with Node's ws at the other end: ws dial with its server, and ws serve with its client.

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// TestDialNode protects ws dial in a pipe with another server: compressed messages with line feeds in both directions, fragments, and
// an exit status that tells of the server's code.
func TestDialNode(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	t.Cleanup(cancel) // behind the end of node
	tool := buildTool(ctx, t)
	url, accept := nodePeer.listen(ctx, t, opening{subprotocol: "chat", compress: true})
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, tool, "dial", "-0", "-compress", "-subprotocol", "chat", url)
	cmd.Stdout, cmd.Stderr = &out, &said
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	node, err := accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("two\nlines "), 100)
	if _, err := input.Write(append(want, 0)); err != nil {
		t.Fatal(err)
	}
	if msg, err := node.receive(ctx); err != nil || msg.Op != websocket.OpText || !bytes.Equal(msg.Data, want) {
		t.Errorf("node got %v %q, %v", msg.Op, msg.Data, err)
	}
	if err := node.send(ctx, websocket.OpText, want[:500], want[500:]); err != nil {
		t.Error(err)
	}
	if err := node.send(ctx, websocket.OpBinary, []byte{0xff}); err != nil {
		t.Error(err)
	}
	node.close(ctx, 4001, "bye")
	cmd.Wait()
	if got := string(want) + "\x00\xff\x00"; out.String() != got || cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("printed %q, status %d", out.String(), cmd.ProcessState.ExitCode())
	}
	if !regexp.MustCompile(`^subprotocol chat\nclosed by the server: 4001 bye\n`).MatchString(said.String()) {
		t.Errorf("said %q", said.String())
	}
}

// TestServeNode protects ws serve -exec with another client.
func TestServeNode(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	t.Cleanup(cancel) // behind the end of node
	server := startServe(ctx, t, buildTool(ctx, t), "-exec", "read a; echo $a, $a; exit 7")
	node, err := nodePeer.dial(ctx, t, fmt.Sprintf("ws://%s/", server.host), opening{subprotocol: "chat", compress: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := node.send(ctx, websocket.OpText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if msg, err := node.receive(ctx); err != nil || string(msg.Data) != "hello, hello" {
		t.Errorf("node got %v %q, %v", msg.Op, msg.Data, err)
	}
	if _, err := node.receive(ctx); err == nil || !regexp.MustCompile(`1011.*exit status 7`).MatchString(err.Error()) {
		t.Errorf("the end: %v", err)
	}
}
