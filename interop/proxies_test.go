package interop

// This file runs the configurations of docs/proxies.md: a client reaches a server of ours through each proxy.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// proxyServer is a proxy that is started with a configuration of the page.
type proxyServer struct {
	name string // of the fence

	// file is its whole configuration, with the page's part in it, for a directory and the address that it listens on.
	file func(page, dir, addr string) string

	// command is what runs it in the foreground.
	command func(file string) []string
}

var proxyServers = []proxyServer{
	{
		name: "nginx",
		file: func(page, dir, addr string) string {
			return fmt.Sprintf("daemon off;\nmaster_process off;\npid %[1]s/pid;\nerror_log stderr;\nevents {}\nhttp {\n"+
				"access_log off;\nclient_body_temp_path %[1]s/a;\nproxy_temp_path %[1]s/b;\nfastcgi_temp_path %[1]s/c;\n"+
				"uwsgi_temp_path %[1]s/d;\nscgi_temp_path %[1]s/e;\nserver {\nlisten %[2]s;\n%[3]s}\n}\n", dir, addr, page)
		},
		command: func(file string) []string { return []string{"nginx", "-c", file, "-e", "stderr"} },
	},
	{
		name:    "haproxy",
		file:    func(page, _, addr string) string { return strings.Replace(page, "127.0.0.1:8080", addr, 1) },
		command: func(file string) []string { return []string{"haproxy", "-db", "-f", file} },
	},
	{
		name: "apache",
		file: func(page, dir, addr string) string {
			var modules strings.Builder
			for _, m := range []string{"mpm_event", "authz_core", "proxy", "proxy_http"} {
				fmt.Fprintf(&modules, "LoadModule %s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", m)
			}
			return fmt.Sprintf("ServerRoot %[1]s\nServerName localhost\nUser daemon\nGroup daemon\nPidFile %[1]s/pid\nDefaultRuntimeDir %[1]s\nErrorLog /dev/stderr\n"+
				"Listen %[2]s\n%[3]s%[4]s", dir, addr, modules.String(), page)
		},
		command: func(file string) []string { return []string{"apache2", "-DFOREGROUND", "-f", file} },
	},
}

// TestProxies has a page's client talk to a server through each proxy: its origin is the server's, messages of all sizes,
// pings and the closing handshake pass. It also tries what the page says of configurations that lack a line.
func TestProxies(t *testing.T) {
	for _, p := range proxyServers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			addr, ended := p.start(ctx, t, nil, 0)
			testThroughProxy(ctx, t, addr, ended)
		})
	}
	for _, without := range []struct {
		proxy         string
		line, instead string
		status        int
	}{
		{"nginx", "proxy_set_header Host $http_host;", "", http.StatusForbidden},
		{"nginx", "$http_host", "$host", http.StatusForbidden},
		{"nginx", "proxy_set_header Upgrade $http_upgrade;", "", http.StatusBadRequest},
		{"nginx", `proxy_set_header Connection "upgrade";`, "", http.StatusBadRequest},
		{"nginx", "proxy_http_version 1.1;", "", http.StatusHTTPVersionNotSupported},
		{"apache", " upgrade=websocket", "", http.StatusBadRequest},
		{"apache", "ProxyPreserveHost On", "", http.StatusForbidden},
	} {
		t.Run(without.proxy+" without "+without.line, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			for _, p := range proxyServers {
				if p.name != without.proxy {
					continue
				}
				addr, _ := p.start(ctx, t, strings.NewReplacer(without.line, without.instead), 0)
				_, resp, err := pageDialer(addr).Dial(ctx, "ws://"+addr+"/ws")
				if err == nil || resp == nil || resp.StatusCode != without.status {
					t.Errorf("not %d: %v", without.status, err)
				}
			}
		})
	}
}

