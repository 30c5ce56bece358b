package interop

// This file runs the official clients' builds for browsers in headless Chromium, from a page that has another origin than some of the
// servers.

import (
	"encoding/json/v2"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pageClient is a client as the page is told of it.
type pageClient struct {
	Client string `json:"client"`
	Script string `json:"script"`
	client `json:",inline"`
}

// pageResult is what the page reports.
type pageResult struct {
	Client string `json:"client"`
	Name   string `json:"name"`
	Error  string `json:"error"`
}

// script is the address of a client's build.
func (c *client) script() string {
	dir := "socket.io-client"
	if c.Version == 3 {
		dir = "socket.io-client-3"
	}
	if c.Msgpack {
		return "node_modules/" + dir + "/dist/socket.io.msgpack.min.js"
	}
	return "node_modules/" + dir + "/dist/socket.io.min.js"
}

func TestBrowser(t *testing.T) {
	results := make(chan pageResult)
	var all []pageClient
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServer(http.Dir("node")))
	mux.HandleFunc("GET /clients", func(w http.ResponseWriter, _ *http.Request) { json.MarshalWrite(w, all) })
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) {
		var one pageResult
		if err := json.UnmarshalRead(r.Body, &one, json.RejectUnknownMembers(true)); err != nil {
			t.Error(err)
		}
		results <- one
	})
	page := httptest.NewServer(mux)
	t.Cleanup(page.Close)
	for _, test := range clients {
		c := test.client
		c.start(t, page.URL)
		all = append(all, pageClient{test.name, c.script(), c})
	}
	startBrowser(t, page.URL+"/page.html")
	n := 0
	for {
		select {
		case one := <-results:
			if one.Name == "" {
				if n == 0 {
					t.Error("no scenario was run")
				}
				return
			}
			n++
			t.Run(one.Client+"/"+one.Name, func(t *testing.T) {
				if one.Error != "" {
					t.Error(one.Error)
				}
			})
		case <-time.After(45 * time.Second):
			t.Fatal("the page says nothing")
		}
	}
}

// startBrowser starts Chromium with a page. It ends with the test.
func startBrowser(t *testing.T, url string) {
	name := os.Getenv("CHROMIUM")
	if name == "" {
		name = "chromium"
	}
	// The flags beyond the first three keep it from looking for the world outside, which may not be there.
	cmd := exec.Command(name, "--headless", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", url)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it is a group of processes; all of them end
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(fmt.Errorf("%w; .ci/run installs it, and $CHROMIUM may name it", err))
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait() // says that it was killed
		if t.Failed() {
			t.Logf("Chromium said: %.4000s", output.String())
		}
	})
}
