//go:build unix

package main

// This file tests ws load: its flags, its output and its exit status. What it measures is tested beside package load.

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/load"
)

// TestLoad protects that the figures are those of the server, and that thresholds decide about the exit status.
func TestLoad(t *testing.T) {
	p := serveProcess(t)
	svg := filepath.Join(t.TempDir(), "load.svg")
	o := run(t, "", "load", "-c", "3", "-rate", "300", "-duration", "500ms", "-size", "20", "-svg", svg, "-json", "-quiet", "-fail", "errors>0", "-compress", p.dialURL)
	var r load.Report
	if err := json.Unmarshal([]byte(o.out), &r); err != nil || o.status != exitOrdinary || o.said != "" {
		t.Fatalf("%v: %+v", err, o)
	}
	served := 0
	for range 3 {
		line := p.logged(t, "msg=closed .*code=1000")
		n := 0
		if m := regexp.MustCompile(`messages_in=(\d+) messages_out=(\d+)`).FindStringSubmatch(line); m == nil || m[1] != m[2] {
			t.Errorf("the server: %s", line)
		} else {
			json.Unmarshal([]byte(m[1]), &n)
		}
		served += n
	}
	if r.Connections != 3 || r.Due != 150 || r.Sent != 150 || r.Answered != 150 || served != 150 || r.Latency.Min <= 0 || r.Latency.Max < r.Latency.Percentiles["p50"] {
		t.Errorf("the server had %d messages: %s", served, o.out)
	}
	if b, err := os.ReadFile(svg); err != nil || xml.Unmarshal(b, new(struct{})) != nil {
		t.Errorf("%v: %s", err, b)
	}
	o = run(t, "", "load", "-inflight", "3", "-duration", "200ms", "-fail", "p50>1ns", "-fail", "errors>0", "-fail", "connections<11", p.dialURL)
	if o.status != exitFailed || !strings.Contains(o.said, "p50>1ns: it is ") || !strings.Contains(o.said, "connections<11: it is 10\n") ||
		strings.Contains(o.said, "errors") && !strings.Contains(o.said, " 0 errors") || !strings.HasPrefix(o.out, "connections  10 of 10\n") {
		t.Errorf("%+v", o)
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// TestLoadErrors protects that a load which cannot be is an error that says why.
func TestLoadErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "messages")
	if err := os.WriteFile(file, []byte("a\n\xff\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for flags, want := range map[string]string{
		"ws://127.0.0.1:1/":                   "3 error        10 × not connected: connection refused",
		"":                                    "2 takes one argument",
		"-c 0 ws://a/":                        "2 -c, -inflight",
		"-rate 1 -inflight 2 ws://a/":         "2 exclude each other",
		"-fail p99 ws://a/":                   `2 threshold "p99"`,
		"-file /none ws://a/":                 "1 /none",
		"-file /dev/null ws://a/":             "1 no message",
		"-file " + file + " ws://a/":          "1 message 2 of " + file,
		"-file " + file + " -hex ws://a/":     "1 message 1 of " + file,
		"-0 -hex -file " + file + " ws://a/":  "2 exclude one another",
		"-level hard -compress ws://a/":       "2 -level hard",
		"-svg /none/x -duration 1ms ws://a b": "2 takes one argument",
	} {
		o := run(t, "", append([]string{"load"}, strings.Fields(flags)...)...)
		if status, text, _ := strings.Cut(want, " "); string(rune('0'+o.status)) != status || !strings.Contains(o.said, text) {
			t.Errorf("%s: %+v, want %s", flags, o, want)
		}
	}
}

// TestFiller protects what is sent: of that size, and text where it shall be.
func TestFiller(t *testing.T) {
	for _, op := range []websocket.Opcode{websocket.OpText, websocket.OpBinary} {
		for _, size := range []int{0, 1, 125, 1000} {
			if data := filler(op, size); len(data) != size || op == websocket.OpText && strings.Trim(string(data), "0123456789abcdef") != "" {
				t.Errorf("%v %d: %q", op, size, data)
			}
		}
	}
}

// TestProgress protects the line that shows how a load goes, on a terminal and elsewhere.
func TestProgress(t *testing.T) {
	for live, want := range map[bool]string{
		false: "    2 s      1000 answers/s  p50 100µs    p99 2ms      max 1s       3 errors\n",
		true:  "    2 s      1000 answers/s  p50 100µs    p99 2ms      max 1s       3 errors\x1b[K\r\x1b[K",
	} {
		var b strings.Builder
		p := &progress{w: &b, live: live}
		p.show(load.Sample{At: 2.01, PerSecond: 1000, P50: 100, P99: 2000, Max: 1e6, Errors: 3})
		p.clear()
		if b.String() != want {
			t.Errorf("%q, want %q", b.String(), want)
		}
	}
}

// TestCompletion protects what shells complete from: a script for each, and the names that they ask for.
func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if o := run(t, "", "completion", shell); o.status != exitOrdinary || !strings.Contains(o.out, "--generate-shell-completion") || !strings.Contains(o.out, "ws") {
			t.Errorf("%s: %+v", shell, o)
		} else if shell == "bash" {
			check := exec.CommandContext(testContext(t), "bash", "-n")
			check.Stdin = strings.NewReader(o.out)
			if said, err := check.CombinedOutput(); err != nil {
				t.Errorf("bash: %v, %s", err, said)
			}
		}
	}
	for args, want := range map[string]string{"": "serve\ndial\nload\n", "dial --reco": "--reconnect", "serve --bro": "--broadcast"} {
		o := run(t, "", append(strings.Fields(args), "--generate-shell-completion")...)
		names := regexp.MustCompile(`(?m):.*$`).ReplaceAllString(o.out, "")
		if !strings.HasPrefix(names, want) || strings.Contains(o.out, "`") {
			t.Errorf("%s: %+v", args, o)
		}
	}
}

// TestVersion protects what ws version says of a release, of a commit, and of nothing.
func TestVersion(t *testing.T) {
	if o := run(t, "", "version"); o.status != exitOrdinary || !regexp.MustCompile(`^ws .*go1\..*\n$`).MatchString(o.out) {
		t.Errorf("%+v", o)
	}
	info := &debug.BuildInfo{GoVersion: "go1.25.0", Main: debug.Module{Version: "v1.2.3"}}
	if got := version(info, true); !strings.HasPrefix(got, "ws v1.2.3, go1.25.0, ") {
		t.Error(got)
	}
	info.Main.Version = "(devel)"
	info.Settings = []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}
	if got := version(info, true); !strings.HasPrefix(got, "ws of commit abc, changed, go1.25.0") {
		t.Error(got)
	}
	if got := version(nil, false); got != "ws of an unknown version" {
		t.Error(got)
	}
}
