package interop

import (
	"context"
	"net/http"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/chromium"
)

// TestRefusedInBrowser protects what docs/browser-403-1006.md says: a page is not told why its handshake was refused.
func TestRefusedInBrowser(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	t.Cleanup(cancel)
	echo := startServe(ctx, t, buildTool(ctx, t))
	b := chromium.Start(ctx, t)
	mux := http.NewServeMux() // all else is 404
	refused := make(chan int, 1)
	up := &websocket.Upgrader{OnRefuse: func(_ *http.Request, err *websocket.HandshakeError) { refused <- err.Status }}
	mux.Handle("/origin", up.Handler(func(*websocket.Conn, *http.Request) {}))
	mux.HandleFunc("/user", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	url := serveHTTP(t, mux)
	for _, url := range []string{url + "/origin", url + "/user", url + "/nothing"} {
		t.Run(url, func(t *testing.T) {
			tab := open(ctx, t, b, "http://"+echo.host+"/")
			tab.Set("url", url)
			tab.Click("#connect")
			tab.waitForEntry("bad", "close", "1006", "not clean")
		})
	}
	if status := <-refused; status != http.StatusForbidden {
		t.Error(status)
	}
}
