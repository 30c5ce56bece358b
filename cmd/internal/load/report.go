package load

// This file holds the report of a run: as JSON, and as a table.

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Percentiles are those that a report shows.
var Percentiles = []float64{50, 75, 90, 95, 99, 99.9, 99.99}

// Report says what came of a run.
type Report struct {
	URL         string         `json:"url"`
	Asked       int            `json:"connections_asked"`
	Connections int            `json:"connections"`
	Rate        float64        `json:"rate,omitempty"`      // messages a second that were asked for
	InFlight    int            `json:"in_flight,omitempty"` // messages under way on each connection, if no rate was
	Seconds     float64        `json:"seconds"`             // for which messages were sent
	Due         int            `json:"messages_due"`        // with those that could not be sent
	Sent        int            `json:"messages_sent"`
	Answered    int            `json:"messages_answered"`
	Unanswered  int            `json:"messages_unanswered"` // of those that were due
	Extra       int            `json:"messages_extra"`      // that answered none
	PerSecond   float64        `json:"answers_per_second"`
	BytesIn     uint64         `json:"bytes_in"`
	BytesOut    uint64         `json:"bytes_out"`
	Errors      map[string]int `json:"errors"`
	Latency     Latency        `json:"latency_us"`
	Connect     Latency        `json:"connect_us"` // of opening handshakes, from the name to the response
	Samples     []Sample       `json:"samples"`

	latencies *hdrhistogram.Histogram
}

// Latency is a distribution, in microseconds.
type Latency struct {
	Min         float64            `json:"min"`
	Mean        float64            `json:"mean"`
	Max         float64            `json:"max"`
	Percentiles map[string]float64 `json:"percentiles"`
}

// Sample is what was measured in about a second. Latencies are microseconds.
type Sample struct {
	At        float64 `json:"at_s"` // its end, since the first message
	PerSecond float64 `json:"answers_per_second"`
	Errors    int     `json:"errors"` // since the beginning
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	Max       float64 `json:"max_us"`
}

// report returns the report of a run that sent messages for so long.
func (r *run) report(lasted time.Duration) *Report {
	r.rec.sample() // what was recorded since the last one
	r.rec.mu.Lock()
	defer r.rec.mu.Unlock()
	t := r.rec.total
	report := &Report{
		URL: r.URL, Asked: r.Connections, Connections: len(r.clients), Rate: r.Rate, Seconds: lasted.Seconds(),
		Due: t.due, Sent: t.sent, Answered: t.answered, Unanswered: t.due - t.answered, Extra: t.extra, BytesIn: t.bytesIn, BytesOut: t.bytesOut,
		Errors: maps.Clone(r.rec.errors), Latency: distribution(r.rec.all), Connect: distribution(r.rec.dials),
		Samples: r.rec.samples, latencies: r.rec.all,
	}
	if r.Rate == 0 {
		report.InFlight = r.InFlight
	}
	if lasted > 0 {
		report.PerSecond = float64(t.answered) / lasted.Seconds()
	}
	return report
}

// distribution returns what a report says of a histogram.
func distribution(h *hdrhistogram.Histogram) Latency {
	l := Latency{Min: microseconds(h.Min()), Mean: h.Mean() / 1000, Max: microseconds(h.Max()), Percentiles: make(map[string]float64)}
	if h.TotalCount() == 0 {
		return Latency{Percentiles: l.Percentiles}
	}
	for _, p := range Percentiles {
		l.Percentiles[name(p)] = microseconds(h.ValueAtQuantile(p))
	}
	return l
}

func microseconds(ns int64) float64 { return float64(ns) / 1000 }

// name returns how a percentile is called: p99.9.
func name(percentile float64) string { return "p" + strconv.FormatFloat(percentile, 'f', -1, 64) }

// Print writes the report as a table.
func (r *Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	load := fmt.Sprintf("%g messages a second", r.Rate)
	if r.Rate == 0 {
		load = fmt.Sprintf("%d under way on each connection", r.InFlight)
	}
	fmt.Fprintf(t, "connections\t%d of %d\n", r.Connections, r.Asked)
	fmt.Fprintf(t, "load\t%s, for %.1f s\n", load, r.Seconds)
	fmt.Fprintf(t, "answers\t%d, %.0f a second\n", r.Answered, r.PerSecond)
	fmt.Fprintf(t, "bytes\t%d out, %d in\n", r.BytesOut, r.BytesIn)
	fmt.Fprintln(t, "\tlatency\tconnecting")
	row := func(name string, of func(Latency) float64) {
		fmt.Fprintf(t, "%s\t%s\t%s\n", name, Short(of(r.Latency)), Short(of(r.Connect)))
	}
	row("min", func(l Latency) float64 { return l.Min })
	row("mean", func(l Latency) float64 { return l.Mean })
	for _, p := range Percentiles {
		row(name(p), func(l Latency) float64 { return l.Percentiles[name(p)] })
	}
	row("max", func(l Latency) float64 { return l.Max })
	if r.Unanswered > 0 {
		fmt.Fprintf(t, "unanswered\t%d, of which %d could not be sent\n", r.Unanswered, r.Due-r.Sent)
	}
	if r.Extra > 0 {
		fmt.Fprintf(t, "no answers\t%d messages more than were sent: the server is no echo\n", r.Extra)
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Errors)) {
		fmt.Fprintf(t, "error\t%d × %s\n", r.Errors[kind], kind)
	}
	return t.Flush()
}

// Short returns microseconds with three digits and a unit.
func Short(us float64) string {
	switch {
	case us < 999.5:
		return fmt.Sprintf("%.3gµs", us)
	case us < 999.5e3:
		return fmt.Sprintf("%.3gms", us/1e3)
	default:
		return fmt.Sprintf("%.4gs", us/1e6)
	}
}
