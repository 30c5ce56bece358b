//go:build redis

package main

// This file runs two chats behind HAProxy with the configuration of examples/proxy: make redis-socketio.

import (
	"encoding/json/v2"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startProxy starts HAProxy in front of chats, without lines that contain left out, and returns it as a process that is no chat.
func startProxy(t *testing.T, leftOut string, chats ...*process) *process {
	t.Helper()
	text, err := os.ReadFile("../../examples/proxy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	var conf []string
	for line := range strings.Lines(string(text)) {
		if leftOut == "" || !strings.Contains(line, leftOut) {
			conf = append(conf, line)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inherited, err := l.(*net.TCPListener).File() // nobody can take its port
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	written := strings.NewReplacer("bind 127.0.0.1:8080", "bind fd@3", "127.0.0.1:3000", strings.TrimPrefix(chats[0].url, "http://"),
		"127.0.0.1:3001", strings.TrimPrefix(chats[1].url, "http://")).Replace(strings.Join(conf, ""))
	if err := os.WriteFile(file, []byte(written), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &process{url: "http://" + l.Addr().String(), cmd: exec.Command("haproxy", "-db", "-f", file)}
	p.cmd.ExtraFiles = []*os.File{inherited}
	var complaints strings.Builder
	p.cmd.Stderr = &complaints
	if err := p.cmd.Start(); err != nil {
		t.Fatal("haproxy (Debian: haproxy) is needed: ", err)
	}
	inherited.Close()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Log(complaints.String())
		}
	})
	return p
}

// poller is a session on polling, of a client that keeps cookies.
type poller struct {
	t    *testing.T
	http http.Client
	url  string
	sid  string
}

// do makes a request, and returns the status and the body. url is that of the proxy, or of a chat.
func (p *poller) do(url, method, body string) (int, string) {
	p.t.Helper()
	url += "/socket.io/?EIO=4&transport=polling"
	if p.sid != "" {
		url += "&sid=" + p.sid
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// startPoller opens a session.
func startPoller(t *testing.T, url string) *poller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &poller{t: t, http: http.Client{Jar: jar, Timeout: 20 * time.Second}, url: url}
	var open struct {
		SID string `json:"sid"`
	}
	status, body := 0, ""
	for late := time.Now().Add(20 * time.Second); status != http.StatusOK; time.Sleep(5 * time.Millisecond) { // the proxy may look for the chats, still
		if status, body = p.do(url, "GET", ""); time.Now().After(late) {
			t.Fatalf("%d %s", status, body)
		}
	}
	if err := json.Unmarshal([]byte(body[1:]), &open); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	p.sid = open.SID
	return p
}

// TestBehindHAProxy protects the example: requests of a session reach its chat, by the cookie alone and by the session's identifier alone; sessions are on both
// chats, and these are one.
func TestBehindHAProxy(t *testing.T) {
	redis := startRedis(t)
	a, b := startProcess(t, "-cookie", "-redis", redis), startProcess(t, "-cookie", "-redis", redis)
	for _, leftOut := range []string{"", "url_param(sid)", "req.cook(io)"} {
		t.Run("without "+leftOut, func(t *testing.T) {
			proxy := startProxy(t, leftOut, a, b)
			on := make(map[string]int)
			for i := range 8 {
				p := startPoller(t, proxy.url)
				if status, body := p.do(p.url, "POST", fmt.Sprintf(`40{"name":"P%d"}`, i)); status != http.StatusOK {
					t.Fatalf("%d %s", status, body)
				}
				for said := ""; !strings.Contains(said, `40{"sid"`); {
					status, body := p.do(p.url, "GET", "")
					if said += body; status != http.StatusOK {
						t.Fatalf("%d %s", status, body)
					}
				}
				for range 10 {
					if status, body := p.do(p.url, "POST", `42["typing",true]`); status != http.StatusOK {
						t.Fatalf("%d %s", status, body)
					}
				}
				for _, chat := range []*process{a, b} {
					if status, _ := p.do(chat.url, "POST", `42["typing",false]`); status == http.StatusOK {
						on[chat.url]++
					}
				}
			}
			if on[a.url] == 0 || on[b.url] == 0 || on[a.url]+on[b.url] != 8 {
				t.Errorf("sessions on the chats: %v", on)
			}
		})
	}
	proxy := startProxy(t, "", a, b)
	var guests []*guest
	var names []string
	for i := range 6 {
		names = append(names, fmt.Sprint("Guest ", i))
		g, _ := visit(t, proxy, names[i])
		guests = append(guests, g)
	}
	for i, g := range guests {
		g.sees(names...)
		g.say(names[i] + " was here")
	}
	for _, g := range guests {
		for _, name := range names {
			g.hears(name, name+" was here")
		}
	}
}
