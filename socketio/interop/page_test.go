package interop

// This file runs the official clients' builds for browsers, from a page that has another origin than the servers.

import (
	"encoding/json/v2"
	"net/http"
	"net/http/httptest"
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
	startBrowser(t).open(page.URL+"/page.html", desktop)
	for n := 0; ; n++ {
		select {
		case one := <-results:
			if one.Name == "" {
				if n == 0 {
					t.Error("no scenario was run")
				}
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
