package main

import (
	"bytes"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// TestCall protects calls between two programs, in both directions, and the error of a method that does not exist.
func TestCall(t *testing.T) {
	url := program.Start(t, "-addr", "localhost:0").URL() + "/rpc"
	for want, args := range map[string][]string{"3.5": {"sum", "1", "2.5"}, `"hello, Ada"`: {"greet"}} {
		client := program.Start(t, append([]string{"-call", url}, args...)...)
		if got := client.Expect(".*"); got != want {
			t.Errorf("%q, not %q", got, want)
		}
		if err := client.Wait(); err != nil {
			t.Error(err)
		}
	}
	if err := program.Start(t, "-call", url, "divide").Wait(); err == nil {
		t.Error("a method that does not exist was called")
	}
}

// TestMessages protects clients that know nothing of streams, such as pages: one message is one object.
func TestMessages(t *testing.T) {
	server := program.Start(t, "-addr", "localhost:0").URL()
	conn, _, err := websocket.Dial(t.Context(), server+"/rpc")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.Write(t.Context(), websocket.OpText, []byte(`{"jsonrpc":"2.0","id":7,"method":"sum","params":[]}`))
	m, err := conn.Read(t.Context())
	if want := `{"jsonrpc":"2.0","id":7,"result":0}`; m.Op != websocket.OpText || string(m.Data) != want {
		t.Errorf("%v %s, %v", m.Op, m.Data, err)
	}
}

// TestBounded protects the server's memory from an object without end, in however many messages it comes.
func TestBounded(t *testing.T) {
	server := program.Start(t, "-addr", "localhost:0").URL()
	conn, _, err := websocket.Dial(t.Context(), server+"/rpc")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.CloseRead(t.Context())
	part := bytes.Repeat([]byte(" "), 64<<10)
	conn.Write(t.Context(), websocket.OpText, []byte(`{"jsonrpc":"2.0","id":7,"method":"`))
	for err == nil {
		err = conn.Write(t.Context(), websocket.OpText, part)
	}
	<-conn.Context().Done()
	if out := conn.Stats().MessagesOut; out > 1000 {
		t.Errorf("the server has taken %d KiB", out*64)
	}
}
