package main

import (
	"context"
	"net/http"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// start starts the server, which gives load balancers the time named, and connects a client.
func start(t *testing.T, notice string) (*program.Program, string, *websocket.Conn) {
	server := program.Start(t, "-addr", "localhost:0", "-notice", notice)
	url := server.URL()
	conn, _, err := websocket.Dial(t.Context(), url+"/ws")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return server, url, conn
}

// echo sends a message and waits for its answer.
func echo(t *testing.T, conn *websocket.Conn) {
	t.Helper()
	conn.Write(t.Context(), websocket.OpText, []byte("work"))
	if _, err := conn.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestStopped protects what a stop owes: clients are told 1001, the work is saved, and the process ends without an error.
func TestStopped(t *testing.T) {
	server, _, conn := start(t, "0s")
	for range 3 {
		echo(t, conn)
	}
	server.Terminate()
	_, err := conn.Read(context.Background())
	if code := websocket.CloseStatus(err); code != websocket.StatusGoingAway {
		t.Errorf("the client saw %v", err)
	}
	server.Expect("^saved 3$")
	if err := server.Wait(); err != nil {
		t.Error(err)
	}
}

// TestNotice protects the time before: load balancers learn from /ready to send nobody any more, and clients are still served.
func TestNotice(t *testing.T) {
	server, url, conn := start(t, "1h")
	if status := ready(t, url); status != http.StatusOK {
		t.Errorf("ready: %d", status)
	}
	server.Terminate()
	server.Expect("^leaving$")
	if status := ready(t, url); status != http.StatusServiceUnavailable {
		t.Errorf("ready: %d", status)
	}
	echo(t, conn)
}

// ready returns the status of /ready.
func ready(t *testing.T, url string) int {
	t.Helper()
	resp, err := http.Get(url + "/ready")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
