package load

// This file holds thresholds: what makes a run a failure.

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Threshold is a condition that a report must not meet, such as p99>50ms.
type Threshold struct {
	text     string
	name     string // of counted or latencies, or a percentile
	operator string
	limit    float64 // microseconds, or a number
	quantile float64 // 0 unless name is a percentile
}

var thresholdForm = regexp.MustCompile(`^\s*([a-z0-9.]+)\s*(<=|>=|<|>)\s*(\S+)\s*$`)

// ParseThreshold reads a threshold: a name, an operator (<, <=, > or >=) and a limit. The names are p and a percentile, min, mean and max,
// whose limit is a duration; errors, unanswered and connections, whose limit is a number; and rate, the answers a second.
func ParseThreshold(s string) (Threshold, error) {
	parts := thresholdForm.FindStringSubmatch(s)
	if parts == nil {
		return Threshold{}, fmt.Errorf("threshold %q: want a name, <, <=, > or >=, and a limit, such as p99>50ms", s)
	}
	t := Threshold{text: s, name: parts[1], operator: parts[2]}
	if _, counts := counted[t.name]; counts {
		n, err := strconv.ParseFloat(parts[3], 64)
		if err != nil {
			return t, fmt.Errorf("threshold %q: the limit is no number", s)
		}
		t.limit = n
		return t, nil
	}
	if _, latency := latencies[t.name]; !latency {
		q, err := strconv.ParseFloat(t.name[1:], 64)
		if t.name[0] != 'p' || err != nil || q <= 0 || q > 100 {
			return t, fmt.Errorf("threshold %q: there are p50 and the like, min, mean, max, rate, errors, unanswered and connections", s)
		}
		t.quantile = q
	}
	d, err := time.ParseDuration(parts[3])
	if err != nil {
		return t, fmt.Errorf("threshold %q: the limit is no duration, such as 50ms", s)
	}
	t.limit = float64(d) / float64(time.Microsecond)
	return t, nil
}

// Check returns an error if the report meets the condition.
func (t Threshold) Check(r *Report) error {
	if _, counts := counted[t.name]; !counts && r.latencies.TotalCount() == 0 {
		return fmt.Errorf("%s: no answer has come", t.text)
	}
	got, shown := t.value(r)
	met := false
	switch t.operator {
	case "<":
		met = got < t.limit
	case "<=":
		met = got <= t.limit
	case ">":
		met = got > t.limit
	case ">=":
		met = got >= t.limit
	}
	if met {
		return fmt.Errorf("%s: it is %s", t.text, shown)
	}
	return nil
}

// value returns what the condition is about, and how it is shown.
func (t Threshold) value(r *Report) (float64, string) {
	if count, ok := counted[t.name]; ok {
		n := count(r)
		return n, strconv.FormatFloat(n, 'f', -1, 64)
	}
	us := 0.
	if latency, ok := latencies[t.name]; ok {
		us = latency(r)
	} else {
		us = microseconds(r.latencies.ValueAtQuantile(t.quantile))
	}
	return us, Short(us)
}

// counted are the names whose limit is a number, and latencies those whose limit is a duration, beside the percentiles.
var (
	counted = map[string]func(*Report) float64{
		"errors":      func(r *Report) float64 { return float64(r.failures()) },
		"unanswered":  func(r *Report) float64 { return float64(r.Unanswered) },
		"connections": func(r *Report) float64 { return float64(r.Connections) },
		"rate":        func(r *Report) float64 { return r.PerSecond },
	}
	latencies = map[string]func(*Report) float64{
		"min":  func(r *Report) float64 { return r.Latency.Min },
		"mean": func(r *Report) float64 { return r.Latency.Mean },
		"max":  func(r *Report) float64 { return r.Latency.Max },
	}
)

// failures returns how many errors there were.
func (r *Report) failures() int {
	all := 0
	for _, n := range r.Errors {
		all += n
	}
	return all
}
