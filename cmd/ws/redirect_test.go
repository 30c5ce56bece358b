package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// TestDialRedirect protects that redirects are followed only if that is wanted, and that they end.
func TestDialRedirect(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/echo", new(websocket.Upgrader).Handler(func(conn *websocket.Conn, r *http.Request) {
		conn.Write(r.Context(), websocket.OpText, []byte(r.Header.Get("X-Test")))
		echo(conn, r)
	}))
	mux.Handle("/a", http.RedirectHandler("echo", http.StatusFound))
	mux.Handle("/b", http.RedirectHandler("/a", http.StatusPermanentRedirect))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	s := httptest.NewServer(mux)
	defer s.Close()
	elsewhere := httptest.NewServer(http.RedirectHandler(s.URL+"/echo", http.StatusTemporaryRedirect))
	defer elsewhere.Close()
	for _, row := range []struct {
		flags, url string
		status     int
		out, said  string
	}{
		{"-L -H X-Test:secret", s.URL + "/b", exitOrdinary, "secret\n", "redirected to ws://"},
		{"", s.URL + "/a", exitRefused, "", "-L follows"},
		{"-L", s.URL + "/loop", exitRefused, "", "more than 10 redirects"},
		{"-L", elsewhere.URL, exitOrdinary, "\n", "redirected to ws://"},
		{"-L -H X-Test:secret", elsewhere.URL, exitRefused, "", "another server"},
		{"-L -user me:secret", elsewhere.URL, exitRefused, "", "another server"},
		{"-L", strings.Replace(elsewhere.URL, "://", "://me:secret@", 1), exitRefused, "", "another server"},
	} {
		o := run(t, "", append(append([]string{"dial"}, strings.Fields(row.flags)...), row.url)...)
		if o.status != row.status || o.out != row.out || !strings.Contains(o.said, row.said) || strings.Contains(o.said, "secret") {
			t.Errorf("%s %s: %+v", row.flags, row.url, o)
		}
	}
}

// TestMayFollow protects credentials, and TLS, from redirects.
func TestMayFollow(t *testing.T) {
	for _, row := range []struct {
		from, to    string
		credentials bool
		want        string // in the error; none if empty
	}{
		{"ws://a/", "ws://a:80/x", true, ""},
		{"ws://a/", "wss://A/", true, ""},
		{"ws://a/", "wss://a:444/", true, "another server"},
		{"ws://a:81/", "wss://a/", true, "another server"},
		{"ws://a/", "ws://a:81/", true, "another server"},
		{"ws://a/", "ws://b/", true, "another server"},
		{"ws://a/", "ws://b/", false, ""},
		{"wss://a/", "ws://a/", false, "without TLS"},
		{"ws://a/", "ftp://a/", false, "no WebSocket URL"},
		{"ws://a/", "ws://x:secret@b/\x1b", true, "another server"},
	} {
		from, err := url.Parse(row.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := from.Parse(strings.ReplaceAll(row.to, "\x1b", "%1b"))
		if err != nil {
			t.Fatal(err)
		}
		err = mayFollow(from, to, row.credentials)
		if said := fmt.Sprint(err); (err == nil) != (row.want == "") || !strings.Contains(said, row.want) || strings.Contains(said, "secret") {
			t.Errorf("%s to %s: %v", row.from, row.to, err)
		}
	}
}
