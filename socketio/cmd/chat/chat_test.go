package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// TestRoutes protects that the page, its parts and the client are served, and what the page says when the client is not there.
func TestRoutes(t *testing.T) {
	dir := t.TempDir()
	h := newChat(new(engineio.Options), nil).routes(dir)
	for path, want := range map[string]string{"/": "<title>Chat</title>", "/chat.js": "use strict", "/chat.css": "color-scheme", "/client.js": "404"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %.100s", path, w.Code, w.Body)
		}
		if path != "/client.js" && w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: no policy", path)
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/socket.io/?EIO=4&transport=polling", nil)
	r.Header.Set("Origin", "http://evil.example")
	if h.ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Errorf("another origin: %d", w.Code)
	}
}

// TestRoomsAreBounded protects that histories, files and rooms do not grow without end.
func TestRoomsAreBounded(t *testing.T) {
	r := newRooms()
	nothing := func(message) {}
	r.enter("a", "id", "Ada")
	for i := range 2 * maxHistory {
		r.add("a", message{ID: fmt.Sprint("t", i), Text: "x"}, nothing)
	}
	if n := len(r.history("a")); n != maxHistory {
		t.Errorf("%d messages are kept", n)
	}
	for i := range 20 {
		r.add("a", message{ID: fmt.Sprint("f", i), File: &file{"f", maxFile, make([]byte, maxFile)}}, nothing)
	}
	if n := r.all["a"].kept; n > maxKept {
		t.Errorf("%d bytes are kept", n)
	}
	if _, err := r.file("a", "f19"); err != nil {
		t.Error(err)
	}
	if _, err := r.file("a", "f0"); err == nil {
		t.Error("a file that is gone is there")
	}
	for i := range 2 * maxRooms {
		if _, err := r.open(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.all) != maxRooms || r.all["a"] == nil {
		t.Errorf("%d rooms, that with somebody in it among them: %v", len(r.all), r.all["a"] != nil)
	}
	for name := range r.all {
		r.enter(name, "id", "Ada")
	}
	if _, err := r.open("one more"); err == nil {
		t.Error("a room too many")
	}
}

// TestPeople protects that somebody with two windows is shown once, and that the lobby comes first.
func TestPeople(t *testing.T) {
	r := newRooms()
	for id, name := range map[string]string{"1": "Ada", "2": "Linus", "3": "Ada"} {
		r.enter("a", id, name)
	}
	if got := r.people("a"); !slices.Equal(got, []string{"Ada", "Linus"}) {
		t.Errorf("got %q", got)
	}
	if got := fmt.Sprint(r.list()); got != "[{lobby 0} {a 3}]" {
		t.Errorf("got %s", got)
	}
	r.leave("a", "1")
	r.leave("a", "3")
	if got := r.people("a"); !slices.Equal(got, []string{"Linus"}) {
		t.Errorf("got %q", got)
	}
}