// TestProxiesAndSilence has each proxy cut a connection that is silent for a second, and keeps one by pings.
func TestProxiesAndSilence(t *testing.T) {
	for _, silence := range []struct {
		proxy string
		edits []string
	}{
		{"nginx", []string{"75s", "1s"}},
		{"haproxy", []string{"1h", "1s"}},
		{"haproxy", []string{"timeout tunnel 1h", "", "60s", "1s"}}, // then the others count
		{"apache", []string{"timeout=75", "timeout=1\nTimeout 1"}},  // the larger of the two counts
	} {
		for _, p := range proxyServers {
			if p.name != silence.proxy {
				continue
			}
			t.Run(p.name+" "+silence.edits[0], func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				addr, _ := p.start(ctx, t, strings.NewReplacer(silence.edits...), 0)
				conn, _, err := pageDialer(addr).Dial(ctx, "ws://"+addr+"/ws")
				if err != nil {
					t.Fatal(err)
				}
				defer conn.CloseNow()
				if _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusAbnormalClosure {
					t.Errorf("silent: %v", err)
				}

				addr, _ = p.start(ctx, t, strings.NewReplacer(silence.edits...), 100*time.Millisecond)
				pings := make(chan bool)
				d := pageDialer(addr)
				d.OnPing = func(*websocket.Conn, []byte) bool { pings <- true; return false }
				if conn, _, err = d.Dial(ctx, "ws://"+addr+"/ws"); err != nil {
					t.Fatal(err)
				}
				defer conn.CloseNow()
				conn.CloseRead(ctx)
				for range 20 { // two seconds
					select {
					case <-pings:
					case <-conn.Context().Done():
						t.Fatal("with pings: ", context.Cause(conn.Context()))
					}
				}
			})
		}
	}
}

// pageDialer dials as a page of the proxy's origin does.
func pageDialer(addr string) *websocket.Dialer {
	return &websocket.Dialer{Header: http.Header{"Origin": {"http://" + addr}}}
}

// testThroughProxy makes a connection and uses it. ended gets how it ended for the server.
func testThroughProxy(ctx context.Context, t *testing.T, addr string, ended <-chan error) {
	conn, _, err := pageDialer(addr).Dial(ctx, "ws://"+addr+"/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	for _, size := range []int{0, 1, 125, 126, 65536, 1 << 20} {
		sent := strings.Repeat("x", size)
		if err := conn.Write(ctx, websocket.OpText, []byte(sent)); err != nil {
			t.Fatal(err)
		}
		m, err := conn.Read(ctx)
		if err != nil || string(m.Data) != sent {
			t.Fatalf("%d bytes came back as %d: %v", size, len(m.Data), err)
		}
	}
	conn.CloseRead(ctx)
	if _, err := conn.Ping(ctx); err != nil {
		t.Error(err)
	}
	if err := conn.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		t.Error(err)
	}
	var end *websocket.CloseError
	if err := <-ended; !errors.As(err, &end) || end.Code != websocket.StatusNormalClosure || end.Reason != "bye" || end.Local {
		t.Errorf("the server saw %v", err)
	}
}

// start starts a server of ours, and the proxy before it with the page's configuration, changed by edit. It returns the
// proxy's address, and how connections end for the server.
func (p proxyServer) start(
	ctx context.Context, t *testing.T, edit *strings.Replacer, ping time.Duration,
) (addr string, ended <-chan error) {
	ends := make(chan error, 1)
	up := &websocket.Upgrader{Options: websocket.Options{PingInterval: ping}}
	server := httptest.NewServer(up.Handler(func(conn *websocket.Conn, _ *http.Request) {
		for msg, err := range conn.Messages(ctx) {
			if err != nil {
				ends <- err
				return
			}
			conn.Write(ctx, msg.Op, msg.Data)
		}
	}))
	t.Cleanup(server.Close)
	page, err := os.ReadFile("../docs/proxies.md")
	if err != nil {
		t.Fatal(err)
	}
	config := regexp.MustCompile("(?s)```" + p.name + "\n(.*?)```").FindSubmatch(page)
	if config == nil {
		t.Fatal("the page has no configuration")
	}
	text := strings.ReplaceAll(string(config[1]), "127.0.0.1:8081", server.Listener.Addr().String())
	if edit != nil {
		edited := edit.Replace(text)
		if edited == text {
			t.Fatal("nothing to leave out")
		}
		text = edited
	}
	dir := t.TempDir()
	// The proxies change users, who have to get at their files.
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		os.Chmod(d, 0o755)
	}
	addr = freeAddr(t)
	file := filepath.Join(dir, "proxy.conf")
	if err := os.WriteFile(file, []byte(p.file(text, dir, addr)), 0o644); err != nil {
		t.Fatal(err)
	}
	run(ctx, t, p.command(file), addr)
	return addr, ends
}

// run runs a program until the test ends, and returns when it listens.
func run(ctx context.Context, t *testing.T, command []string, addr string) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; .ci/run installs it", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Cancel()
		<-exited
		if t.Failed() {
			t.Log(output.String())
		}
	})
	for {
		nc, err := net.Dial("tcp", addr)
		if err == nil {
			nc.Close()
			return
		}
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("%s: %v", command[0], err)
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// freeAddr returns an address that nobody listened on a moment ago.
func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
