package load

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// inBubble runs a load against a server in memory, in time that passes only when everything waits: all times are exact.
func inBubble(t *testing.T, c Config, handler func(*websocket.Conn, *http.Request), check func(*Report, error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var up websocket.Upgrader
		inBubbleWith(t, c, up.Handler(handler), check)
	})
}

func inBubbleWith(t *testing.T, c Config, handler http.Handler, check func(*Report, error)) {
	dialer, stop := wstest.Serve(&http.Server{Handler: handler})
	defer stop()
	c.Dialer, c.URL = dialer, "ws://server.example/"
	if c.Messages == nil {
		c.Messages = []websocket.Message{{Op: websocket.OpText, Data: []byte("hello")}}
	}
	if c.InFlight == 0 {
		c.InFlight = 1
	}
	check((&run{Config: &c, rec: newRecorder(), wait: pause}).run(t.Context()))
}

// counting echoes after a delay, and counts.
func counting(n *atomic.Int64, delay time.Duration) func(*websocket.Conn, *http.Request) {
	return func(conn *websocket.Conn, _ *http.Request) {
		for msg, err := range conn.Messages(context.Background()) {
			if err != nil {
				return
			}
			n.Add(1)
			time.Sleep(delay)
			conn.Write(context.Background(), msg.Op, msg.Data)
		}
	}
}

// near reports whether a histogram's value, which has three digits, is that time.
func near(us float64, want time.Duration) bool {
	return math.Abs(us*1000-float64(want)) <= float64(want)/500
}

// TestRate protects the figures of a load at a rate: all that is due is sent, the server has counted as many, and latencies are those
// of the server.
func TestRate(t *testing.T) {
	var n atomic.Int64
	c := Config{Connections: 7, Rate: 700, Duration: 2 * time.Second, Drain: time.Second}
	inBubble(t, c, counting(&n, 3*time.Millisecond), func(r *Report, err error) {
		if err != nil || r.Connections != 7 || r.Due != 1400 || r.Sent != 1400 || r.Answered != 1400 || r.Unanswered != 0 || n.Load() != 1400 {
			t.Errorf("%v, the server counted %d: %+v", err, n.Load(), r)
		}
		if !near(r.Latency.Min, 3*time.Millisecond) || r.Latency.Percentiles["p99"] > 5000 || math.Abs(r.PerSecond-700) > 1 || len(r.Errors) > 0 {
			t.Errorf("%+v, %g a second, %v", r.Latency, r.PerSecond, r.Errors)
		}
		if r.BytesIn < 1400*7 || r.BytesOut < 1400*11 || len(r.Samples) < 2 || math.Abs(r.Samples[0].PerSecond-700) > 10 {
			t.Errorf("%d and %d bytes, %+v", r.BytesIn, r.BytesOut, r.Samples)
		}
	})
}

// TestClosedLoop protects that each connection has so many messages under way, and no more.
func TestClosedLoop(t *testing.T) {
	var n atomic.Int64
	c := Config{Connections: 3, InFlight: 4, Duration: 995 * time.Millisecond, Drain: time.Second}
	inBubble(t, c, counting(&n, 10*time.Millisecond), func(r *Report, err error) {
		// The server takes 10 ms for each, one after the other: a connection has 99 answers in that time, and 4 under way.
		if err != nil || r.Answered != 3*(99+4) || n.Load() != 3*(99+4) || r.Unanswered != 0 {
			t.Errorf("%v, the server counted %d: %+v", err, n.Load(), r)
		}
		if !near(r.Latency.Percentiles["p50"], 40*time.Millisecond) || r.Latency.Min < 10e3 || r.Latency.Min > 11.1e3 { // it holds answers for a millisecond
			t.Errorf("%+v", r.Latency)
		}
	})
}

// TestCoordinatedOmission protects what a rate is for: a server that stops for a second makes all messages late that were due meanwhile,
// not only those that were under way.
func TestCoordinatedOmission(t *testing.T) {
	var n atomic.Int64
	stall := func(conn *websocket.Conn, _ *http.Request) {
		for msg, err := range conn.Messages(context.Background()) {
			if err != nil {
				return
			}
			if n.Add(1) == 1000 {
				time.Sleep(time.Second)
			}
			conn.Write(context.Background(), msg.Op, msg.Data)
		}
	}
	c := Config{Connections: 1, Rate: 1000, Duration: 4 * time.Second, Drain: 5 * time.Second}
	inBubble(t, c, stall, func(r *Report, err error) {
		// A quarter of all was due while it stopped, and has waited from 0 to 1 s, each as often.
		if err != nil || r.Answered != 4000 || !near(r.Latency.Percentiles["p95"], 800*time.Millisecond) || !near(r.Latency.Percentiles["p90"], 600*time.Millisecond) ||
			r.Latency.Percentiles["p75"] > 5000 {
			t.Errorf("%v: %d, %+v", err, r.Answered, r.Latency)
		}
	})
}

