//go:build linux

package main

// This file holds what is made of the samples: ratios, verdicts, rows.

import (
	"fmt"

	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/stats"
)

// verdict is what a ratio means.
type verdict string

const (
	isSame   verdict = ""
	isWorse  verdict = "**worse**"
	isBetter verdict = "better"
	isNoise  verdict = "?" // the median is beyond the threshold, but not all of the spread
)

// result is how the sides compare in one metric.
type result struct {
	old, fresh       float64 // medians
	ratio, low, high float64 // of new to old: the median, and between what it lies
	verdict          verdict
}

// compare makes a result of what the sides showed.
func compare(s samples, m report.Metric, threshold float64) result {
	var v [2][]float64
	for i := range s {
		for _, sample := range s[i] {
			v[i] = append(v[i], sample[m])
		}
	}
	ratios := stats.Ratios(v[1], v[0])
	r := result{old: stats.Summarize(v[0]).Median, fresh: stats.Summarize(v[1]).Median, ratio: stats.Summarize(ratios).Median}
	r.low, r.high = stats.Interval(ratios)
	r.verdict = judge(r.ratio, r.low, r.high, threshold)
	return r
}

// judge says what a ratio that lies between two bounds means, for a threshold in percent.
func judge(ratio, low, high, threshold float64) verdict {
	worse := 1 + threshold/100
	switch {
	case low > worse:
		return isWorse
	case high < 1/worse:
		return isBetter
	case ratio > worse, ratio < 1/worse:
		return isNoise
	}
	return isSame
}

func header() []string {
	return []string{"benchmark", "metric", "old", "new", "new / old (spread)", ""}
}

// row is r for the table.
func (r result) row(name string, m report.Metric) []string {
	return []string{name, string(m), report.Number(r.old), report.Number(r.fresh), fmt.Sprintf("%.3f (%.3f-%.3f)", r.ratio, r.low, r.high), string(r.verdict)}
}
