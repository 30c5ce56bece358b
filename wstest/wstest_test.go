package wstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// TestPipe protects that the pair is a client and a server with their options, that messages pass, and that waiting
// inside a bubble takes no real time.
func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := wstest.Pipe(&websocket.Options{ReadLimit: 8}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		if _, err := client.Read(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Hour {
			t.Fatal(err, time.Since(start))
		}
		if err := client.Write(t.Context(), websocket.OpText, []byte("more than eight bytes")); err != nil {
			t.Fatal(err)
		}
		m, err := server.Read(t.Context())
		if m.Op != websocket.OpText || string(m.Data) != "more than eight bytes" || err != nil {
			t.Fatal(m.Op, string(m.Data), err)
		}
		go server.Write(t.Context(), m.Op, m.Data)
		if _, err := client.Read(t.Context()); !errors.Is(err, websocket.ErrMessageTooBig) {
			t.Fatal("the client's options were not used:", err)
		}
		var closed *websocket.CloseError
		if _, err := server.Read(t.Context()); !errors.As(err, &closed) || closed.Code != websocket.StatusMessageTooBig {
			t.Fatal(err)
		}
		client.Close(websocket.StatusNormalClosure, "")
		server.Close(websocket.StatusNormalClosure, "")
	})
}

// TestNetPipe protects that what was written before Close can be read.
func TestNetPipe(t *testing.T) {
	a, b := wstest.NetPipe()
	a.Write([]byte("abc"))
	a.Close()
	if p, err := io.ReadAll(b); string(p) != "abc" || err != nil {
		t.Error(string(p), err)
	}
}

func Example() {
	client, server := wstest.Pipe(nil, nil)
	go func() {
		for msg, err := range server.Messages(context.Background()) {
			if err != nil {
				return
			}
			server.Write(context.Background(), msg.Op, msg.Data)
		}
	}()
	client.Write(context.Background(), websocket.OpText, []byte("hello"))
	m, _ := client.Read(context.Background())
	fmt.Println(string(m.Data))
	client.Close(websocket.StatusNormalClosure, "")
	// Output: hello
}
