package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// login logs in and returns the token.
func login(t *testing.T, client *http.Client, server string) string {
	t.Helper()
	resp, err := client.PostForm(server+"/login", url.Values{"name": {"ada"}, "password": {"lovelace"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct{ Token string }
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || body.Token == "" {
		t.Fatal("no token:", resp.Status, err)
	}
	if c := resp.Cookies(); len(c) != 1 || c[0].Value != body.Token || !c[0].HttpOnly {
		t.Errorf("cookies %v", c)
	}
	return body.Token
}

// ways are those of a client, with its token and what it sends first.
func ways(token string) map[string]*websocket.Dialer {
	return map[string]*websocket.Dialer{
		"/ws cookie":       {Header: http.Header{"Cookie": {"session=" + token}}},
		"/ws header":       {Header: http.Header{"Authorization": {"Bearer " + token}}},
		"/ws subprotocol":  {Subprotocols: []string{"example.v1", "token." + token}},
		"/ws/first my own": {},
	}
}

// TestWays protects each way in: the user is known, the token is not sent back, and the connection ends when the user logs out.
func TestWays(t *testing.T) {
	server := program.Start(t, "-addr", "localhost:0").URL()
	token := login(t, http.DefaultClient, server)
	conns := map[string]*websocket.Conn{}
	for way, d := range ways(token) {
		path, _, _ := strings.Cut(way, " ")
		conn, resp, err := d.Dial(t.Context(), server+path)
		if err != nil {
			t.Fatal(way, err)
		}
		defer conn.CloseNow()
		if path == "/ws/first" {
			conn.Write(t.Context(), websocket.OpText, []byte(token))
		}
		if m, err := conn.Read(t.Context()); string(m.Data) != "hello, ada" {
			t.Errorf("%s: %q, %v", way, m.Data, err)
		}
		for name, values := range resp.Header {
			if strings.Contains(strings.Join(values, ""), token) {
				t.Errorf("%s: the token came back in %s", way, name)
			}
		}
		conns[way] = conn
	}
	r, _ := http.NewRequest("POST", server+"/logout", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	if resp, err := http.DefaultClient.Do(r); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	for way, conn := range conns {
		if _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != unauthorized {
			t.Errorf("%s: %v", way, err)
		}
	}
	refused(t, server, ways(token)["/ws header"], http.StatusUnauthorized, `{"error":"log in first"}`)
}

// TestRefused protects who is kept out, and that the client's program can read why.
func TestRefused(t *testing.T) {
	server := program.Start(t, "-addr", "localhost:0").URL()
	token := login(t, http.DefaultClient, server)
	refused(t, server, &websocket.Dialer{}, http.StatusUnauthorized, `{"error":"log in first"}`)
	refused(t, server, ways("of-somebody")["/ws subprotocol"], http.StatusUnauthorized, `{"error":"log in first"}`)
	evil := ways(token)["/ws cookie"]
	evil.Header.Set("Origin", "https://evil.example")
	refused(t, server, evil, http.StatusForbidden, `{"error":"`)
	resp, err := http.PostForm(server+"/login", url.Values{"name": {"ada"}, "password": {""}})
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Error(resp, err)
	}
	conn, _, err := websocket.Dial(t.Context(), server+"/ws/first")
	if err != nil {
		t.Fatal(err)
	}
	conn.Write(t.Context(), websocket.OpText, []byte("guess"))
	if _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != unauthorized {
		t.Error(err)
	}
}

// refused dials and expects a refusal in JSON.
func refused(t *testing.T, server string, d *websocket.Dialer, status int, begins string) {
	t.Helper()
	_, resp, err := d.Dial(t.Context(), server+"/ws")
	if resp == nil || err == nil {
		t.Fatal("not refused:", err)
	}
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != status || resp.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(string(body), begins) {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

// TestTimes protects that a session which expires takes its connections with it, and that whoever says nothing is not waited for.
func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, stop := wstest.Serve(&http.Server{Handler: newService(time.Hour).routes()})
		defer stop()
		client := &http.Client{Transport: &http.Transport{DialContext: d.DialContext}}
		defer client.CloseIdleConnections()
		for path, want := range map[string]time.Duration{"/ws": time.Hour, "/ws/first": 10 * time.Second} {
			began := time.Now()
			d.Header = http.Header{"Authorization": {"Bearer " + login(t, client, "http://server.example")}}
			conn, _, err := d.Dial(t.Context(), "ws://server.example"+path)
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = conn.Read(context.Background())
			}
			if got := time.Since(began); got != want || websocket.CloseStatus(err) != unauthorized {
				t.Errorf("%s: %v after %v", path, err, got)
			}
		}
	})
}