// TestUnanswered protects the report from hiding messages that are never answered, also those that could not even be sent.
func TestUnanswered(t *testing.T) {
	silent := func(conn *websocket.Conn, _ *http.Request) {
		conn.CloseRead(context.Background())
		<-conn.Context().Done()
	}
	c := Config{Connections: 2, Rate: 100, Duration: time.Second, Drain: 2 * time.Second}
	inBubble(t, c, silent, func(r *Report, err error) {
		if err != nil || r.Due != 100 || r.Sent != 100 || r.Answered != 0 || r.Unanswered != 100 || !near(r.Latency.Max, 3*time.Second) || r.Latency.Min < 2e6 {
			t.Errorf("%v: %+v", err, r)
		}
	})
	stuck := func(conn *websocket.Conn, _ *http.Request) { time.Sleep(6 * time.Second) }
	c.Messages = []websocket.Message{{Op: websocket.OpBinary, Data: make([]byte, 1<<20)}}
	c.Duration, c.Drain = 5*time.Second, 0
	inBubble(t, c, stuck, func(r *Report, err error) {
		if err != nil || r.Due != 500 || r.Sent == 500 || r.Unanswered != 500 || !near(r.Latency.Max, 5*time.Second) {
			t.Errorf("%v: %+v", err, r)
		}
	})
}

// TestErrors protects that errors are counted by kind, and that a run without a connection is one.
func TestErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up websocket.Upgrader
		requests := 0
		closing := up.Handler(func(conn *websocket.Conn, _ *http.Request) {
			conn.Read(context.Background())
			conn.Close(websocket.StatusInternalError, "for reasons of its own")
		})
		c := Config{Connections: 6, Ramp: 6 * time.Second, Rate: 10, Duration: 3 * time.Second}
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if requests++; requests%3 == 0 {
				http.Error(w, "no", http.StatusServiceUnavailable)
				return
			}
			closing.ServeHTTP(w, r)
		})
		inBubbleWith(t, c, handler, func(r *Report, err error) {
			if err != nil || r.Connections != 4 || r.Answered != 0 || len(r.Errors) != 2 || r.Errors["refused with 503"] != 2 ||
				r.Errors["closed with 1011 (internal error)"] != 4 || r.failures() != 6 {
				t.Errorf("%v: %+v", err, r)
			}
		})
	})
	synctest.Test(t, func(t *testing.T) {
		inBubbleWith(t, Config{Connections: 3, Duration: time.Second}, http.NotFoundHandler(), func(r *Report, err error) {
			if err != ErrNoConnection || r.Errors["refused with 404"] != 3 {
				t.Errorf("%v: %+v", err, r)
			}
		})
	})
}

// TestExtra protects the latencies from messages that answer none.
func TestExtra(t *testing.T) {
	twice := func(conn *websocket.Conn, _ *http.Request) {
		for msg, err := range conn.Messages(context.Background()) {
			if err != nil {
				return
			}
			conn.Write(context.Background(), msg.Op, msg.Data)
			conn.Write(context.Background(), msg.Op, msg.Data)
		}
	}
	c := Config{Connections: 1, Rate: 10, Duration: time.Second, Drain: time.Second}
	inBubble(t, c, twice, func(r *Report, err error) {
		if err != nil || r.Answered != 10 || r.Extra != 10 {
			t.Errorf("%v: %+v", err, r)
		}
	})
}

// TestMessages protects that the messages of a file take turns on each connection.
func TestMessages(t *testing.T) {
	var got [2]bytes.Buffer
	var n atomic.Int64
	note := func(conn *websocket.Conn, _ *http.Request) {
		b := &got[n.Add(1)-1]
		for msg, err := range conn.Messages(context.Background()) {
			if err != nil {
				return
			}
			b.Write(msg.Data)
			conn.Write(context.Background(), msg.Op, msg.Data)
		}
	}
	c := Config{Connections: 2, Rate: 100, Duration: 100 * time.Millisecond, Drain: time.Second}
	for _, s := range []string{"a", "b", "c"} {
		c.Messages = append(c.Messages, websocket.Message{Op: websocket.OpText, Data: []byte(s)})
	}
	inBubble(t, c, note, func(*Report, error) {})
	for _, b := range got {
		if s := b.String(); !strings.Contains("abcabcabc", s) || len(s) != 5 {
			t.Errorf("%q", s)
		}
	}
}

