package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// scrape returns the lines of /metrics that are of this example and are not zero, without the buckets of histograms.
func scrape(t *testing.T, client *http.Client, server string) []string {
	t.Helper()
	resp, err := client.Get(server + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^websocket_.*$`).FindAllString(string(body), -1)
	unwanted := regexp.MustCompile(`_bucket|_sum| 0$`)
	return slices.DeleteFunc(lines, func(line string) bool { return unwanted.MatchString(line) })
}

// TestScrape protects that the program has what Prometheus asks for.
func TestScrape(t *testing.T) {
	server := program.Start(t, "-addr", "localhost:0").URL()
	conn, _, err := websocket.Dial(t.Context(), server+"/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.Write(t.Context(), websocket.OpText, []byte("hello"))
	if _, err := conn.Read(t.Context()); err != nil { // the server knows the connection; a handshake alone does not say that
		t.Fatal(err)
	}
	if lines := scrape(t, http.DefaultClient, server); !slices.Contains(lines, "websocket_connections 1") {
		t.Errorf("%q", lines)
	}
}

// TestMetrics protects each metric but the round trip, which takes no time in a bubble: what two connections did, how they ended,
// and a refusal.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, stop := wstest.Serve(&http.Server{Handler: routes(prometheus.NewRegistry())})
		defer stop()
		client := &http.Client{Transport: &http.Transport{DialContext: d.DialContext}}
		defer client.CloseIdleConnections()
		const url = "ws://server.example/ws"
		var conns []*websocket.Conn
		for range 2 {
			conn, _, err := d.Dial(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			conn.Write(t.Context(), websocket.OpText, []byte("hello"))
			if _, err := conn.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
		}
		conns[1].CloseRead(context.Background())
		time.Sleep(time.Minute) // a ping, and its pong
		conns[1].Close(4321, "")
		d.Header = http.Header{"Origin": {"https://evil.example"}}
		if _, _, err := d.Dial(t.Context(), url); err == nil {
			t.Error("not refused")
		}
		synctest.Wait()
		got := scrape(t, client, "http://server.example")
		want := []string{
			`websocket_closed_total{by="peer",code="application"} 1`,
			`websocket_closed_total{by="us",code="1006"} 1`, // the other one answers no pings
			`websocket_messages_total{direction="in"} 2`,
			`websocket_messages_total{direction="out"} 2`,
			`websocket_payload_bytes_total{direction="in"} 10`,
			`websocket_payload_bytes_total{direction="out"} 10`,
			`websocket_refused_total{status="403"} 1`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
	})
}
