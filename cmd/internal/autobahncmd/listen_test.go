package autobahncmd

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/autobahn"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// TestPlan: what a specification of the original says of addresses, and what flags have to say to it.
func TestPlan(t *testing.T) {
	dir := t.TempDir()
	for i, tt := range []struct {
		spec  string // "": none
		flags []string
		want  string // address, cert, page
		err   string
	}{
		{"", nil, "127.0.0.1:9001  ", ""},
		{"", []string{"-listen", "127.0.0.1:0", "-web", "127.0.0.1:0"}, "127.0.0.1:0  127.0.0.1:0", ""},
		{`{}`, nil, ":9001  :8080", ""},
		{`{}`, []string{"-web", ""}, ":9001  ", ""},
		{`{"webport": 8081}`, []string{"-web", "127.0.0.1:8082"}, ":9001  127.0.0.1:8082", ""},
		{`{"url": "ws://127.0.0.1:9002"}`, nil, ":9002  :8080", ""},
		{`{"url": "ws://fuzzingserver:9001", "webport": 8081}`, nil, ":9001  :8081", ""},
		{`{"url": "ws://fuzzingserver:9001"}`, []string{"-listen", "127.0.0.1:9003"}, "127.0.0.1:9003  127.0.0.1:8080", ""},
		{`{"url": "ws://fuzzingserver:9001", "webport": 0}`, nil, ":9001  ", ""},
		{`{"url": "wss://x:9001", "key": "k", "cert": "c", "webport": 0}`, nil, ":9001 c ", ""},
		{`{"url": "ws://x:9001", "key": "k", "cert": "c", "webport": 0}`, nil, ":9001  ", ""},
		{`{"url": "wss://x:9001", "key": "k", "cert": "c", "webport": 0}`, []string{"-cert", "d", "-key", "l"}, ":9001 d ", ""},
		{`{"url": "wss://x:9001"}`, nil, "", "names no cert and key"},
		{`{"url": "ws://x"}`, nil, "", "has no port"},
		{`{"url": "http://x:1"}`, nil, "", "neither"},
		{"", []string{"-cert", "c"}, "", "needs a certificate and its key"},
	} {
		flags := tt.flags
		if tt.spec != "" {
			flags = append([]string{"-spec", write(t, filepath.Join(dir, fmt.Sprint(i)), tt.spec)}, flags...)
		}
		p, err := planOf(t, flags...)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s %q: %v", tt.spec, tt.flags, err)
			}
			continue
		}
		if got := p.address + " " + p.cert + " " + p.web; err != nil || got != tt.want {
			t.Errorf("%s %q: %q, %v", tt.spec, tt.flags, got, err)
		}
	}
}

// certificate writes a certificate for 127.0.0.1 and its key.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert = write(t, filepath.Join(dir, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	key = write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})))
	return cert, key
}

func echo(ctx context.Context, conn *websocket.Conn) {
	for msg, err := range conn.Messages(ctx) {
		if err != nil || conn.Write(ctx, msg.Op, msg.Data) != nil {
			return
		}
	}
}

// echoServer is the URL of a server that echoes.
func echoServer(t *testing.T) string {
	t.Helper()
	u := &websocket.Upgrader{}
	server := httptest.NewServer(u.Handler(func(conn *websocket.Conn, _ *http.Request) { echo(conn.Context(), conn) }))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// TestSecureServer: a fuzzing server whose specification says wss tests a client over TLS, with the key and the
// certificate that it names, and has the page and the reports at its webport.
func TestSecureServer(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	reports := filepath.Join(dir, "reports")
	spec := write(t, filepath.Join(dir, "fuzzingserver.json"), fmt.Sprintf(
		`{"url": "wss://fuzzingserver:9001", "cert": %q, "key": %q, "outdir": %q, "cases": ["1.1.*", "7.7.1"]}`, cert, key, reports))
	p, err := planOf(t, "-spec", spec, "-listen", "127.0.0.1:0", "-web", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.listen()
	if err != nil {
		t.Fatal(err)
	}
	page, err := p.serveWeb(t.Context(), l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	s := &autobahn.FuzzingServer{Spec: p.spec, WriteReports: func(r *autobahn.Report) error { return writeReports(r, p.spec.Outdir) }}
	go func() {
		d := websocket.Dialer{TLS: &tls.Config{InsecureSkipVerify: true}, Options: websocket.Options{Compression: &compress.Options{}}}
		for _, path := range []string{
			"/runCase?case=1&agent=a", "/runCase?case=2&agent=a", "/runCase?case=9&agent=a", "/updateReports?agent=a", "/stopServer",
		} {
			conn, _, err := d.Dial(t.Context(), "wss://"+l.Addr().String()+path)
			if err != nil {
				t.Error(err)
				l.Close()
				return
			}
			echo(t.Context(), conn)
			conn.Close(websocket.StatusNormalClosure, "")
		}
	}()
	report, err := s.Serve(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	if results := report.Results("a"); len(results) != 3 || results[0].Behavior != autobahn.OK || results[2].ID != "7.7.1" || results[2].Behavior != autobahn.OK {
		t.Errorf("%d results", len(results))
	}
	for path, want := range map[string]string{
		"/": `"wss:" + '//'`, "/cwd/reports/clients/index.json": `"7.7.1": {`, "/cwd/reports/clients/index.html": "7.7.1",
		"/cwd/reports/clients/../../../key.pem": "404", "/elsewhere": "404",
	} {
		resp, err := http.Get("http://" + page + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !strings.Contains(string(b), want) {
			t.Errorf("%s: %s %.300s", path, resp.Status, b)
		}
	}
}

// TestSecureClient: a fuzzing client tests a server over TLS. As the original it takes any certificate if a specification
// tells it what to do, and else only one that can be verified.
func TestSecureClient(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	u := &websocket.Upgrader{}
	server := &http.Server{ErrorLog: nil, Handler: u.Handler(func(conn *websocket.Conn, _ *http.Request) { echo(conn.Context(), conn) })}
	defer server.Close()
	go server.Serve(l)
	url := "wss://" + l.Addr().String()
	spec := write(t, filepath.Join(dir, "fuzzingclient.json"), fmt.Sprintf(`{"outdir": %q, "servers": [{"url": %q}], "cases": ["1.1.*"]}`, filepath.Join(dir, "r"), url))
	for _, tt := range []struct {
		args   []string
		status int
	}{
		{[]string{"-spec", spec}, 0},
		{[]string{"-spec", spec, "-insecure=false"}, 1},
		{[]string{"-cases", "1.1.1", url}, 1},
		{[]string{"-cases", "1.1.1", "-insecure", url}, 0},
	} {
		if _, message, status := command(t, append([]string{"client", "-quiet"}, tt.args...)...); status != tt.status || tt.status == 1 && !strings.Contains(message, "certificate") {
			t.Errorf("%q: status %d, %s", tt.args, status, message)
		}
	}
}
