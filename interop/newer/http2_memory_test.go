package newer

// This file measures what an idle connection over a stream costs a server, which is a process of its own.

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// serverVariable is set in the process that is the server: it prints its URL.
const serverVariable = "NEWER_TEST_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(serverVariable) == "" {
		os.Exit(m.Run())
	}
	mux := http.NewServeMux()
	mux.Handle("/chat", new(websocket.Upgrader).Handler(echo))
	mux.HandleFunc("/memory", func(w http.ResponseWriter, r *http.Request) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		json.NewEncoder(w).Encode(m.HeapAlloc + m.StackInuse)
	})
	s := httptest.NewUnstartedServer(mux)
	s.EnableHTTP2 = true
	s.StartTLS()
	fmt.Println(s.URL)
	select {}
}

// elsewhere returns the world of a server in another process.
func elsewhere(url string) *world {
	w := &world{Server: &httptest.Server{URL: url}, client: newClient(&tls.Config{InsecureSkipVerify: true})}
	w.open = openBy(w.client)
	return w
}

// TestHTTP2Memory bounds the memory of idle connections over streams: most of it is net/http's.
func TestHTTP2Memory(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), serverVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the server says nothing")
	}
	w := elsewhere(lines.Text())
	plain := &http.Client{Transport: &http.Transport{TLSClientConfig: w.client.Dialer.TLS}}
	defer plain.CloseIdleConnections()
	memory := func() (n int) {
		resp, err := plain.Get(w.URL + "/memory")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	memory()
	before := memory()
	const n, most = 200, 26 << 10 // 18 KiB without the race detector
	for range n {
		exchange(t, w.mustDial(t), "hello")
	}
	each := (memory() - before) / n
	t.Logf("%d bytes an idle stream", each)
	if each > most {
		t.Errorf("%d bytes an idle stream, want at most %d", each, most)
	}
}
