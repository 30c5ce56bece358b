package newer

// This file starts HAProxy, which makes streams of HTTP/2 of the opening handshakes of HTTP/1.1 that it gets (RFC 8441).

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// haproxyConfig is its configuration, for what follows the listening socket, the address of the server, and what follows that.
const haproxyConfig = `defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h

frontend web
    bind fd@3 %s
    default_backend app

backend app
    server app %s proto h2 ws h2 %s
`

// newHAProxy returns the URL of an HAProxy in front of w.
func newHAProxy(t *testing.T, w *world) string {
	t.Helper()
	return "ws://" + startHAProxy(t, w, "")
}

// newHAProxyTLS is newHAProxy with TLS for clients, and the certificate of somebody.
func newHAProxyTLS(t *testing.T, w *world) string {
	t.Helper()
	somebody := httptest.NewTLSServer(nil)
	defer somebody.Close()
	certificate := somebody.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	file := filepath.Join(t.TempDir(), "haproxy.pem")
	if err := os.WriteFile(file, both, 0o600); err != nil {
		t.Fatal(err)
	}
	return "wss://" + startHAProxy(t, w, "ssl alpn h2,http/1.1 crt "+file)
}

// startHAProxy starts an HAProxy in front of w, and returns its address. It is given its listening socket, so that nobody has to wait for it.
func startHAProxy(t *testing.T, w *world, bind string) string {
	t.Helper()
	secured := "ssl verify none alpn h2"
	if w.TLS == nil {
		secured = ""
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	config := fmt.Sprintf(haproxyConfig, bind, w.Listener.Addr(), secured)
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	var output bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "haproxy", "-db", "-f", file)
	cmd.ExtraFiles = []*os.File{socket}
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; .ci/run installs it", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
	return l.Addr().String()
}