// sampleReport is a report to print and draw.
func sampleReport() *Report {
	r := &Report{
		URL: "ws://a/?b&c", Asked: 3, Connections: 2, Rate: 100, Seconds: 10, Due: 1001, Sent: 1000, Answered: 999, Unanswered: 2, Extra: 1,
		PerSecond: 99.9, Errors: map[string]int{"refused with 503": 1}, latencies: newHistogram(),
	}
	for i := range int64(1000) {
		r.latencies.RecordValue((i + 1) * 1_000_000)
	}
	r.Latency = distribution(r.latencies)
	for i := range 10 {
		r.Samples = append(r.Samples, Sample{At: float64(i + 1), PerSecond: 100, P50: 500e3, P99: 990e3})
	}
	return r
}

// TestReport protects the table and the JSON.
func TestReport(t *testing.T) {
	r := sampleReport()
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"connections  2 of 3\n", "load         100 messages a second, for 10.0 s\n", "answers      999, 100 a second\n",
		"             latency  connecting\n", "min          1ms      0µs\n", "p99.9        999ms    0µs\n", "max          1s       0µs\n",
		"unanswered   2, of which 1 could not be sent\n", "no answers   1 messages more", "error        1 × refused with 503\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	for line := range strings.Lines(out.String()) {
		if len([]rune(line)) > 81 {
			t.Errorf("more than 80 columns: %s", line)
		}
	}
	b, err := json.Marshal(r)
	if err != nil || !bytes.Contains(b, []byte(`"latency_us":{"min":999.936`)) || !bytes.Contains(b, []byte(`"p99.9":9`)) {
		t.Errorf("%s, %v", b, err)
	}
}

// TestChart protects that the chart is XML, whatever the report is, and has what it shows.
func TestChart(t *testing.T) {
	for _, r := range []*Report{sampleReport(), {latencies: newHistogram()}} {
		var out bytes.Buffer
		if err := r.Chart(&out); err != nil {
			t.Fatal(err)
		}
		lines := 0
		for d := xml.NewDecoder(&out); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "polyline" {
				lines++
			}
		}
		if lines != 4 {
			t.Errorf("%d lines", lines)
		}
	}
}

// TestTicks protects the grid of the chart: round numbers, few, up to the greatest value.
func TestTicks(t *testing.T) {
	for most, want := range map[float64][]float64{
		0: {0, 0.2, 0.4, 0.6, 0.8, 1}, 1: {0, 0.2, 0.4, 0.6, 0.8, 1}, 9: {0, 2, 4, 6, 8, 10}, 12: {0, 2, 4, 6, 8, 10, 12}, 30: {0, 5, 10, 15, 20, 25, 30}, 101: {0, 20, 40, 60, 80, 100, 120},
	} {
		got := ticksUpTo(most)
		same := len(got) == len(want)
		for i := range min(len(got), len(want)) {
			same = same && math.Abs(got[i]-want[i]) < 1e-9
		}
		if !same {
			t.Errorf("%g: %v, want %v", most, got, want)
		}
	}
}

// TestThresholds protects what fails a run, and what is no threshold.
func TestThresholds(t *testing.T) {
	r := sampleReport()
	for s, fails := range map[string]bool{
		"p50>499ms": true, "p50>510ms": false, "p99.9 >= 990ms": true, "max<1m": true, "max<1s": false, "mean>600ms": false, "min<=1ms": true,
		"errors>0": true, "errors>1": false, "unanswered>=2": true, "rate<100": true, "connections<2": false, "p12.5>124ms": true,
	} {
		threshold, err := ParseThreshold(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if err := threshold.Check(r); (err != nil) != fails || err != nil && !strings.HasPrefix(err.Error(), s+": it is ") {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"", "p99", "p99>", "p99>50", "p101>1s", "p>1s", "q99>1s", "p0>1s", "errors>1s", "p99=1s", "p99>x"} {
		if _, err := ParseThreshold(s); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
	threshold, _ := ParseThreshold("p99>1h")
	if err := threshold.Check(&Report{latencies: newHistogram()}); err == nil {
		t.Error("no answer at all is fast enough")
	}
}
