package load

// This file draws a report as an SVG: how latencies are distributed, and how they and the answers a second went over time.

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// The sizes of the drawing.
const (
	chartWidth  = 760
	panelHeight = 220
	marginLeft  = 70
	marginTop   = 44
	marginDown  = 46
)

const chartStyle = `<style>
svg { background: #fff; font: 12px system-ui, sans-serif; }
text { fill: #333; } .title { font-size: 14px; font-weight: 600; }
.grid { stroke: #ddd; } .a { stroke: #0072b2; fill: none; stroke-width: 2; } .b { stroke: #d55e00; fill: none; stroke-width: 2; }
.ta { fill: #0072b2; } .tb { fill: #d55e00; }
@media (prefers-color-scheme: dark) {
svg { background: #14171a; } text { fill: #e4e7ea; } .grid { stroke: #363d45; }
.a { stroke: #7db4ff; } .b { stroke: #ff9e5e; } .ta { fill: #7db4ff; } .tb { fill: #ff9e5e; } }
</style>
`

// Chart draws the report.
func (r *Report) Chart(w io.Writer) error {
	var b strings.Builder
	height := 3 * (panelHeight + marginTop + marginDown)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", chartWidth, height, chartWidth, height)
	fmt.Fprintf(&b, "<title>ws load %s</title>\n%s", html.EscapeString(r.URL), chartStyle)
	r.drawPercentiles(&b)
	p50, p99, rate := make([]point, 0, len(r.Samples)), make([]point, 0, len(r.Samples)), make([]point, 0, len(r.Samples))
	for _, s := range r.Samples {
		rate = append(rate, point{s.At, s.PerSecond})
		if s.PerSecond > 0 {
			p50, p99 = append(p50, point{s.At, s.P50}), append(p99, point{s.At, s.P99})
		}
	}
	seconds := ticksUpTo(lastX(rate))
	plain := func(v float64) string { return fmt.Sprintf("%g", v) }
	over := panel{top: panelHeight + marginTop + marginDown, title: "Latency over time: p50 and p99", xs: seconds, ys: ticksUpTo(highest(p99)), xName: "seconds", x: plain, y: Short}
	over.draw(&b, line{"a", "p50", p50}, line{"b", "p99", p99})
	answers := panel{top: 2 * over.top, title: "Answers a second", xs: seconds, ys: ticksUpTo(highest(rate)), xName: "seconds", x: plain, y: plain}
	answers.draw(&b, line{"a", "", rate})
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// drawPercentiles draws latencies over percentiles, on a scale on which each further nine takes as much room.
func (r *Report) drawPercentiles(b *strings.Builder) {
	var points []point
	for nines := 0.; nines <= 4; nines += 0.05 {
		points = append(points, point{nines, microseconds(r.latencies.ValueAtQuantile(100 * (1 - math.Pow(10, -nines))))})
	}
	p := panel{
		title: "Latency by percentile", xs: []float64{0, 1, 2, 3, 4}, ys: ticksUpTo(highest(points)), xName: "percentile", y: Short,
		x: func(nines float64) string { return []string{"0", "90", "99", "99.9", "99.99"}[int(nines)] },
	}
	p.draw(b, line{"a", "", points})
}

type point struct{ x, y float64 }

// line is a line of a panel, with the class of its style and its name.
type line struct {
	class, name string
	points      []point
}

// panel is a coordinate system.
type panel struct {
	top    int
	title  string
	xName  string
	xs, ys []float64 // where the grid is; the last is the end
	x, y   func(float64) string
}

// draw draws the panel with its lines.
func (p panel) draw(b *strings.Builder, lines ...line) {
	left, right, top := float64(marginLeft), float64(chartWidth-20), float64(p.top+marginTop)
	bottom := top + panelHeight
	x := func(v float64) float64 { return left + (right-left)*v/p.xs[len(p.xs)-1] }
	y := func(v float64) float64 { return bottom - panelHeight*v/p.ys[len(p.ys)-1] }
	fmt.Fprintf(b, `<text class="title" x="%g" y="%g">%s</text>`+"\n", left, top-18, p.title)
	for _, v := range p.xs {
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" y1="%g" x2="%.1f" y2="%g"/><text x="%.1f" y="%g" text-anchor="middle">%s</text>`+"\n",
			x(v), top, x(v), bottom, x(v), bottom+16, p.x(v))
	}
	for _, v := range p.ys {
		fmt.Fprintf(b, `<line class="grid" x1="%g" y1="%.1f" x2="%g" y2="%.1f"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, y(v), right, y(v), left-6, y(v)+4, p.y(v))
	}
	fmt.Fprintf(b, `<text x="%g" y="%g" text-anchor="end">%s</text>`+"\n", right, bottom+32, p.xName)
	for i, l := range lines {
		if l.name != "" {
			fmt.Fprintf(b, `<text class="t%s" x="%g" y="%g" text-anchor="end">%s</text>`+"\n", l.class, right-40*float64(len(lines)-1-i), top-18, l.name)
		}
		fmt.Fprintf(b, `<polyline class="%s" points="`, l.class)
		for _, at := range l.points {
			fmt.Fprintf(b, "%.1f,%.1f ", x(at.x), y(at.y))
		}
		b.WriteString(`"/>` + "\n")
	}
}

// ticksUpTo returns round numbers from 0 to one that is not less than most.
func ticksUpTo(most float64) []float64 {
	if most <= 0 {
		most = 1
	}
	power := math.Pow(10, math.Floor(math.Log10(most)))
	step := power / 5
	for _, part := range []float64{2, 1, 0.5} { // no more steps than needed, but more than three
		if most/(part*power) > 3 {
			step = part * power
			break
		}
	}
	ticks := []float64{0}
	for ticks[len(ticks)-1] < most {
		ticks = append(ticks, step*float64(len(ticks)))
	}
	return ticks
}

func highest(points []point) float64 {
	most := 0.
	for _, p := range points {
		most = max(most, p.y)
	}
	return most
}

func lastX(points []point) float64 {
	if len(points) == 0 {
		return 1
	}
	return points[len(points)-1].x
}
