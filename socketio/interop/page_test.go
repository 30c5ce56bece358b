package interop

// This file runs the official clients' builds for browsers, from a page that has another origin than the servers.

import (
	"encoding/json/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	_ "github.com/seed-d69ae1b7/websocket/xconnect"
)

// pageClient is a client as the page is told of it.
type pageClient struct {
	Client string `json:"client"`
	Script string `json:"script"`
	HTTP2  bool   `json:"http2"`
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

// TestBrowser protects the official clients in Chromium, over HTTP/1.1 and over HTTP/2, where their WebSocket connections are streams (RFC
// 8441), since the servers say that they take them.
func TestBrowser(t *testing.T) {
	t.Run("HTTP 1.1", func(t *testing.T) { playPage(t, false) })
	t.Run("HTTP 2", func(t *testing.T) { playPage(t, true) })
}

func playPage(t *testing.T, http2 bool) {
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
	var servers []*server
	for _, test := range clients {
		c := test.client
		servers = append(servers, c.start(t, http2, page.URL)...)
		all = append(all, pageClient{test.name, c.script(), http2, c})
	}
	startBrowser(t, "--ignore-certificate-errors").open(page.URL+"/page.html", desktop)
	for n := 0; ; n++ {
		select {
		case one := <-results:
			if one.Name == "" {
				if n == 0 {
					t.Error("no scenario was run")
				}
				checkOver(t, servers, http2)
				return
			}
			t.Run(one.Client+"/"+one.Name, func(t *testing.T) {
				if one.Error != "" {
					t.Error(one.Error)
				}
			})
		case <-time.After(pageTimeout):
			t.Fatal("the page says nothing")
		}
	}
}

// checkOver makes sure that all WebSocket connections have come over one version of HTTP.
func checkOver(t *testing.T, servers []*server, http2 bool) {
	streams, others := int32(0), int32(0)
	for _, s := range servers {
		streams += s.streams.Load()
		others += s.others.Load()
	}
	if (streams > 0) != http2 || (others > 0) == http2 {
		t.Errorf("%d WebSocket connections over HTTP/2, and %d over HTTP/1.1", streams, others)
	}
}
